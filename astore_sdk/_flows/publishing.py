"""Publishing: an artifact with everything that proves it, in one call that can be repeated."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from pathlib import Path
from typing import cast

from attrs import define, field

from .._core.flow import Steps, work
from .._core.perform import perform
from .._operations import objects, supply_chain
from .._operations.records import ATTESTATIONS, SBOMS, SIGNATURES
from .._transfers.digest import RunningDigest
from .._transfers.download.one_object import hashing
from .._transfers.plan import MAX_SIZE
from .._transfers.progress import check_callback
from .._transfers.upload.body import SourceBody
from .._transfers.upload.one_object import upload
from .._transfers.upload.source import Feed, Source, open_data
from .._wire.convert import Listed
from .._wire.names import check_bucket, check_key
from ..config import Settings
from ..exceptions import ArtifactStoreError, NotFoundError, SourceChangedError
from ..models import Attestation, MalformedRecord, Object, Publication, Sbom, Signature
from ..supplychain.artifacts import check_artifact
from ..supplychain.dsse import EnvelopeError, open_envelope, signers_of
from ..supplychain.keys import check_signs_digests
from ..supplychain.statements import PAYLOAD_TYPE
from ..supplychain.trust import Trust
from ..supplychain.verifying import check_signatures
from ..supplychain.wording import first_few
from ..types import AsyncData, ProgressCallback
from .documents import Document, Promise, promised, read_document
from .records import ObjectRecords
from .signers import KeyHolder, OpenSigner
from .signing import attach_signature, attach_statement, carries, statement


def publish(
    settings: Settings,
    bucket: str,
    key: str,
    data: AsyncData,
    holder: KeyHolder,
    *,
    awaits: bool,
    sbom: Path | str | bytes | None,
    attest: Mapping[str, Mapping[str, object]] | None,
    content_type: str | None,
    metadata: Mapping[str, str | None] | None,
    progress_callback: ProgressCallback | None,
) -> Steps[Publication]:
    """Store data and sign them, with an SBOM and attestations. What is there already is left as it is."""
    check_bucket(bucket)
    check_key(key)
    objects.described(content_type, metadata)
    check_callback(progress_callback)
    document = (yield from work(partial(read_document, sbom))) if sbom is not None else None
    if document:
        supply_chain.attach_sbom(bucket, key, document.marker.format, document.content, content_type=document.marker.media_type)
    promises = promised(bucket, key, document, attest or {})
    signer = yield from holder.open(awaits=awaits)
    check_signs_digests(signer.public_key, holder.name)
    task = Publishing(settings, bucket, key, signer)
    try:
        stored = yield from task.store(
            data, awaits=awaits, content_type=content_type, metadata=metadata, progress_callback=progress_callback
        )
        signature = yield from task.sign()
        attached = (yield from task.attach(document)) if document else None
        attestations = yield from task.attest(promises)
    except GeneratorExit:
        raise
    except BaseException as error:
        task.explain(error)
        raise
    return Publication(stored, signature, attached, attestations)


@define
class Wanted:
    """A statement to sign, or the record that has it already."""

    promise: Promise
    payload: bytes
    found: Attestation | None = None


@define
class Publishing:
    """One artifact on its way into the store, with its records."""

    settings: Settings
    bucket: str
    key: str
    signer: OpenSigner
    digest: str = field(default="", init=False)
    done: list[str] = field(factory=list[str], init=False)

    def store(
        self,
        data: AsyncData,
        *,
        awaits: bool,
        content_type: str | None,
        metadata: Mapping[str, str | None] | None,
        progress_callback: ProgressCallback | None,
    ) -> Steps[Object]:
        """Hash the data, and store them unless they are there. What can be read only once goes through a temporary file."""
        opened = yield from work(partial(open_data, data, None, awaits=awaits))
        source: Source | None = None
        try:
            source = (yield from opened.take(MAX_SIZE + 1)) if isinstance(opened, Feed) else opened
            hashed = RunningDigest()
            yield from SourceBody.whole(source).hash(hashed)
            check_artifact(hashed.beginning, operation="publish", bucket=self.bucket, key=self.key)
            self.digest = hashed.value
            stored = yield from self._there(content_type, metadata)
            if stored is None:
                stored = yield from upload(
                    hashing(self.settings),
                    self.bucket,
                    self.key,
                    cast("AsyncData", source),
                    None,
                    awaits=awaits,
                    content_type=content_type,
                    metadata=metadata,
                    progress_callback=progress_callback,
                    if_match=None,
                    if_none_match=None,
                )
        finally:
            if source is not None:
                source.close()
            opened.close()
        if stored.digest != self.digest:
            raise SourceChangedError(
                "the data changed between being hashed and being sent; nothing was signed",
                bucket=self.bucket,
                key=self.key,
            )
        self.done.append(f"the object ({self.digest})")
        return stored

    def _there(self, content_type: str | None, metadata: Mapping[str, str | None] | None) -> Steps[Object | None]:
        """Return the object if the store says that it has these bytes, described as asked."""
        try:
            found = yield from perform(objects.head_object(self.bucket, self.key), self.settings.retry)
        except NotFoundError:
            return None
        wanted = {name.lower(): text for name, text in (metadata or {}).items() if text is not None}
        same = content_type in (None, found.content_type) and (metadata is None or wanted == found.metadata)
        return found if same and found.digest == self.digest else None

    def sign(self) -> Steps[Signature]:
        """Sign the bytes, unless there is a signature by this key."""
        trust = Trust((self.signer.public_key,), 1)
        own: list[Signature] = []

        def take(page: list[Listed[Signature | MalformedRecord]]) -> Steps[bool]:
            records = [listed.record for listed in page if isinstance(listed.record, Signature)]
            check = partial(check_signatures, digest=self.digest, trust=trust)
            own.extend((yield from work(lambda: [record for record in records if check([record]).valid][:1])))
            return bool(own)

        yield from self._records.each(SIGNATURES, take)
        signature = own[0] if own else (yield from attach_signature(self.settings, self.bucket, self.key, self.signer, self.digest))
        self.done.append("its signature")
        return signature

    def attach(self, document: Document) -> Steps[Sbom]:
        """Attach the SBOM, unless it is there."""
        found: list[Sbom] = []

        def take(page: list[Listed[Sbom | MalformedRecord]]) -> Steps[bool]:
            for listed in page:
                record = listed.record
                # What was left out is received only if the store says that it is this text.
                if "content" in listed.omitted and record.id and getattr(record, "content_digest", None) == document.digest:
                    record = yield from self._records.whole(SBOMS, record.id)
                if isinstance(record, Sbom) and record.artifact_digest == self.digest and record.content == document.content:
                    found.append(record)
                    return True
            return False

        yield from self._records.each(SBOMS, take)
        if not found:
            operation = supply_chain.attach_sbom(
                self.bucket,
                self.key,
                document.marker.format,
                document.content,
                content_type=document.marker.media_type,
                artifact_digest=self.digest,
            )
            found.append((yield from perform(operation, self.settings.retry)))
        self.done.append("its SBOM")
        return found[0]

    def attest(self, promises: list[Promise]) -> Steps[list[Attestation]]:
        """Sign the statements that are not there yet."""
        wanted = [Wanted(promise, self._statement(promise)) for promise in promises]
        large: list[Attestation] = []

        def take(page: list[Listed[Attestation | MalformedRecord]]) -> Steps[bool]:
            for listed in page:
                if isinstance(listed.record, Attestation):
                    if "envelope" in listed.omitted:
                        large.append(listed.record)
                    else:
                        yield from self._match(wanted, listed.record)
            return all(one.found for one in wanted)

        yield from self._records.each(ATTESTATIONS, take)
        for listed in large:
            if any(one.found is None and listed.type == one.promise.type for one in wanted):
                record = yield from self._records.whole(ATTESTATIONS, listed.id)
                if isinstance(record, Attestation):
                    yield from self._match(wanted, record)
        attestations: list[Attestation] = []
        for one in wanted:
            attestations.append(one.found or (yield from self._attest(one.promise)))
            self.done.append(f"the attestation {one.promise.type!r}")
        return attestations

    @property
    def _records(self) -> ObjectRecords:
        return ObjectRecords(self.settings, self.bucket, self.key, self.digest)

    def _statement(self, promise: Promise) -> bytes:
        return statement(self.bucket, self.key, self.digest, promise.predicate_type, promise.predicate)

    def _match(self, wanted: list[Wanted], record: Attestation) -> Steps[None]:
        for one in wanted:
            if one.found is None and record.type == one.promise.type and carries(record, one.payload):
                try:
                    _, signatures = open_envelope(cast("Mapping[str, object]", record.envelope), PAYLOAD_TYPE)
                except EnvelopeError:  # anyone may attach anything
                    continue
                if (yield from work(partial(signers_of, PAYLOAD_TYPE, one.payload, signatures, [self.signer.public_key]))):
                    one.found = record

    def _attest(self, promise: Promise) -> Steps[Attestation]:
        return attach_statement(
            self.settings,
            self.bucket,
            self.key,
            self.signer,
            self.digest,
            promise.type,
            promise.predicate_type,
            promise.predicate,
            data=promise.data,
        )

    def explain(self, error: BaseException) -> None:
        """Say on an error what is in the store by now."""
        there = first_few(self.done, separator=", ", count=10) if self.done else "nothing of this"
        text = f"In the store: {there}. Publish again when the cause is gone: what is there is left as it is."
        if isinstance(error, ArtifactStoreError):
            error.hint = f"{error.hint} {text}" if error.hint else text
        else:
            error.add_note(text)
