"""Whatever is charged, paid, taken back and given back: a folio sums to nothing."""

import asyncio

import psycopg
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloud_api.kit.errors import Problem
from cloud_api.kit.money import Money
from cloud_api.payments import service
from cloud_api.payments.errors import CurrencyError
from cloud_api.payments.types import ChargeLine, Folio, PaymentWish, ProviderName
from tests.cloud_api.payments.stage import Till, soles

STEP = st.one_of(
    st.tuples(st.just("charge"), st.integers(-20_000, 40_000), st.integers(0, 5)),
    st.tuples(st.just("cancel"), st.just(0), st.integers(0, 5)),
    st.tuples(st.just("desk"), st.integers(-5, 60_000), st.just(0)),
    st.tuples(st.just("page"), st.integers(1, 60_000), st.integers(0, 3)),
    st.tuples(st.just("refund"), st.integers(-5, 60_000), st.integers(0, 3)),
    st.tuples(st.just("console"), st.integers(1, 9_000), st.integers(0, 3)),
    st.tuples(st.just("dispute"), st.just(0), st.integers(0, 3)),
    st.tuples(st.just("close"), st.just(0), st.integers(0, 1)),
)


async def do(till: Till, folio: Folio, step: tuple[str, int, int]) -> None:
    """One step; a refusal is as good as a deed."""
    what, minor, which = step
    if what in {"page", "console", "dispute"}:
        await _at_the_vendor(till, folio, what, minor, which)
        return
    try:
        async with till.database.transaction() as session:
            if what == "charge":
                line = ChargeLine(f"line {which}", "extra", "", Money(minor, "PEN"))
                await service.charge(session, folio, [line])
            elif what == "cancel":
                await service.cancel_charges(
                    session, folio, because="x", keys=[f"line {which}"] if which else None
                )
            elif what == "desk":
                wish = PaymentWish(ProviderName.MANUAL, Money(minor, "PEN"), received=True)
                await service.begin_payment(session, folio, wish, till.tools, by="test")
            elif what == "refund":
                amount = Money(minor, "PEN")
                await service.give_back(
                    session, folio, amount, reason="x", tools=till.tools, by="test"
                )
            elif which:
                await service.close_folio(session, folio, because="x")
            else:
                await service.reopen_folio(session, folio)
    except Problem:
        return


async def _at_the_vendor(till: Till, folio: Folio, what: str, minor: int, which: int) -> None:
    if what == "page":
        wish = PaymentWish(ProviderName.MERCADO_PAGO, Money(minor, "PEN"))
        try:
            async with till.database.transaction() as session:
                made = await service.begin_payment(session, folio, wish, till.tools, by="test")
        except Problem:
            return
        await till.work("payments.begin")
        [preference] = [
            each for each in till.vendor.preferences.values() if each.reference == made.reference
        ]
        status = "rejected" if which == 0 else "approved"
        payment = till.vendor.pay(preference.id, status=status)
        if which != 1:
            await till.bring(till.vendor.notice(payment))
        return
    rows = await till.sql("SELECT reference FROM payments WHERE folio_id = :id", id=folio.id)
    ours = {row.reference for row in rows}
    paid = [p for p in till.vendor.payments.values() if p.reference in ours]
    if len(paid) > which and paid[which].status == "approved":
        payment = paid[which]
        if what == "dispute":
            till.vendor.turn(payment, "charged_back")
        elif soles(minor) <= payment.amount - payment.refunded:
            till.vendor.give_back(payment, soles(minor))


async def _check(till: Till, folio: Folio) -> None:
    assert await till.sums(folio) == 0
    balance = (await till.folio(folio)).balance
    rows = await till.sql(
        "SELECT coalesce(sum(received_minor), 0) AS came, coalesce(sum(refunded_minor), 0) AS went"
        " FROM payments WHERE folio_id = :id",
        id=folio.id,
    )
    assert (balance.paid.minor, balance.refunded.minor) == (rows[0].came, rows[0].went)
    told = await till.sql(
        "SELECT count(*) AS n FROM events_outbox WHERE name = 'payments.paid_in_full'"
        " AND payload ->> 'folio_id' = :id",
        id=str(folio.id),
    )
    assert told[0].n <= 1


async def test_a_folio_sums_to_nothing_after_any_sequence(till: Till) -> None:
    loop = asyncio.get_running_loop()

    async def story(steps: list[tuple[str, int, int]]) -> None:
        folio = await till.open(30_000)
        for step in steps:
            await do(till, folio, step)
            await _check(till, folio)
        await till.work()
        await till.reconcile()
        await _check(till, folio)

    @given(st.lists(STEP, min_size=1, max_size=8))
    @settings(
        max_examples=40, deadline=None, suppress_health_check=list(HealthCheck), database=None
    )
    def stories(steps: list[tuple[str, int, int]]) -> None:
        asyncio.run_coroutine_threadsafe(story(steps), loop).result()

    await asyncio.to_thread(stories)


async def test_the_database_itself_keeps_a_folio_in_one_currency(
    till: Till, owner_dsn: str
) -> None:
    folio = await till.open()
    line = ChargeLine("x", "x", "", Money(1, "USD"))
    async with till.database.transaction() as session:
        with pytest.raises(CurrencyError):
            await service.charge(session, folio, [line])
    with psycopg.connect(owner_dsn, autocommit=True) as connection:
        with pytest.raises(psycopg.errors.ForeignKeyViolation):
            connection.execute(
                "INSERT INTO folio_lines (id, organisation_id, folio_id, currency, kind, key,"
                " amount_minor) SELECT gen_random_uuid(), organisation_id, id, 'USD', 'charge',"
                " 'x', 1 FROM folios"
            )
        for statement in ("UPDATE folio_lines SET amount_minor = 1", "DELETE FROM folio_lines"):
            with pytest.raises(psycopg.errors.RaiseException):
                connection.execute(statement.encode())


async def test_charging_and_cancelling_again_changes_nothing(till: Till) -> None:
    folio = await till.open(10_000)
    line = ChargeLine("nights", "night", "again", Money(10_000, "PEN"))
    async with till.database.transaction() as session:
        await service.charge(session, folio, [line, line])
    assert await till.due(folio) == 10_000
    for _ in range(2):
        async with till.database.transaction() as session:
            await service.cancel_charges(session, folio, because="cancelled")
    assert await till.due(folio) == 0
    seen = await till.seen(folio)
    assert [each["amount"]["minor"] for each in seen["lines"]] == [10_000, -10_000]
