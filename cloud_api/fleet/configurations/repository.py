"""How is a house's configuration kept, as wished, as signed, and as it fared?"""

from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import JSONB
from sqlalchemy.types import Text

from cloud_api.fleet.configurations.models import ConfigurationRow
from cloud_api.fleet.configurations.types import Signed, Unsigned
from cloud_api.kit.db import JsonObject, Session
from cloud_api.kit.tenancy import Scope, scoped

_NUMBER = text("""
UPDATE fleet_houses SET config_version = config_version + 1
WHERE house_id = :house_id AND organisation_id = :organisation_id RETURNING config_version
""")
_WISH = text("""
INSERT INTO fleet_configurations (house_id, organisation_id, version, settings, made_at)
VALUES (:house_id, :organisation_id, :version, :settings, :now)
ON CONFLICT (house_id) DO UPDATE SET version = :version, settings = :settings, made_at = :now,
    epoch = NULL, frame = NULL, hash = NULL, published_at = NULL, fate = NULL, reason = NULL,
    told_at = NULL
""").bindparams(bindparam("settings", type_=JSONB()))
# The builder works for every tenant, and holds the house's row.
_UNSIGNED = text("""
SELECT version, settings FROM fleet_configurations
WHERE house_id = :house_id AND epoch IS DISTINCT FROM :epoch
""").columns(settings=JSONB())
_SIGN = text("""
UPDATE fleet_configurations SET epoch = :epoch, frame = :frame, hash = :hash, published_at = NULL
WHERE house_id = :house_id AND version = :version
""")
_UNPUBLISHED = text("""
SELECT house_id, c.epoch, c.version, c.frame FROM fleet_configurations c
JOIN fleet_houses h USING (house_id)
WHERE c.frame IS NOT NULL AND c.published_at IS NULL AND NOT h.frozen LIMIT :most
""")
_PUBLISHED = text("""
UPDATE fleet_configurations SET published_at = :now
WHERE house_id = :house_id AND epoch = :epoch AND version = :version
""")
# The house is known by its signature.
_NEWER = text("""
SELECT house_id, epoch, version, frame FROM fleet_configurations
WHERE house_id = :house_id AND frame IS NOT NULL AND (epoch, version) > (:epoch, :version)
""")
_FATE = text("""
UPDATE fleet_configurations SET fate = :fate, reason = :reason, told_at = :now
WHERE house_id = :house_id AND hash = :hash
""").bindparams(bindparam("reason", type_=Text()))


async def find(session: Session, scope: Scope, house_id: UUID) -> ConfigurationRow | None:
    """Of one house of the caller's organisation."""
    statement = select(ConfigurationRow).where(ConfigurationRow.house_id == house_id)
    row: ConfigurationRow | None = await session.scalar(
        scoped(statement, ConfigurationRow, scope).execution_options(populate_existing=True)
    )
    return row


async def wish(
    session: Session,
    house_id: UUID,
    organisation_id: UUID,
    settings: JsonObject,
    *,
    now: datetime,
) -> bool:
    """The next version; the house's row is held from here on. False: no such house."""
    owner = {"house_id": house_id, "organisation_id": organisation_id}
    version = await session.scalar(_NUMBER, owner)
    if version is None:
        return False
    await session.execute(_WISH, {**owner, "version": version, "settings": settings, "now": now})
    return True


async def unsigned(session: Session, house_id: UUID, *, epoch: int) -> Unsigned | None:
    """What is not signed for this epoch yet."""
    values = {"house_id": house_id, "epoch": epoch}
    row = (await session.execute(_UNSIGNED, values)).one_or_none()
    return None if row is None else Unsigned(row.version, row.settings)


async def sign(session: Session, signed: Signed, digest: str) -> None:
    """Only these bytes are ever published."""
    values = {
        "house_id": signed.house_id,
        "epoch": signed.epoch,
        "version": signed.version,
        "frame": signed.frame,
        "hash": digest,
    }
    await session.execute(_SIGN, values)


async def unpublished(session: Session, *, most: int) -> list[Signed]:
    """What no courier has handed to a broker."""
    return [Signed(*row) for row in await session.execute(_UNPUBLISHED, {"most": most})]


async def mark_published(session: Session, signed: Signed, *, now: datetime) -> None:
    """A broker has taken it, which proves nothing more."""
    values = {
        "house_id": signed.house_id,
        "epoch": signed.epoch,
        "version": signed.version,
        "now": now,
    }
    await session.execute(_PUBLISHED, values)


async def newer(session: Session, house_id: UUID, *, epoch: int, version: int) -> Signed | None:
    """What a house that holds this lacks."""
    values = {"house_id": house_id, "epoch": epoch, "version": version}
    row = (await session.execute(_NEWER, values)).one_or_none()
    return None if row is None else Signed(*row)


async def note_fate(
    session: Session, house_id: UUID, *, digest: str, fate: str, reason: str | None, now: datetime
) -> None:
    """The house's word on exactly these bytes; a word on others is of the past."""
    values = {"house_id": house_id, "hash": digest, "fate": fate, "reason": reason, "now": now}
    await session.execute(_FATE, values)
