"""Is a balance always its ledger's sum and never below zero, whatever happens in which order?"""

from collections.abc import Sequence
from datetime import date, timedelta
from uuid import UUID, uuid4

from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud_api.crm.loyalty import repository, rules, service
from cloud_api.crm.loyalty.errors import PointsShort
from cloud_api.crm.loyalty.service import Stay
from cloud_api.crm.loyalty.types import EntryKind, Member, Movement, Settings
from cloud_api.kit.db import Database
from cloud_api.kit.money import Money
from tests.builders import HandClock
from tests.cloud_api.crm.stage import Club

SOL = Money(100, "PEN")
minors = st.integers(0, 10_000_000)
steps = st.lists(
    st.one_of(
        st.tuples(st.just("stay"), st.integers(0, 500_000)),
        st.tuples(st.just("redeem"), st.integers(1, 300)),
        st.tuples(st.just("refund"), st.integers(0, 3)),
        st.tuples(st.just("adjust"), st.integers(-200, 200).filter(bool)),
        st.tuples(st.just("days"), st.integers(1, 400)),
        st.tuples(st.just("expire"), st.just(0)),
    ),
    max_size=12,
)


async def test_the_ledgers_sum_is_the_balance_under_any_sequence(club: Club) -> None:
    guest, referrer = await club.client(), await club.client("Bea Ramos")
    await club.refer(referrer, guest)
    database, mine = club.desk.database, club.desk.hotel.organisation_id
    clock = HandClock(club.desk.clock.now)

    @settings(
        max_examples=15, suppress_health_check=[HealthCheck.too_slow], deadline=None, database=None
    )
    @given(steps)
    def any_sequence(_wanted: Sequence[tuple[str, int]]) -> None:
        seen.append(_wanted)

    seen: list[Sequence[tuple[str, int]]] = []
    any_sequence()
    for sequence in seen:
        life = Life(database, mine, UUID(guest), clock)
        for what, number in sequence:
            await life.happens(what, number)
            await life.holds()


class Life:
    """One guest's points: each step is a transaction, as the doors would make it."""

    def __init__(
        self, database: Database, organisation_id: UUID, client_id: UUID, clock: HandClock
    ) -> None:
        self.database, self.mine, self.client_id, self.clock = (
            database,
            organisation_id,
            client_id,
            clock,
        )
        self.redeemed: list[UUID] = []

    async def happens(self, what: str, number: int) -> None:
        now = self.clock.now
        if what == "days":
            self.clock.advance(timedelta(days=number))
            return
        async with self.database.transaction() as session:
            if what == "stay":
                stay = Stay(
                    uuid4(),
                    self.mine,
                    self.client_id,
                    "stay",
                    "web",
                    Money(number, "PEN"),
                    now.date(),
                )
                await service.earn(session, stay, now=now)
                await service.earn(session, stay, now=now)
            elif what == "expire":
                await service.expire(session, now=now)
            elif what == "refund" and number < len(self.redeemed):
                await service.refund(session, self.mine, self.redeemed[number], now=now)
            elif what in {"redeem", "adjust"}:
                await self._move(session, what, number)

    async def _move(self, session: object, what: str, number: int) -> None:
        now, reservation_id = self.clock.now, uuid4()
        points = -number if what == "redeem" else number
        movement = Movement(
            EntryKind.REDEEMED if what == "redeem" else EntryKind.ADJUSTED,
            points,
            f"{what}:{reservation_id}",
            reservation_id=reservation_id,
            worth=Money(number * 100, "PEN") if what == "redeem" else None,
        )
        owner = await service.member(session, self.mine, self.client_id)  # type: ignore[arg-type] # the session of a door
        try:
            await service.move(session, owner, movement, now=now)  # type: ignore[arg-type] # as above
        except PointsShort:
            return
        if what == "redeem":
            self.redeemed.append(reservation_id)

    async def holds(self) -> None:
        """Balance = sum, never below zero, at every member."""
        async with self.database.transaction() as session:
            for each in await repository.members(session, self.mine):
                member = await repository.find(session, self.mine, each)
                rows = await repository.page_for_export(session, self.mine, each)
                assert member is not None
                assert member.balance == sum(row.points for row in rows) >= 0


@given(minors, st.integers(0, 10_000))
def test_points_are_the_nearest_whole_number_of_the_share(minor: int, percent: int) -> None:
    from decimal import Decimal  # noqa: PLC0415 - here alone

    share = Decimal(percent) / 100
    found = rules.points_for(Money(minor, "PEN"), share, SOL)
    assert found >= 0
    assert abs(Decimal(found) * 100 - Decimal(minor) * share / 100) <= 50


@given(st.integers(0, 1000), st.integers(-1000, 1000), st.integers(-400, 400))
def test_nothing_fits_that_leaves_less_than_nothing(balance: int, points: int, days: int) -> None:
    today = date(2030, 1, 1)
    member = Member(uuid4(), uuid4(), None, None, balance, today + timedelta(days=days))
    movement = Movement(EntryKind.ADJUSTED, points, "x")
    assert rules.fits(member, movement, today=today) == (member.available(today) + points >= 0)
    assert member.available(today) == (balance if days > 0 else 0)


@given(st.dates(date(2020, 1, 1), date(2040, 1, 1)), st.dates(date(2020, 1, 1), date(2040, 1, 1)))
def test_a_new_stay_never_makes_points_end_earlier(known: date, check_out: date) -> None:
    ends = rules.later(known, check_out, Settings())
    assert ends >= max(known, check_out + timedelta(days=365))
