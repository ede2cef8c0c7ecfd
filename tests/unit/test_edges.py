"""What happens at the edges of small functions: wrong types, broken installations, signers that misbehave."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import date

import pytest

import astore_sdk._flows
from astore_sdk import Client, ConflictError, InvalidInputError, ObjectList, ResponseDecodeError, testing
from astore_sdk._core.flow import Steps, Tell, Work
from astore_sdk._flows.signers import KeyHolder
from astore_sdk._flows.signing import statement
from astore_sdk._sigstore import spki_der
from astore_sdk._wire.convert import model
from astore_sdk.cli import main, serve
from astore_sdk.supplychain import generate_key
from astore_sdk.supplychain.sbom import read_marker
from astore_sdk.supplychain.strict_json import canonical_json


def test_a_module_that_is_not_there() -> None:
    with pytest.raises(AttributeError, match="nothing"):
        astore_sdk._flows.nothing  # noqa: B018 - looking it up is the test


def test_what_is_no_key() -> None:
    with pytest.raises(ValueError, match="PEM"):
        spki_der("no key")


def test_what_is_no_sbom() -> None:
    with pytest.raises(TypeError, match="not bytes"):
        read_marker(b"{}")
    with pytest.raises(InvalidInputError, match="no object"):
        read_marker("[]")


def nested() -> list[object]:
    whole: list[object] = []
    for _ in range(100_000):
        whole = [whole]
    return whole


def test_what_is_nested_too_deeply_is_not_signed() -> None:
    deep = nested()
    try:
        with pytest.raises(ValueError, match="nested"):
            canonical_json(deep)
    finally:
        while deep:  # or freeing it would need as deep a stack
            deep = deep.pop()


def test_what_cannot_be_json_is_not_signed() -> None:
    with pytest.raises(InvalidInputError, match="JSON"):
        statement("bucket", "key", f"sha256:{'0' * 64}", "https://example.org/v1", {"a": object()})


def test_a_signer_whose_signature_is_no_bytes() -> None:
    class Odd:
        def public_key(self) -> str:
            return generate_key().public_key().pem

        def sign_digest(self, _digest: bytes) -> str:
            return "signature"

    def carried_out(steps: Steps[object]) -> Iterator[object]:
        outcome: object = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as stop:
                return stop.value
            assert isinstance(step, Work | Tell)
            outcome = step.call()

    signer = carried_out(KeyHolder(Odd(), None, "sign_with").open(awaits=False))
    with pytest.raises(TypeError, match="not str"):
        carried_out(signer.sign_message(b"message"))


def test_a_broken_installation_is_no_missing_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: object) -> int:
        raise ModuleNotFoundError("no such module", name="astore_sdk.lost")

    monkeypatch.setattr(serve, "run", broken)
    with pytest.raises(ModuleNotFoundError):
        main(["serve"])


def test_a_record_without_what_it_needs() -> None:
    class Kind:
        @classmethod
        def from_dict(cls, record: dict[str, object]) -> object:
            return record["key"]

    with pytest.raises(ResponseDecodeError, match="no key"):
        model(Kind, {})


def test_a_record_that_is_none_of_its_kind() -> None:
    """Generated models raise whatever reading a date or a list raises, where the document says that it must be there."""

    class Kind:
        @classmethod
        def from_dict(cls, record: dict[str, str]) -> object:
            return date.fromisoformat(record["created"])

    with pytest.raises(ResponseDecodeError, match="not what the contract says"):
        model(Kind, {"created": "some day"})


class Busy(Client):
    """A client of a store to which something still arrives, for a while or for ever."""

    def __init__(self, arrives: int) -> None:
        self.arrives = arrives

    def iter_objects(self, _bucket: str) -> Iterator[object]:
        return iter(ObjectList().objects)

    def delete_objects(self, _bucket: str, keys: object) -> None:
        assert keys == []

    def delete_bucket(self, _bucket: str) -> None:
        self.arrives -= 1
        if self.arrives >= 0:
            raise ConflictError("not empty")


def test_the_fixture_waits_for_what_still_arrives() -> None:
    busy = Busy(3)
    testing._remove(busy, "bucket")
    assert busy.arrives == -1
    with pytest.raises(ConflictError):
        testing._remove(Busy(1000), "bucket")
