"""How is the vendor asked what happens in town, never more often than it allows?

`take` hands out requests, not searches: each is counted in its key's budget before it goes, in the
transaction that leases its search, so no number of workers, towns or organisations with one key
exceeds it. `note` moves the search on to its next page.
"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row

from cloud_api.kit.db import Session
from cloud_api.kit.errands import AnyErrand, Errand
from cloud_api.kit.jobs import Tools
from cloud_api.kit.outgoing import Outgoing
from cloud_api.pricing.demand import repository, rules
from cloud_api.pricing.demand.budgets import repository as budgets
from cloud_api.pricing.demand.management import key_place
from cloud_api.pricing.demand.models import BudgetRow, DemandSettingsRow, SearchRow
from cloud_api.pricing.demand.ports import Teller
from cloud_api.pricing.demand.registry import TELLER
from cloud_api.pricing.demand.types import Cursor, Question, Told, Trouble, Untold

ASK = "pricing.ask_demand"
_EVERY = timedelta(seconds=2)
# Longer than a request may last.
_LEASE = timedelta(minutes=2)
_LONGEST_WAIT = timedelta(hours=6)


def errands_of(outgoing: Outgoing, teller: Teller = TELLER) -> tuple[AnyErrand, ...]:
    """All that demand asks the outside."""

    async def run(question: Question, tools: Tools) -> Told | Untold:
        return await teller(outgoing, question, now=tools.clock.utc_now())

    return (Errand(ASK, take, run, note, every=_EVERY),)


async def take(session: Session, tools: Tools) -> Sequence[Question]:
    """The requests that may go now, all counted."""
    now = tools.clock.utc_now()
    found: list[Question] = []
    for key_mark in await budgets.keys_with_work(session, now=now):
        budget = await budgets.budget(session, key_mark, day=now.date())
        if budget is not None:
            found += await _granted(session, budget, tools, now=now)
    return found


async def note(session: Session, question: Question, result: Told | Untold, tools: Tools) -> None:
    """Keep what was told, and say what is asked next, and when."""
    now = tools.clock.utc_now()
    search = await budgets.search(session, question.search_id)
    budget = await budgets.budget_to_note(session, question.key_mark, day=now.date())
    _heed(budget, result)
    settings = await repository.settings(session, question.organisation_id, lock=True)
    if search is None or settings is None:
        return
    search.leased_until = None
    if isinstance(result, Untold):
        settings.last_trouble = result.trouble
        _later(search, result, now=now)
    else:
        settings.last_trouble, settings.last_success_at = "", now
        await _keep(session, question, result, settings, now=now)
        await _move_on(session, search, question, result, budget, now=now)
    await session.flush()


async def _granted(
    session: Session, budget: BudgetRow, tools: Tools, *, now: datetime
) -> list[Question]:
    if budget.closed_until is not None and now < budget.closed_until:
        return []
    most = rules.may_go(
        used=budget.used, limit=budget.daily_limit, granted_at=budget.granted_at, now=now
    )
    if most == 0:
        return []
    rows = await budgets.take(session, budget.key_mark, most=most, now=now, lease=_LEASE)
    if rows:
        budget.used += len(rows)
        budget.granted_at = now
    await session.flush()
    return [_question(row, tools, now=now) for row in rows]


def _question(row: Row[Any], tools: Tools, *, now: datetime) -> Question:
    cursor = (
        rules.beginning(now.date(), row.horizon_days)
        if row.first is None
        else Cursor(row.first, row.until, row.end_day, row.page)
    )
    return Question(
        search_id=row.id,
        organisation_id=row.organisation_id,
        place_id=row.place_id,
        cursor=cursor,
        api_key=tools.vault.unlock(row.api_key, context=key_place(row.organisation_id)),
        key_mark=bytes(row.key_mark),
        city=row.city,
        country=row.country,
        vendor_venue_id=row.vendor_venue_id,
    )


def _heed(budget: BudgetRow, result: Told | Untold) -> None:
    """What the vendor has counted is true; we may have counted more, never less."""
    told = result.allowance
    if told.limit is not None and told.limit > 0:
        budget.daily_limit = told.limit
        if told.left is not None:
            budget.used = max(budget.used, told.limit - told.left)
    if told.closed_until is not None:
        budget.closed_until = told.closed_until


def _later(search: SearchRow, result: Untold, *, now: datetime) -> None:
    search.failures += 1
    wait = min(rules.SOONEST_AGAIN * search.failures, _LONGEST_WAIT)
    closed = result.allowance.closed_until
    if result.trouble is Trouble.TOO_MANY and closed is not None:
        wait = closed - now
    search.due_at = now + wait


async def _keep(
    session: Session,
    question: Question,
    told: Told,
    settings: DemandSettingsRow,
    *,
    now: datetime,
) -> None:
    numbers = repository.numbers_of(settings)
    venues = await repository.venues_of(session, question.organisation_id, question.place_id)
    found = [(each, rules.opinion(each, venues, numbers, now=now)) for each in told.happenings]
    await repository.keep(session, question.organisation_id, question.place_id, found, now=now)


async def _move_on(
    session: Session,
    search: SearchRow,
    question: Question,
    told: Told,
    budget: BudgetRow,
    *,
    now: datetime,
) -> None:
    search.failures = 0
    cursor = rules.step(question.cursor, told)
    if cursor is None:
        search.first = search.until = search.end_day = None
        search.page, search.cost, search.asked = 0, max(1, search.asked), 0
        await session.flush()
        cost = await budgets.cost_of_all(session, question.key_mark)
        search.due_at = now + rules.again_after(cost, budget.daily_limit)
        return
    search.first, search.until, search.end_day = cursor.first, cursor.until, cursor.end
    search.page, search.due_at = cursor.page, now
