"""What an upload makes, however its bytes travel."""

from __future__ import annotations

from collections.abc import Mapping

from attrs import evolve, frozen

from ..._core.flow import Steps
from ..._core.perform import Settle, Settled, perform
from ..._operations import objects
from ...config import RetryPolicy, Settings
from ...exceptions import ArtifactStoreError, IntegrityError, NotFoundError, SourceChangedError
from ...models import Object
from ..progress import Progress


@frozen
class Destination:
    """One object on its way into the store."""

    settings: Settings
    bucket: str
    described: Object
    """What is known of it, but for its size and digest."""
    headers: Mapping[str, str]
    progress: Progress
    if_match: str | None
    if_none_match: str | None

    @property
    def key(self) -> str:
        """Its key."""
        return self.described.key

    def sent(self, size: int, digest: str | None) -> Object:
        """Return what is known of the object that shall be there."""
        return evolve(self.described, size=size, digest=digest)

    def settle(self, digest: str | None) -> Settle[Object] | None:
        """Return what settles a write whose answer was lost, None where nothing can."""
        return settle_by_digest(self.settings.retry, self.bucket, self.key, digest) if digest else None

    def source_changed(self) -> SourceChangedError:
        """Return the error for data that are not what they were."""
        return SourceChangedError("the data changed while they were sent", bucket=self.bucket, key=self.key)


def settle_by_digest(retry: RetryPolicy, bucket: str, key: str, digest: str) -> Settle[Object]:
    """Return what settles a write whose answer was lost: it succeeded if the object has these bytes."""

    def settle(_failure: ArtifactStoreError) -> Steps[Settled[Object] | None]:
        found = yield from find_by_digest(retry, bucket, key, digest)
        return Settled(found) if found else None

    return settle


def find_by_digest(retry: RetryPolicy, bucket: str, key: str, digest: str) -> Steps[Object | None]:
    """Return the object under a key if it has these bytes."""
    try:
        found = yield from perform(objects.head_object(bucket, key), retry)
    except NotFoundError:
        return None
    return found if found.digest == digest else None


def compared(stored: Object, sent: Object) -> Object:
    """Return the object that is stored, if it is what was sent."""
    if stored.size != sent.size or (sent.digest is not None and stored.digest != sent.digest):
        raise IntegrityError(
            f"the store says that it has {stored.size} bytes with {stored.digest}, "
            f"but {sent.size} bytes with {sent.digest} were sent",
            key=sent.key,
        )
    return stored
