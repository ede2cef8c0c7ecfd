"""Faults on request, for tests of clients: a store that was started with faults misbehaves as it is told.

A fault is queued (`Faults.add`, or `POST /faults` with the fault as JSON) and met by the next requests that match it,
or it comes with one request in the header `x-astore-fault`, as `name=value` pairs between semicolons:

    x-astore-fault: delay=0.5; status=503; retry-after=1

The names are those of `Fault` with hyphens; a name alone means yes. `GET /faults` lists what is still queued and
`DELETE /faults` forgets it.
"""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, get_type_hints

import attrs
from attrs import field, frozen, validators

from astore_sdk.server.problems import Problem

if TYPE_CHECKING:
    from astore_sdk.server.asgi import JsonValue

FAULT_HEADER = "x-astore-fault"
_AT_LEAST_0 = validators.optional(validators.ge(0))


@frozen(kw_only=True)
class Fault:
    """What shall go wrong, and for which requests.

    A request matches when it agrees with all of `operation` (an operationId of the contract), `method`, `bucket` and
    `key` that are given. The first `skip` matching requests are spared, the next `times` are not. Sizes are bytes.
    """

    operation: str | None = None
    method: str | None = None
    bucket: str | None = None
    key: str | None = None
    times: int = field(default=1, validator=validators.ge(1))
    skip: int = field(default=0, validator=validators.ge(0))

    delay: float = field(default=0.0, validator=validators.ge(0))
    """Seconds before anything else happens."""
    status: int | None = field(default=None, validator=validators.optional([validators.ge(200), validators.le(599)]))
    """Answer with this status and do nothing."""
    retry_after: str | None = None
    """`Retry-After` of that answer."""
    body: str | None = None
    """Body of that answer, instead of a problem document."""
    content_type: str = "text/html"
    """Media type of `body`."""
    drop_before: bool = False
    """Do nothing and close the connection without an answer."""
    drop_upload_after: int | None = field(default=None, validator=_AT_LEAST_0)
    """Read this much of the request's body, then close the connection; nothing is stored."""
    lose_answer: bool = False
    """Do all that was asked and close the connection without an answer."""
    drop_after: int | None = field(default=None, validator=_AT_LEAST_0)
    """Close the connection after this much of the answer's body."""
    stall_before: bool = False
    """Do nothing and never answer."""
    stall_after: int | None = field(default=None, validator=_AT_LEAST_0)
    """Send this much of the answer's body, then nothing more."""
    corrupt: bool = False
    """Change one bit in the answer's body; for an object, its middle one."""
    reset: bool = False
    """Where the connection is closed, close it hard (RST)."""

    @property
    def spoils_body(self) -> bool:
        """Whether the answer's body does not go out as it is."""
        return self.corrupt or self.drop_after is not None or self.stall_after is not None

    def matches(self, operation: str, method: str, bucket: str, key: str) -> bool:
        """Whether a request is meant."""
        return (
            self.operation in {None, operation}
            and self.method in {None, method}
            and self.bucket in {None, bucket}
            and self.key in {None, key}
        )


class Faults:
    """The faults that are queued. Safe to use from any thread."""

    def __init__(self) -> None:
        self._lock = threading.Lock()
        self._queued: list[Fault] = []

    def add(self, fault: Fault) -> None:
        """Queue a fault; of several that match a request, the one queued first is met."""
        with self._lock:
            self._queued.append(fault)

    def clear(self) -> None:
        """Forget all faults."""
        with self._lock:
            self._queued.clear()

    def pending(self) -> list[Fault]:
        """List the faults that are still queued, with what is left of `skip` and `times`."""
        with self._lock:
            return list(self._queued)

    def take(self, operation: str, method: str, bucket: str, key: str) -> Fault | None:
        """Give the fault that a request meets, and count it."""
        with self._lock:
            for place, fault in enumerate(self._queued):
                if not fault.matches(operation, method, bucket, key):
                    continue
                if fault.skip:
                    self._queued[place] = attrs.evolve(fault, skip=fault.skip - 1)
                    continue
                if fault.times > 1:
                    self._queued[place] = attrs.evolve(fault, times=fault.times - 1)
                else:
                    del self._queued[place]
                return fault
        return None


def fault_from_json(value: JsonValue) -> Fault:
    """Read a fault from the JSON object that `POST /faults` carries."""
    if not isinstance(value, dict):
        raise Problem("InvalidRequest", "A fault is a JSON object.")
    return _fault({name.replace("-", "_"): member for name, member in value.items()})


def fault_from_header(text: str) -> Fault:
    """Read a fault from the value of `x-astore-fault`."""
    kinds = get_type_hints(Fault)
    members: dict[str, JsonValue] = {}
    for pair in filter(None, (piece.strip() for piece in text.split(";"))):
        name, equals, value = pair.partition("=")
        name = name.strip().replace("-", "_")
        kind = str(kinds.get(name))
        try:
            if not equals:
                members[name] = True
            elif "int" in kind:
                members[name] = int(value)
            elif "float" in kind:
                members[name] = float(value)
            else:
                members[name] = value.strip()
        except ValueError as error:
            raise Problem("InvalidArgument", f"'{name}' of the fault is a number.") from error
    return _fault(members)


def fault_to_json(fault: Fault) -> JsonValue:
    """Write a fault as JSON, without what is at its default."""
    return {
        attribute.name.replace("_", "-"): getattr(fault, attribute.name)
        for attribute in attrs.fields(Fault)
        if getattr(fault, attribute.name) != attribute.default
    }


def _fault(members: dict[str, JsonValue]) -> Fault:
    kinds = get_type_hints(Fault)
    for name, value in members.items():
        if name not in kinds:
            raise Problem("InvalidArgument", f"A fault has no '{name}'.")
        # JSON writes 1.0 seconds as 1.
        if kinds[name] is float and isinstance(value, int) and not isinstance(value, bool):
            continue
        # To Python a yes is a number as well, but nobody means it as one.
        is_stray_yes = isinstance(value, bool) and kinds[name] is not bool
        if is_stray_yes or not isinstance(value, kinds[name]):
            raise Problem("InvalidArgument", f"'{name}' of the fault has the wrong type.")
    try:
        return Fault(**members)  # type: ignore[arg-type]  # the types were compared just now
    except ValueError as error:
        raise Problem("InvalidArgument", f"A fault cannot be that: {error.args[0]}") from error
