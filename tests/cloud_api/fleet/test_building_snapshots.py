"""What is desired becomes one signed version after another, and nothing private stays readable."""

from dataclasses import replace
from datetime import timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text

from cloud_api.fleet import service
from cloud_api.fleet.errors import GrantTooLargeError, GrantWithdrawnError, HouseUnknownError
from cloud_api.fleet.snapshots import service as snapshots
from cloud_api.fleet.snapshots.types import Built, Idle
from cloud_api.fleet.types import DesiredGrant
from cloud_api.kit.vault import Vault
from protocol.access import PrivateWords, pin_context, private_context
from protocol.house import MAX_SNAPSHOT_BYTES
from tests.cloud_api.fleet.house_on_the_wire import WireHouse
from tests.cloud_api.fleet.stage import Bench

_HUNDREDFOLD = """
INSERT INTO fleet_grants (id, organisation_id, house_id, generation, role, starts, ends, rights,
    checked_in, max_delegations, pins, digest)
SELECT gen_random_uuid(), organisation_id, house_id, generation, role, starts, ends, rights,
    checked_in, max_delegations, pins, digest
FROM fleet_grants, generate_series(1, 100) WHERE cardinality(rights) = 100
"""


async def test_a_desired_grant_becomes_a_signed_snapshot(bench: Bench) -> None:
    grant = bench.place.grant()
    await bench.desire(grant)
    built = await bench.build()
    assert isinstance(built, Built)
    snapshot = await bench.newest()
    assert (snapshot.epoch, snapshot.version, snapshot.zone) == (1, 1, "America/Lima")
    assert (snapshot.name, snapshot.music_rules.ceiling) == ("Casa Azul", 60)
    assert snapshot.previous_hash is None
    assert [each.id for each in snapshot.grants] == [grant.id]
    assert snapshot.grants[0].window.ends == grant.ends
    assert snapshot.doors[0].lock == bench.place.lock


async def test_name_and_pin_open_in_their_house_alone(bench: Bench) -> None:
    grant = bench.place.grant(pin="730518", name="Grace")
    await bench.desire(grant)
    await bench.build()
    sent = (await bench.newest()).grants[0]
    words = bench.house.sealing.open(
        sent.private or "", context=private_context(bench.place.house_id, grant.id)
    )
    assert PrivateWords.from_bytes(words).name == "Grace"
    digits = bench.house.sealing.open(
        sent.pins[0].box, context=pin_context(bench.place.house_id, grant.id, bench.place.lock)
    )
    assert digits == b"730518"


async def test_no_table_shows_a_pin_or_a_name(bench: Bench) -> None:
    await bench.desire(bench.place.grant(pin="730518", name="Zebedee"))
    await bench.build()
    async with bench.database.transaction() as session:
        cells = await session.scalars(
            text(
                "SELECT to_jsonb(g)::text FROM fleet_grants g"
                " UNION ALL SELECT convert_from(bytes, 'UTF8') FROM fleet_snapshots"
                " UNION ALL SELECT payload::text FROM events_outbox"
            )
        )
        everything = "\n".join(cells)
    assert "730518" not in everything
    assert b"730518".hex() not in everything
    assert "Zebedee" not in everything


async def test_versions_are_chained_without_a_gap(bench: Bench) -> None:
    positions = []
    for _ in range(3):
        await bench.desire(bench.place.grant())
        built = await bench.build()
        assert isinstance(built, Built)
        positions.append(built.position)
    assert [each.version for each in positions] == [1, 2, 3]
    assert (await bench.newest()).previous_hash == positions[1].hash


async def test_nothing_is_built_when_nothing_changed(bench: Bench) -> None:
    grant = bench.place.grant()
    await bench.desire(grant)
    assert isinstance(await bench.build(), Built)
    await bench.desire(grant)
    assert await bench.build() is Idle.UNCHANGED


async def test_an_unchanged_book_is_renewed_after_a_sixth_of_the_lease(bench: Bench) -> None:
    await bench.desire(bench.place.grant(nights=20))
    await bench.build()
    bench.clock.forward(timedelta(hours=12) - timedelta(seconds=1))
    assert await bench.build() is Idle.UNCHANGED
    async with bench.database.transaction() as session:
        assert await snapshots.due(session, bench.clock, most=10) == []
    bench.clock.forward(timedelta(seconds=1))
    async with bench.database.transaction() as session:
        assert await snapshots.due(session, bench.clock, most=10) == [bench.place.house_id]
    assert isinstance(await bench.build(), Built)


async def test_a_withdrawn_grant_is_gone_and_named_as_revoked(bench: Bench) -> None:
    grant, companion, other = bench.place.grant(), bench.place.grant(), bench.place.grant()
    await bench.desire(grant, replace(companion, parent=grant.id), other)
    await bench.build()
    await bench.withdraw(grant.id)
    await bench.build()
    snapshot = await bench.newest()
    assert [each.id for each in snapshot.grants] == [other.id]
    assert set(snapshot.revoked_ids) == {grant.id, companion.id}


async def test_a_tombstone_stays_until_window_and_lease_have_ended(bench: Bench) -> None:
    grant = bench.place.grant(nights=2)
    await bench.desire(grant)
    await bench.withdraw(grant.id)
    bench.clock.forward(timedelta(days=2 + 3) - timedelta(seconds=1))
    await bench.build()
    assert (await bench.newest()).revoked_ids == (grant.id,)
    await bench.desire(bench.place.grant(starts=bench.clock.now))
    bench.clock.forward(timedelta(seconds=1))
    await bench.build()
    assert (await bench.newest()).revoked_ids == ()


async def test_a_longer_lease_keeps_tombstones_longer(bench: Bench) -> None:
    grant = bench.place.grant(nights=2)
    await bench.desire(grant)
    await bench.withdraw(grant.id)
    async with bench.database.transaction() as session:
        await service.describe_house(session, bench.place.layout(lease_seconds=14 * 86400))
    bench.clock.forward(timedelta(days=10))
    await bench.build()
    assert (await bench.newest()).revoked_ids == (grant.id,)


async def test_a_withdrawn_grant_never_comes_back(bench: Bench) -> None:
    grant = bench.place.grant()
    await bench.desire(grant)
    await bench.withdraw(grant.id)
    with pytest.raises(GrantWithdrawnError):
        await bench.desire(grant)


async def test_a_delegation_fleet_never_saw_can_be_withdrawn(bench: Bench) -> None:
    delegation = uuid4()
    await bench.desire(bench.place.grant())
    await bench.withdraw(delegation)
    await bench.build()
    assert (await bench.newest()).revoked_ids == (delegation,)
    with pytest.raises(GrantWithdrawnError):
        await bench.desire(bench.place.grant(grant_id=delegation))


async def test_a_lower_generation_changes_nothing(bench: Bench) -> None:
    grant = bench.place.grant(generation=2)
    await bench.desire(grant)
    await bench.desire(replace(grant, generation=1, name="Old"))
    await bench.build()
    assert (await bench.newest()).grants[0].generation == 2
    assert await bench.build() is Idle.UNCHANGED


async def test_a_house_of_another_organisation_is_out_of_reach(bench: Bench) -> None:
    with pytest.raises(HouseUnknownError):
        await bench.desire(replace(bench.place.grant(), organisation_id=uuid4()))


async def test_a_replaced_device_gets_everything_sealed_anew(bench: Bench) -> None:
    grant = bench.place.grant(name="Grace")
    await bench.desire(grant)
    await bench.build()
    fresh = WireHouse(bench.place.house_id)
    async with bench.database.transaction() as session:
        await session.execute(
            text("UPDATE fleet_houses SET sealing_key = :key, dirty = true"),
            {"key": fresh.sealing.public_hex},
        )
    await bench.build()
    sent = (await bench.newest()).grants[0]
    words = fresh.sealing.open(
        sent.private or "", context=private_context(bench.place.house_id, grant.id)
    )
    assert PrivateWords.from_bytes(words).name == "Grace"


async def test_an_unclaimed_house_waits(bench: Bench) -> None:
    async with bench.database.transaction() as session:
        await session.execute(
            text("UPDATE fleet_houses SET signing_key = NULL, sealing_key = NULL")
        )
    await bench.desire(bench.place.grant())
    assert await bench.build() is Idle.NOT_ENROLLED


async def test_far_stays_make_room_for_near_ones(bench: Bench) -> None:
    wide = [f"door:open:{uuid4()}" for _ in range(50)]
    near = replace(bench.place.grant(), rights=tuple(wide))
    far = [
        replace(
            bench.place.grant(starts=bench.clock.now + timedelta(days=days)), rights=tuple(wide)
        )
        for days in (40, 46, 52, 58)
        for _ in range(40)
    ]
    await bench.desire(near, *far)
    built = await bench.build()
    assert isinstance(built, Built)
    assert built.size_bytes <= MAX_SNAPSHOT_BYTES
    assert [each.id for each in (await bench.newest()).grants] == [near.id]


async def test_too_much_is_an_alarm_and_leaves_the_last_version_in_force(bench: Bench) -> None:
    wide = tuple(f"door:open:{uuid4()}" for _ in range(100))
    await bench.desire(bench.place.grant())
    await bench.build()
    await bench.desire(replace(bench.place.grant(), rights=wide, pins=()))
    async with bench.database.transaction() as session:  # past the door that refuses it
        await session.execute(text(_HUNDREDFOLD))
    assert await bench.build() is Idle.TOO_LARGE
    assert await bench.build() is Idle.TOO_LARGE
    assert (await bench.newest()).version == 1
    async with bench.database.transaction() as session:
        alarms = await session.scalar(
            text("SELECT count(*) FROM events_outbox WHERE name = 'fleet.snapshot_too_large'")
        )
        delivery = await service.delivery(
            session,
            bench.scope,
            bench.place.house_id,
            clock=bench.clock,
        )
    assert alarms == 1
    assert delivery.dirty


async def test_a_key_that_lists_no_such_epoch_signs_nothing(bench: Bench) -> None:
    await bench.desire(bench.place.grant())
    async with bench.database.transaction() as session:
        await session.execute(text("UPDATE fleet_houses SET epoch = 2"))
    assert await bench.build() is Idle.EPOCH_NOT_LISTED


async def test_a_rolled_back_wish_leaves_no_trace(bench: Bench) -> None:
    grant = bench.place.grant()
    with pytest.raises(RuntimeError):
        await desire_and_fail(bench, grant)
    async with bench.database.transaction() as session:
        assert await session.scalar(text("SELECT count(*) FROM fleet_grants")) == 0


async def desire_and_fail(bench: Bench, grant: DesiredGrant) -> None:
    async with bench.database.transaction() as session:
        await service.desire(session, [grant], vault=bench.vault)
        raise RuntimeError("the booking failed")


async def test_one_house_that_cannot_be_read_keeps_nobody_waiting(bench: Bench) -> None:
    await bench.desire(bench.place.grant())
    stranger = replace(bench.workshop, vault=Vault("another operator's secret, just as long"))
    async with bench.database.transaction() as session:
        assert await snapshots.build_next(session, stranger) is Idle.UNREADABLE
    async with bench.database.transaction() as session:
        assert await snapshots.build_next(session, stranger) is None
    assert isinstance(await bench.build(), Built)


async def test_what_no_snapshot_could_carry_is_refused_at_the_door(bench: Bench) -> None:
    grant = bench.place.grant()
    for each in (
        replace(grant, rights=tuple(f"door:open:{uuid4()}" for _ in range(101))),
        replace(grant, pins=grant.pins * 33),
    ):
        with pytest.raises(GrantTooLargeError):
            await bench.desire(each)
    await bench.desire(grant)
    assert isinstance(await bench.build(), Built)
