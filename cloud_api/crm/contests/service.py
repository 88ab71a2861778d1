"""How does somebody take part, show evidence, leave, lead and win?"""

from collections import Counter
from collections.abc import Sequence
from datetime import UTC, datetime
from uuid import UUID

from cloud_api.crm.achievements import service as achievements
from cloud_api.crm.contests import repository, rules
from cloud_api.crm.contests.errors import (
    ContestFull,
    ContestInvalid,
    EntryRefused,
    EntryState,
    EvidenceRefused,
)
from cloud_api.crm.contests.events import EntryDecided, WinnerAnnounced
from cloud_api.crm.contests.models import ContestEntryRow, ContestRow
from cloud_api.crm.contests.schemas import ContestIn, ContestPatch, PrizeIn
from cloud_api.crm.contests.types import Candidate, Counts, EntryStatus, Lead, Refusal, Terms
from cloud_api.crm.loyalty import service as loyalty
from cloud_api.files import service as files
from cloud_api.files.types import MEGABYTE, Purpose
from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.events import publish
from cloud_api.kit.ids import new_id
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from cloud_api.reservations.tally import service as tally
from cloud_api.reservations.tally.service import Since

_MOST_EVIDENCE = 10 * MEGABYTE
_PDF = b"%PDF-"
_BATCH = 200


async def create(session: Session, scope: Scope, wanted: ContestIn) -> ContestRow:
    """A new event, under a slug of its title. Raises ContestInvalid."""
    values = wanted.model_dump()
    values["winners_on"] = wanted.winners_on or wanted.starts_at.astimezone(UTC).date()
    row = ContestRow(id=new_id(), organisation_id=scope.organisation_id, **values)
    await _check(session, scope, row)
    row.slug = await _free_slug(session, scope.organisation_id, wanted.title)
    session.add(row)
    await session.flush()
    return row


async def change(
    session: Session, scope: Scope, row: ContestRow, patch: ContestPatch
) -> ContestRow:
    """Apply a patch to a locked event. Raises ContestInvalid."""
    for name in patch.model_fields_set:
        setattr(row, name, getattr(patch, name))
    await _check(session, scope, row)
    await session.flush()
    return row


async def get(
    session: Session, scope: Scope, contest_id: UUID, *, lock: bool = False
) -> ContestRow:
    """One of the caller's events. Raises NotFound."""
    row = await repository.contest(session, scope, contest_id, lock=lock)
    if row is None:
        raise NotFound
    return row


async def entry(
    session: Session, scope: Scope, contest_id: UUID, entry_id: UUID
) -> ContestEntryRow:
    """One registration, locked. Raises NotFound."""
    row = await repository.entry(session, scope, contest_id, entry_id)
    if row is None:
        raise NotFound
    return row


async def enter(
    session: Session,
    scope: Scope,
    contest_id: UUID,
    client_id: UUID,
    *,
    facebook_linked: bool,
    now: datetime,
) -> ContestEntryRow:
    """Register somebody: incomplete where evidence is wanted, else approved.

    A registration that was cancelled is used again. Achievements are judged first. Raises NotFound
    and EntryRefused. The event's row lock keeps two from taking the last place.
    """
    await achievements.review_with_referrer(session, scope.organisation_id, client_id, now=now)
    contest = await get(session, scope, contest_id, lock=True)
    known = await repository.entry_of(session, scope, contest_id, client_id)
    who = await _candidate(session, scope, client_id, known, facebook_linked, now=now)
    taking = await repository.approved(session, scope.organisation_id, contest_id)
    reasons = rules.refusals(terms_of(contest), who, approved=taking, now=now)
    if reasons:
        raise await _refused(session, scope, contest, client_id, reasons)
    row = known or ContestEntryRow(
        id=new_id(),
        organisation_id=scope.organisation_id,
        contest_id=contest_id,
        client_id=client_id,
    )
    row.status = rules.first_status(terms_of(contest))
    row.registered_at, row.file_id, row.reason = now, None, ""
    session.add(row)
    await session.flush()
    return row


async def show_evidence(
    session: Session,
    vault: Vault,
    row: ContestEntryRow,
    content: bytes,
    media_type: str | None,
) -> ContestEntryRow:
    """Keep a picture of at most 10 MB; staff look at it next.

    Raises EntryState, EvidenceRefused, and what `files.keep` raises for what is no picture.
    """
    if not rules.can_show_evidence(row.status):
        raise EntryState(row.status)
    if len(content) > _MOST_EVIDENCE or content.startswith(_PDF):
        raise EvidenceRefused
    kept = await files.keep(
        session,
        vault,
        organisation_id=row.organisation_id,
        content=content,
        media_type=media_type,
        purpose=Purpose.EVIDENCE,
        delete_after=None,
        name="contest evidence",
        client_id=row.client_id,
    )
    if row.file_id is not None:
        await files.forget(session, organisation_id=row.organisation_id, file_ids=[row.file_id])
    row.file_id, row.status = kept.id, EntryStatus.PENDING
    await session.flush()
    return row


async def decide(
    session: Session, scope: Scope, contest_id: UUID, entry_id: UUID, *, approve: bool, reason: str
) -> ContestEntryRow:
    """Staff say whether the evidence is good. Raises NotFound, EntryState, ContestFull."""
    contest = await get(session, scope, contest_id, lock=True)
    row = await entry(session, scope, contest_id, entry_id)
    if not rules.can_decide(row.status):
        raise EntryState(row.status)
    taking = await repository.approved(session, scope.organisation_id, contest_id)
    if approve and rules.is_full(terms_of(contest), taking):
        raise ContestFull
    row.status = EntryStatus.APPROVED if approve else EntryStatus.REJECTED
    row.reason = reason
    await session.flush()
    event = EntryDecided(
        organisation_id=scope.organisation_id,
        contest_id=contest_id,
        client_id=row.client_id,
        title=contest.title,
        approved=approve,
    )
    await publish(session, event, organisation_id=scope.organisation_id)
    return row


async def cancel(
    session: Session, scope: Scope, contest_id: UUID, entry_id: UUID, *, now: datetime
) -> ContestEntryRow:
    """Who takes part leaves, before the event. Raises NotFound, EntryState."""
    contest = await get(session, scope, contest_id)
    row = await entry(session, scope, contest_id, entry_id)
    if not rules.can_cancel(row.status, contest.starts_at, now=now):
        raise EntryState(row.status)
    row.status, row.winner, row.prize = EntryStatus.CANCELLED, False, ""
    await session.flush()
    return row


async def leaderboard(session: Session, contest: ContestRow) -> list[Lead]:
    """Everybody approved with what they brought from registering until the deadline."""
    takers = await repository.takers(session, contest.organisation_id, contest.id)
    since = {each.client_id: each.registered_at for each in takers}
    return rules.leaderboard(since, await _scores(session, contest, since))


async def choose_winners(
    session: Session, scope: Scope, contest_id: UUID, winners: Sequence[PrizeIn]
) -> None:
    """These and no others win. Raises NotFound, and ContestInvalid for who does not take part."""
    await get(session, scope, contest_id, lock=True)
    takers = await repository.takers(session, scope.organisation_id, contest_id)
    prizes = {each.registration_id: each.prize for each in winners}
    if prizes.keys() - {each.id for each in takers}:
        raise ContestInvalid("a winner does not take part")
    await repository.set_winners(session, scope, contest_id, prizes)


async def announce(session: Session, *, now: datetime) -> list[UUID]:
    """Tell winners whose day (UTC) has come, each once; which registrations they are."""
    due = await repository.due_winners(session, today=now.date(), most=_BATCH)
    for row, contest in due:
        event = WinnerAnnounced(
            organisation_id=row.organisation_id,
            contest_id=contest.id,
            client_id=row.client_id,
            title=contest.title,
            prize=row.prize,
        )
        await publish(session, event, organisation_id=row.organisation_id)
    told = [row.id for row, _ in due]
    if told:
        await repository.mark_told(session, told, at=now)
    return told


def terms_of(row: ContestRow) -> Terms:
    """As the rules read it."""
    return Terms(
        status=row.status,
        active=row.active,
        deadline=row.deadline,
        starts_at=row.starts_at,
        capacity=row.capacity,
        min_points=row.min_points,
        needs_facebook=row.needs_facebook,
        needs_stay=row.needs_stay,
        needs_evidence=row.needs_evidence,
        achievement_ids=frozenset(row.achievement_ids),
    )


async def _scores(
    session: Session, contest: ContestRow, since: dict[UUID, datetime]
) -> Counter[UUID]:
    scores: Counter[UUID] = Counter()
    if contest.counts is None:
        return scores
    links = await loyalty.referred(session, contest.organisation_id, set(since))
    if contest.counts is Counts.REFERRALS:
        scores.update(who for who, _, at in links if since[who] <= at < contest.deadline)
        return scores
    brought_by = {referred: who for who, referred, _ in links}
    people = [Since(referred, since[who]) for referred, who in brought_by.items()]
    for each in await tally.made(session, contest.organisation_id, people, contest.deadline):
        scores[brought_by[each.client_id]] += each.stays
    return scores


async def _candidate(
    session: Session,
    scope: Scope,
    client_id: UUID,
    known: ContestEntryRow | None,
    facebook_linked: bool,  # noqa: FBT001 - private
    *,
    now: datetime,
) -> Candidate:
    mine = scope.organisation_id
    member = await loyalty.member(session, mine, client_id)
    reached = await achievements.reached(session, mine, [client_id])
    held = await achievements.held(session, mine, [client_id])
    return Candidate(
        points=member.available(now.date()),
        stays=reached[client_id].stays,
        facebook_linked=facebook_linked,
        achievements=frozenset(each.id for each in held[client_id]),
        entry=None if known is None else known.status,
    )


async def _refused(
    session: Session,
    scope: Scope,
    contest: ContestRow,
    client_id: UUID,
    reasons: Sequence[Refusal],
) -> EntryRefused:
    if Refusal.ACHIEVEMENT_MISSING not in reasons:
        return EntryRefused(reasons)
    level = await achievements.level(session, scope.organisation_id, client_id)
    names = await achievements.names(session, scope.organisation_id)
    wanted = next((names[each] for each in contest.achievement_ids if each in names), None)
    return EntryRefused(reasons, level=None if level is None else level.name, wanted=wanted)


async def _check(session: Session, scope: Scope, row: ContestRow) -> None:
    if row.deadline > row.starts_at:
        raise ContestInvalid("the deadline is after the event")
    if row.category_id is not None and not await repository.category(
        session, scope, row.category_id
    ):
        raise ContestInvalid("there is no such category")
    if set(row.achievement_ids) - (await achievements.names(session, scope.organisation_id)).keys():
        raise ContestInvalid("there is no such achievement")


async def _free_slug(session: Session, organisation_id: UUID, title: str) -> str:
    for slug in rules.slugs(title):
        if not await repository.slug_taken(session, organisation_id, slug):
            return slug
    raise RuntimeError("slugs never end")
