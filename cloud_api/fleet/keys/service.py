"""Which keys of the cloud are in force, by the root's signed word?"""

from dataclasses import dataclass

from cloud_api.fleet.errors import KeysNotInstalledError
from cloud_api.fleet.keys import repository
from cloud_api.fleet.keys.repository import StoredDocument
from cloud_api.fleet.repository import notify
from cloud_api.fleet.types import CHANNEL_WORK
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from protocol.envelope import EnvelopeError
from protocol.keys import KeyDocument, open_key_document


@dataclass(frozen=True, slots=True)
class InForce:
    """The document, its exact frame, and the root that signed it."""

    document: KeyDocument
    frame: bytes
    root_public_key: str


async def install(session: Session, frame: bytes, *, root_public_key: str, clock: Clock) -> int:
    """Put a root-signed document in force and answer its version; an older one changes nothing.

    Raises KeysNotInstalledError when the root did not sign it, or when another root is in force:
    houses pin one root for ever.
    """
    before = await repository.newest(session)
    if before is not None and before.root_public_key != root_public_key:
        raise KeysNotInstalledError("another root is in force")
    try:
        document = open_key_document(frame, root_public_key)
    except EnvelopeError as error:
        raise KeysNotInstalledError(f"the key document is refused: {error.flaw.value}") from None
    stored = StoredDocument(document.version, frame, root_public_key)
    if await repository.insert(session, stored, now=clock.utc_now()):
        await notify(session, CHANNEL_WORK, f"keys {document.version}")
    return document.version


async def in_force(session: Session) -> InForce:
    """The newest document. Raises KeysNotInstalledError when there is none."""
    stored = await repository.newest(session)
    if stored is None:
        raise KeysNotInstalledError
    document = open_key_document(stored.frame, stored.root_public_key)
    return InForce(document, stored.frame, stored.root_public_key)
