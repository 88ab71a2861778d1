"""How does fleet ask the database about houses and what they should hold?"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import bindparam, select, text
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import Text, Uuid

from cloud_api.fleet.events import HouseDirtied
from cloud_api.fleet.models import BadMessageRow, FactRow, HouseRow
from cloud_api.fleet.types import CHANNEL_WORK, HouseLayout
from cloud_api.kit.db import Json, Session
from cloud_api.kit.events import publish
from cloud_api.kit.paging import Window, read_page
from cloud_api.kit.tenancy import Scope, scoped


@dataclass(frozen=True, slots=True)
class GrantCells:
    """A desired grant as it is stored: nothing private in clear."""

    id: UUID
    house_id: UUID
    organisation_id: UUID
    stay_id: UUID | None
    parent: UUID | None
    generation: int
    role: str
    starts: datetime
    ends: datetime
    rights: list[str]
    checked_in: bool
    lan_secret_hash: str | None
    max_delegations: int
    vaulted_words: bytes | None
    pins: list[Json]
    digest: bytes


# A house may be told of grants before its owner has described it.
_ENSURE_HOUSE = text(
    "INSERT INTO fleet_houses (house_id, organisation_id) VALUES (:house_id, :organisation_id)"
    " ON CONFLICT (house_id) DO NOTHING"
)
# Every writer of a house takes this row first: no two transactions wait for each other crosswise.
_LOCK_HOUSES = text(
    "SELECT house_id, organisation_id FROM fleet_houses WHERE house_id = ANY(:house_ids)"
    " ORDER BY house_id FOR NO KEY UPDATE"
).bindparams(bindparam("house_ids", type_=ARRAY(Uuid())))

# Of several grants none is written when one of them was withdrawn.
_UPSERT_GRANT = text("""
WITH gone AS (
    SELECT w.id FROM unnest(:together) AS w (id)
    WHERE EXISTS (SELECT FROM fleet_tombstones t WHERE t.house_id = :house_id AND t.id = w.id)
        OR EXISTS (SELECT FROM fleet_grants g WHERE g.id = w.id
                   AND (g.withdrawn_at IS NOT NULL OR g.house_id <> :house_id))
), changed AS (
INSERT INTO fleet_grants (id, organisation_id, house_id, stay_id, parent, generation, role, starts,
    ends, rights, checked_in, lan_secret_hash, max_delegations, vaulted_words, pins, digest)
SELECT :id, :organisation_id, :house_id, :stay_id, :parent, :generation, :role, :starts, :ends,
    :rights, :checked_in, :lan_secret_hash, :max_delegations, :vaulted_words, :pins, :digest
WHERE NOT EXISTS (SELECT FROM gone)
ON CONFLICT (id) DO UPDATE SET stay_id = EXCLUDED.stay_id, parent = EXCLUDED.parent,
    generation = EXCLUDED.generation, role = EXCLUDED.role, starts = EXCLUDED.starts,
    ends = EXCLUDED.ends, rights = EXCLUDED.rights, checked_in = EXCLUDED.checked_in,
    lan_secret_hash = EXCLUDED.lan_secret_hash, max_delegations = EXCLUDED.max_delegations,
    vaulted_words = EXCLUDED.vaulted_words, pins = EXCLUDED.pins, digest = EXCLUDED.digest,
    boxes = NULL
WHERE fleet_grants.digest <> EXCLUDED.digest AND fleet_grants.withdrawn_at IS NULL
    AND fleet_grants.house_id = EXCLUDED.house_id
    AND fleet_grants.organisation_id = EXCLUDED.organisation_id
    AND fleet_grants.generation <= EXCLUDED.generation
RETURNING id
)
SELECT EXISTS (SELECT FROM changed) AS changed, ARRAY(SELECT id FROM gone) AS gone
""").bindparams(
    bindparam("together", type_=ARRAY(Uuid())),
    bindparam("rights", type_=ARRAY(Text())),
    bindparam("pins", type_=JSONB()),
    bindparam("stay_id", type_=Uuid()),
    bindparam("parent", type_=Uuid()),
    bindparam("lan_secret_hash", type_=Text()),
)

# A parent takes what hangs on it along. The window is the widest the house may still act on, not
# the last that was wished for. An id fleet never desired (a delegation made in the house) is kept
# as long as any window of the house could still carry it.
_BURY = text("""
WITH RECURSIVE doomed (id) AS (
    SELECT unnest(:grant_ids)
    UNION
    SELECT g.id FROM fleet_grants g JOIN doomed d ON g.parent = d.id
    WHERE g.house_id = :house_id AND g.withdrawn_at IS NULL
), house AS (
    SELECT organisation_id, lease_seconds,
        (SELECT max(ends) FROM fleet_grants WHERE house_id = :house_id) AS latest
    FROM fleet_houses WHERE house_id = :house_id
), out AS (
    SELECT i.grant_id, i.ends FROM fleet_issued i JOIN fleet_houses f USING (house_id)
    WHERE i.house_id = :house_id AND (i.gone_version IS NULL OR f.acked_version IS NULL
        OR (i.gone_epoch, i.gone_version) > (f.acked_epoch, f.acked_version))
), windows AS (
    SELECT d.id, greatest(coalesce(g.ends, h.latest, :now), :now,
        (SELECT max(o.ends) FROM out o WHERE g.id IS NULL OR o.grant_id = d.id)) AS window_end, h.*
    FROM doomed d CROSS JOIN house h
    LEFT JOIN fleet_grants g ON g.id = d.id AND g.house_id = :house_id
), gone AS (
    UPDATE fleet_grants SET withdrawn_at = :now WHERE house_id = :house_id
        AND id IN (SELECT id FROM doomed) AND withdrawn_at IS NULL
)
INSERT INTO fleet_tombstones (house_id, id, organisation_id, revoked_at, window_end, until)
SELECT :house_id, id, organisation_id, :now, window_end,
    window_end + make_interval(secs => lease_seconds)
FROM windows ON CONFLICT (house_id, id) DO NOTHING RETURNING id
""").bindparams(bindparam("grant_ids", type_=ARRAY(Uuid())))

_DIRTY = text("""
WITH dirtied AS (
    UPDATE fleet_houses SET dirty = true, build_trouble = NULL,
        dirty_at = CASE WHEN dirty THEN dirty_at ELSE clock_timestamp() END
    WHERE house_id = :house_id RETURNING organisation_id
)
SELECT organisation_id, pg_notify(:channel, :word) FROM dirtied
""")
_NOTIFY = text("SELECT pg_notify(:channel, :word)")

_DESCRIBE = text("""
INSERT INTO fleet_houses AS h (house_id, organisation_id, name, zone, doors, players, things,
    music_rules, lease_seconds)
VALUES (:house_id, :organisation_id, :name, :zone, :doors, :players, :things, :music_rules,
    :lease_seconds)
ON CONFLICT (house_id) DO UPDATE SET name = EXCLUDED.name, zone = EXCLUDED.zone,
    doors = EXCLUDED.doors, players = EXCLUDED.players, things = EXCLUDED.things,
    music_rules = EXCLUDED.music_rules,
    lease_seconds = EXCLUDED.lease_seconds
WHERE (h.name, h.zone, h.doors, h.players, h.things, h.music_rules, h.lease_seconds)
    IS DISTINCT FROM (EXCLUDED.name, EXCLUDED.zone, EXCLUDED.doors, EXCLUDED.players,
        EXCLUDED.things, EXCLUDED.music_rules, EXCLUDED.lease_seconds)
    AND h.organisation_id = EXCLUDED.organisation_id
RETURNING house_id
""").bindparams(
    bindparam("doors", type_=JSONB()),
    bindparam("players", type_=JSONB()),
    bindparam("things", type_=JSONB()),
    bindparam("music_rules", type_=JSONB()),
)
_KEEP_LONGER = text("""
UPDATE fleet_tombstones SET until = window_end + make_interval(secs => :lease_seconds)
WHERE house_id = :house_id AND until < window_end + make_interval(secs => :lease_seconds)
""")

_SIGNING_KEY = text("SELECT signing_key FROM fleet_houses WHERE house_id = :house_id")


async def lock_houses(session: Session, houses: dict[UUID, UUID]) -> dict[UUID, UUID]:
    """Make sure the rows exist and hold them; answers each house's true organisation."""
    values = {"house_ids": sorted(houses)}
    found = {row[0]: row[1] for row in await session.execute(_LOCK_HOUSES, values)}
    if found.keys() == houses.keys():
        return found
    for house_id in sorted(houses.keys() - found.keys()):
        await session.execute(
            _ENSURE_HOUSE, {"house_id": house_id, "organisation_id": houses[house_id]}
        )
    return {row[0]: row[1] for row in await session.execute(_LOCK_HOUSES, values)}


@dataclass(frozen=True, slots=True)
class Upserted:
    """Did anything change? `gone`: which of the grants can never be desired here (again)."""

    changed: bool
    gone: tuple[UUID, ...]


async def upsert_grant(session: Session, cells: GrantCells, together: Sequence[UUID]) -> Upserted:
    """Nothing is written when any of `together` is gone. A newer generation is left alone."""
    values: dict[str, object] = {name: getattr(cells, name) for name in GrantCells.__slots__}
    row = (await session.execute(_UPSERT_GRANT, {**values, "together": list(together)})).one()
    return Upserted(row.changed, tuple(row.gone))


async def bury(
    session: Session, house_id: UUID, grant_ids: Sequence[UUID], *, now: datetime
) -> tuple[UUID, ...]:
    """Withdraw these and what hangs on them; answers what was not buried before."""
    await session.execute(_LOCK_HOUSES, {"house_ids": [house_id]})
    values = {"house_id": house_id, "grant_ids": list(grant_ids), "now": now}
    return tuple(await session.scalars(_BURY, values))


async def mark_dirty(session: Session, house_id: UUID) -> None:
    """The house needs a new snapshot: a row, an event, and at commit a word to the builder."""
    values = {"house_id": house_id, "channel": CHANNEL_WORK, "word": f"dirty {house_id}"}
    organisation_id: UUID | None = await session.scalar(_DIRTY, values)
    if organisation_id is None:
        return
    event = HouseDirtied(house_id=house_id, organisation_id=organisation_id)
    await publish(session, event, organisation_id=organisation_id)


async def notify(session: Session, channel: str, word: str) -> None:
    """Tell listeners when this transaction commits."""
    await session.execute(_NOTIFY, {"channel": channel, "word": word})


async def describe(session: Session, layout: HouseLayout, *, lease_seconds: int) -> bool:
    """True when anything changed."""
    changed = await session.scalar(
        _DESCRIBE,
        {
            "house_id": layout.house_id,
            "organisation_id": layout.organisation_id,
            "name": layout.name,
            "zone": layout.zone,
            "doors": [door.model_dump(mode="json") for door in layout.doors],
            "players": [player.model_dump(mode="json") for player in layout.players],
            "things": [thing.model_dump(mode="json") for thing in layout.things],
            "music_rules": layout.music_rules.model_dump(mode="json"),
            "lease_seconds": lease_seconds,
        },
    )
    await session.execute(
        _KEEP_LONGER, {"house_id": layout.house_id, "lease_seconds": lease_seconds}
    )
    return changed is not None


async def signing_key(session: Session, house_id: UUID) -> str | None:
    """The public key a house signs with; the id comes from a verified message, not a caller."""
    key: str | None = await session.scalar(_SIGNING_KEY, {"house_id": house_id})
    return key


async def find_house(session: Session, scope: Scope, house_id: UUID) -> HouseRow | None:
    """One house of the caller's organisation."""
    statement = select(HouseRow).where(HouseRow.house_id == house_id)
    house: HouseRow | None = await session.scalar(
        scoped(statement, HouseRow, scope).execution_options(populate_existing=True)
    )
    return house


async def list_houses(session: Session, scope: Scope, window: Window) -> tuple[list[HouseRow], int]:
    """The caller's houses by name."""
    statement = scoped(select(HouseRow), HouseRow, scope)
    return await read_page(session, statement, window, order=(HouseRow.name, HouseRow.house_id))


async def list_facts(
    session: Session, scope: Scope, house_id: UUID, window: Window, *, kind: str | None
) -> tuple[list[FactRow], int]:
    """A house's facts, newest first."""
    statement = scoped(select(FactRow), FactRow, scope).where(FactRow.house_id == house_id)
    if kind is not None:
        statement = statement.where(FactRow.kind == kind)
    return await read_page(
        session, statement, window, order=(FactRow.chain.desc(), FactRow.sequence.desc())
    )


async def list_bad_messages(
    session: Session, scope: Scope, window: Window, *, house_id: UUID | None
) -> tuple[list[BadMessageRow], int]:
    """What was refused, newest first."""
    statement = scoped(select(BadMessageRow), BadMessageRow, scope)
    if house_id is not None:
        statement = statement.where(BadMessageRow.house_id == house_id)
    return await read_page(session, statement, window, order=(BadMessageRow.id.desc(),))
