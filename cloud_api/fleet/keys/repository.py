"""Where does the key document rest?"""

from dataclasses import dataclass
from datetime import datetime

from sqlalchemy import text

from cloud_api.kit.db import Session

# The document belongs to the whole installation, not to a tenant.
_NEWEST = text(
    "SELECT version, bytes, root_public_key FROM fleet_key_documents ORDER BY version DESC LIMIT 1"
)
_INSERT = text("""
INSERT INTO fleet_key_documents (version, bytes, root_public_key, installed_at)
SELECT :version, :bytes, :root, :now
WHERE NOT EXISTS (SELECT FROM fleet_key_documents WHERE version >= :version)
ON CONFLICT DO NOTHING RETURNING version
""")


@dataclass(frozen=True, slots=True)
class StoredDocument:
    """A key document as it is published."""

    version: int
    frame: bytes
    root_public_key: str


async def newest(session: Session) -> StoredDocument | None:
    """The one in force."""
    row = (await session.execute(_NEWEST)).one_or_none()
    return None if row is None else StoredDocument(row.version, row.bytes, row.root_public_key)


async def insert(session: Session, document: StoredDocument, *, now: datetime) -> bool:
    """True when it is newer than everything there."""
    values = {
        "version": document.version,
        "bytes": document.frame,
        "root": document.root_public_key,
        "now": now,
    }
    return await session.scalar(_INSERT, values) is not None
