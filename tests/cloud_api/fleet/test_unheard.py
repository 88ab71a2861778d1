"""What was taken away while the house is away: is the host shown until when it may still hold?"""

from dataclasses import replace
from datetime import datetime, timedelta
from uuid import uuid4

import pytest

from cloud_api.fleet import service
from cloud_api.fleet.inbox.service import take
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.types import DesiredGrant
from cloud_api.fleet.unheard.service import forget_heard
from cloud_api.fleet.unheard.types import GrantDelivery, GrantPlace
from protocol.access import Role
from protocol.envelope import Kind
from protocol.house import AckResult, SnapshotAck
from protocol.ids import HouseId
from protocol.topics import Up, up
from tests.cloud_api.fleet.stage import NOON, Bench

LEASE = timedelta(hours=72)
DAY = timedelta(days=1)


async def acknowledge(bench: Bench) -> None:
    """The house proves to hold the newest version."""
    newest = await bench.value("SELECT head_hash FROM fleet_houses")
    position = (await bench.delivery()).wanted
    assert position is not None
    ack = SnapshotAck(
        house=HouseId(bench.place.house_id),
        offered_hash=str(newest),
        position=position,
        result=AckResult.APPLIED,
        at=bench.clock.now,
    )
    frame = bench.house.seal(Kind.SNAPSHOT_ACK, ack)
    topic = up(bench.house.id, Up.ACK)
    async with bench.database.transaction() as session:
        await take(session, topic, frame, Desk(bench.keyring.live(), bench.clock))


async def hold(bench: Bench, grant: DesiredGrant) -> None:
    """The house has it, and said so."""
    await bench.desire(grant)
    await bench.build()
    await acknowledge(bench)


async def key(bench: Bench, grant: DesiredGrant) -> GrantDelivery:
    async with bench.database.transaction() as session:
        wanted = [(grant.id, grant.house_id)]
        return (await service.grant_deliveries(session, wanted, clock=bench.clock))[grant.id]


async def shown(bench: Bench, grant: DesiredGrant) -> datetime | None:
    """The same instant for the grant and for its house, or none."""
    of_grant = await key(bench, grant)
    assert (await bench.delivery()).revocation_worst_case == of_grant.worst_case
    assert of_grant.worst_case is None or of_grant.place is GrantPlace.COMING
    return of_grant.worst_case


async def settled(bench: Bench, grant: DesiredGrant, place: GrantPlace) -> None:
    """The newest version arrives, and with it everything that was pending."""
    await bench.build()
    await acknowledge(bench)
    assert await key(bench, grant) == GrantDelivery(place, None)
    assert (await bench.delivery()).revocation_worst_case is None


async def test_shortened_and_then_cancelled_unheard_it_is_the_stay_the_house_knows(
    bench: Bench,
) -> None:
    grant = bench.place.grant(nights=10)
    await hold(bench, grant)
    await bench.desire(replace(grant, ends=NOON + 2 * DAY, pins=()))
    await bench.build()
    await bench.withdraw(grant.id)
    assert await shown(bench, grant) == grant.ends
    await bench.build()
    assert await shown(bench, grant) == grant.ends
    # Long after what was wished for last has ended, the house may still honour what it knows.
    bench.clock.forward(9 * DAY)
    assert await shown(bench, grant) == grant.ends
    bench.clock.forward(DAY)
    assert await key(bench, grant) == GrantDelivery(GrantPlace.GONE, None)


async def test_the_tombstone_outlives_the_widest_window(bench: Bench) -> None:
    grant = bench.place.grant(nights=10)
    await hold(bench, grant)
    await bench.desire(replace(grant, ends=NOON + DAY, pins=()))
    await bench.withdraw(grant.id)
    assert await bench.value("SELECT window_end FROM fleet_tombstones") == grant.ends


async def test_a_shorter_stay_alone_is_pending(bench: Bench) -> None:
    grant = bench.place.grant(nights=10)
    await hold(bench, grant)
    await bench.desire(replace(grant, ends=NOON + DAY))
    assert await shown(bench, grant) == grant.ends
    await settled(bench, grant, GrantPlace.HELD)


async def test_of_two_shorter_stays_the_first_counts_until_one_is_heard(bench: Bench) -> None:
    grant = bench.place.grant(nights=10)
    await hold(bench, grant)
    for nights in (6, 3):
        await bench.desire(replace(grant, ends=NOON + nights * DAY))
        await bench.build()
    assert await shown(bench, grant) == grant.ends


async def test_what_was_heard_in_between_is_what_counts(bench: Bench) -> None:
    grant = bench.place.grant(nights=10)
    await hold(bench, grant)
    await hold(bench, replace(grant, ends=NOON + 6 * DAY))
    assert await shown(bench, grant) is None
    await bench.desire(replace(grant, ends=NOON + 3 * DAY))
    assert await shown(bench, grant) == NOON + 6 * DAY


async def test_a_longer_version_whose_word_was_lost_counts_too(bench: Bench) -> None:
    grant = bench.place.grant(nights=2)
    await hold(bench, grant)
    longer = replace(grant, ends=NOON + 9 * DAY)
    await bench.desire(longer)
    await bench.build()
    await bench.desire(grant)
    assert await shown(bench, grant) == longer.ends


async def test_an_old_link_is_honoured_until_the_new_one_is_there(bench: Bench) -> None:
    grant = bench.place.grant(nights=10)
    await hold(bench, grant)
    await bench.desire(replace(grant, generation=2, lan_secret_hash="b" * 64))
    assert await shown(bench, grant) == grant.ends
    await settled(bench, grant, GrantPlace.HELD)


async def test_another_unit_leaves_the_old_door_open_until_it_is_heard(bench: Bench) -> None:
    grant = bench.place.grant(nights=10)
    await hold(bench, grant)
    await bench.desire(replace(grant, rights=(f"door:open:{uuid4()}",), pins=()))
    assert await shown(bench, grant) == grant.ends
    await settled(bench, grant, GrantPlace.HELD)


async def test_a_later_arrival_opens_too_early_at_most_until_it_begins(bench: Bench) -> None:
    grant = bench.place.grant(nights=10)
    await hold(bench, grant)
    await bench.desire(replace(grant, starts=NOON + 4 * DAY))
    assert await shown(bench, grant) == NOON + 4 * DAY


async def test_more_than_before_is_on_its_way_but_takes_nothing_away(bench: Bench) -> None:
    grant = bench.place.grant(nights=2)
    await hold(bench, grant)
    await bench.desire(replace(grant, ends=NOON + 9 * DAY))
    assert await key(bench, grant) == GrantDelivery(GrantPlace.COMING, None)
    # A change that concerns somebody else leaves it where it is.
    other = bench.place.grant(nights=2)
    await hold(bench, replace(grant, ends=NOON + 9 * DAY))
    await bench.desire(other)
    assert await key(bench, grant) == GrantDelivery(GrantPlace.HELD, None)
    assert await key(bench, other) == GrantDelivery(GrantPlace.COMING, None)


async def test_what_no_version_ever_carried_nobody_honours(bench: Bench) -> None:
    grant = bench.place.grant(nights=10)
    await bench.desire(grant)
    await bench.withdraw(grant.id)
    assert await key(bench, grant) == GrantDelivery(GrantPlace.GONE, None)


async def test_companions_go_with_their_booker(bench: Bench) -> None:
    booker = bench.place.grant(nights=10)
    made = bench.place.grant(nights=10, parent=booker.id, pin=None)
    companion = replace(made, role=Role.COMPANION, stay_id=uuid4())
    await hold(bench, booker)
    await hold(bench, companion)
    await bench.withdraw(booker.id)
    assert (await key(bench, companion)).worst_case == companion.ends
    await settled(bench, companion, GrantPlace.GONE)


@pytest.mark.parametrize(
    ("begins", "checked_in", "is_bounded"),
    [(DAY, False, False), (5 * DAY, False, True), (5 * DAY, True, False), (-DAY, False, False)],
    ids=["arrives_within_the_lease", "arrives_after_it", "checked_in", "inside"],
)
async def test_the_lease_bounds_only_who_cannot_have_begun_before_its_end(
    bench: Bench, begins: timedelta, *, checked_in: bool, is_bounded: bool
) -> None:
    made = bench.place.grant(starts=NOON + begins, nights=30, pin=None, checked_in=checked_in)
    grant = replace(made, stay_id=uuid4())
    await hold(bench, grant)
    await bench.withdraw(grant.id)
    assert await shown(bench, grant) == (NOON + LEASE if is_bounded else grant.ends)


async def test_a_pin_knows_of_no_lease(bench: Bench) -> None:
    grant = replace(bench.place.grant(starts=NOON + 5 * DAY, nights=30), stay_id=uuid4())
    await hold(bench, grant)
    await bench.withdraw(grant.id)
    assert await shown(bench, grant) == grant.ends


async def test_who_works_here_is_honoured_for_a_lease_at_most(bench: Bench) -> None:
    grant = replace(bench.place.grant(nights=30, pin=None), role=Role.STAFF)
    await hold(bench, grant)
    await bench.withdraw(grant.id)
    assert await shown(bench, grant) == NOON + LEASE


async def test_renewals_that_name_a_revocation_do_not_make_the_old_lease_longer(
    bench: Bench,
) -> None:
    grant = replace(bench.place.grant(nights=30, pin=None), role=Role.STAFF)
    await hold(bench, grant)
    await bench.withdraw(grant.id)
    for _ in range(4):
        await bench.build()
        assert await shown(bench, grant) == NOON + LEASE
        bench.clock.forward(timedelta(hours=13))


async def test_what_was_heard_is_forgotten_and_what_was_not_is_kept(bench: Bench) -> None:
    heard, unheard = bench.place.grant(nights=60), bench.place.grant(nights=60)
    await hold(bench, heard)
    await hold(bench, unheard)
    await bench.desire(replace(heard, generation=2))
    await settled(bench, heard, GrantPlace.HELD)
    await bench.desire(replace(unheard, generation=2))
    await bench.build()
    async with bench.database.transaction() as session:
        await forget_heard(session, before=NOON)
    assert await bench.value("SELECT count(*) FROM fleet_issued") == 3
    assert await shown(bench, unheard) == unheard.ends
