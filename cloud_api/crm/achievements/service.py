"""Who has reached what, judged anew after each change, and what do discounts learn of it?"""

from collections.abc import Collection, Iterable
from datetime import datetime
from itertools import batched
from uuid import UUID

from cloud_api.crm.achievements import repository, rules
from cloud_api.crm.achievements.events import (
    AchievementGranted,
    AchievementReturned,
    AchievementRevoked,
    AwardEvent,
)
from cloud_api.crm.achievements.repository import Pairs
from cloud_api.crm.achievements.rules import Verdict
from cloud_api.crm.achievements.types import Achievement, Reached
from cloud_api.crm.loyalty import service as loyalty
from cloud_api.kit.db import Session
from cloud_api.kit.events import publish
from cloud_api.pricing.discounts.types import ClientFacts
from cloud_api.reservations.tally import service as tally
from cloud_api.reservations.tally.service import Tally

_AT_ONCE = 500


async def reached(
    session: Session, organisation_id: UUID, client_ids: Collection[UUID]
) -> dict[UUID, Reached]:
    """What each of these people has reached: three statements, however many they are."""
    brought: dict[UUID, list[UUID]] = {each: [] for each in client_ids}
    for referrer, referred, _ in await loyalty.referred(session, organisation_id, set(client_ids)):
        brought[referrer].append(referred)
    everybody = set(client_ids).union(*brought.values())
    counted = await tally.tallies(session, organisation_id, sorted(everybody))
    none = Tally()
    return {
        each: Reached(
            booked=counted.get(each, none).booked,
            stays=counted.get(each, none).approved,
            referrals=len(brought[each]),
            referred_stays=sum(counted.get(one, none).approved for one in brought[each]),
        )
        for each in client_ids
    }


async def review(
    session: Session, organisation_id: UUID, client_ids: Collection[UUID], *, now: datetime
) -> None:
    """Grant, give again and take back what these people have reached; twice is once.

    Their members' rows are locked first, so that of two judgements at once the later one sees
    what the earlier saw, and more.
    """
    achievements = await repository.all_of(session, organisation_id)
    if not achievements or not client_ids:
        return
    for each in sorted(client_ids):
        await loyalty.member(session, organisation_id, each)
    await loyalty.lock(session, organisation_id, set(client_ids))
    standing = await reached(session, organisation_id, client_ids)
    awards = await repository.awards(session, organisation_id, client_ids)
    verdicts = {
        client: rules.judge(
            standing[client], achievements, [each for each in awards if each.client_id == client]
        )
        for client in client_ids
    }
    await _apply(session, organisation_id, verdicts, now=now)


async def review_with_referrer(
    session: Session, organisation_id: UUID, client_id: UUID, *, now: datetime
) -> None:
    """Judge somebody, and who referred them."""
    member = await loyalty.member(session, organisation_id, client_id)
    people = {client_id} if member.referred_by is None else {client_id, member.referred_by}
    await review(session, organisation_id, people, now=now)


async def review_all(session: Session, organisation_id: UUID, *, now: datetime) -> None:
    """Judge everybody who has stayed or is a member."""
    stayed = await tally.guests(session, organisation_id)
    members = await loyalty.members(session, organisation_id)
    for some in batched(sorted({*stayed, *members}), _AT_ONCE, strict=False):
        await review(session, organisation_id, set(some), now=now)


async def held(
    session: Session, organisation_id: UUID, client_ids: Collection[UUID]
) -> dict[UUID, list[Achievement]]:
    """What each of these people has now, active achievements only, in their order."""
    known = await repository.all_of(session, organisation_id)
    awards = await repository.awards(session, organisation_id, client_ids)
    found = {(each.client_id, each.achievement_id) for each in awards if each.held}
    return {
        client: [each for each in known if each.active and (client, each.id) in found]
        for client in client_ids
    }


async def names(session: Session, organisation_id: UUID) -> dict[UUID, str]:
    """What an organisation's achievements are called."""
    return {each.id: each.name for each in await repository.all_of(session, organisation_id)}


async def level(session: Session, organisation_id: UUID, client_id: UUID) -> Achievement | None:
    """The highest achievement somebody has."""
    return rules.highest((await held(session, organisation_id, [client_id]))[client_id])


async def facts_for_discounts(
    session: Session, organisation_id: UUID, client_id: UUID
) -> ClientFacts:
    """What a quote has to know of a guest; the birth month is for another room to add."""
    member = await loyalty.find(session, organisation_id, client_id)
    referrer = None if member is None else member.referred_by
    people = [client_id] if referrer is None else [client_id, referrer]
    own = (await reached(session, organisation_id, [client_id]))[client_id]
    have = await held(session, organisation_id, people)
    top = None if referrer is None else rules.highest(have[referrer])
    return ClientFacts(
        client_id=client_id,
        reservations=own.booked,
        approved_stays=own.stays,
        achievements=frozenset(each.id for each in have[client_id]),
        referrer_level=None if top is None else top.id,
    )


async def _apply(
    session: Session, organisation_id: UUID, verdicts: dict[UUID, Verdict], *, now: datetime
) -> None:
    granted = _pairs((client, each.granted) for client, each in verdicts.items())
    returned = _pairs((client, each.returned) for client, each in verdicts.items())
    revoked = _pairs((client, each.revoked) for client, each in verdicts.items())
    if granted or returned:
        await repository.award(session, organisation_id, [*granted, *returned], at=now)
    if revoked:
        await repository.revoke(session, organisation_id, revoked, at=now)
    await _tell(session, organisation_id, AchievementGranted, granted)
    await _tell(session, organisation_id, AchievementReturned, returned)
    await _tell(session, organisation_id, AchievementRevoked, revoked)


def _pairs(found: Iterable[tuple[UUID, frozenset[UUID]]]) -> list[tuple[UUID, UUID]]:
    return [(client, each) for client, some in found for each in sorted(some)]


async def _tell(
    session: Session, organisation_id: UUID, kind: type[AwardEvent], pairs: Pairs
) -> None:
    for client, achievement in pairs:
        event = kind(organisation_id=organisation_id, client_id=client, achievement_id=achievement)
        await publish(session, event, organisation_id=organisation_id)
