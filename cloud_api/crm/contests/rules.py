"""Who may take part, and who leads? Values in, values out."""

import re
import unicodedata
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import replace
from datetime import datetime
from typing import Final
from uuid import UUID

from cloud_api.crm.contests.types import (
    Candidate,
    ContestStatus,
    EntryStatus,
    Lead,
    Refusal,
    Terms,
)

NO_SLUG: Final = "evento"
_LONGEST_SLUG: Final = 80
_CANCELLABLE: Final = frozenset({EntryStatus.PENDING, EntryStatus.APPROVED})
_WANT_EVIDENCE: Final = frozenset({EntryStatus.INCOMPLETE, EntryStatus.PENDING})


def refusals(
    terms: Terms, candidate: Candidate, *, approved: int, now: datetime
) -> tuple[Refusal, ...]:
    """Why somebody cannot register, all of it; empty where they can."""
    return (*_of_event(terms, approved=approved, now=now), *_of_person(terms, candidate))


def first_status(terms: Terms) -> EntryStatus:
    """Where a registration begins."""
    return EntryStatus.INCOMPLETE if terms.needs_evidence else EntryStatus.APPROVED


def can_show_evidence(status: EntryStatus) -> bool:
    """Whether evidence is taken, the first or instead of another."""
    return status in _WANT_EVIDENCE


def can_decide(status: EntryStatus) -> bool:
    """Whether staff may approve or reject."""
    return status is EntryStatus.PENDING


def can_cancel(status: EntryStatus, starts_at: datetime, *, now: datetime) -> bool:
    """Whether who takes part may leave: before the event."""
    return status in _CANCELLABLE and now < starts_at


def is_full(terms: Terms, approved: int) -> bool:
    """Whether nobody more can be approved."""
    return terms.capacity is not None and approved >= terms.capacity


def leaderboard(entries: Mapping[UUID, datetime], scores: Mapping[UUID, int]) -> list[Lead]:
    """Everybody approved, zeros too, the most first; who registered first leads among equals."""
    leads = [Lead(who, scores.get(who, 0), at) for who, at in entries.items()]
    leads.sort(key=lambda each: (-each.score, each.registered_at, str(each.client_id)))
    return [replace(each, position=place) for place, each in enumerate(leads, start=1)]


def slugs(title: str) -> Iterator[str]:
    """Slugs to try: the title's own, then numbered from 1 on, without end."""
    plain = unicodedata.normalize("NFKD", title).encode("ascii", "ignore").decode().lower()
    base = re.sub(r"[^a-z0-9]+", "-", plain).strip("-")[:_LONGEST_SLUG].strip("-") or NO_SLUG
    yield base
    number = 0
    while True:
        number += 1
        yield f"{base}-{number}"


def _of_event(terms: Terms, *, approved: int, now: datetime) -> Iterable[Refusal]:
    checks = {
        Refusal.INACTIVE: not terms.active,
        Refusal.NOT_PUBLISHED: terms.status is not ContestStatus.PUBLISHED,
        Refusal.DEADLINE_PASSED: now >= terms.deadline,
        Refusal.FULL: is_full(terms, approved),
    }
    return [reason for reason, holds in checks.items() if holds]


def _of_person(terms: Terms, candidate: Candidate) -> Iterable[Refusal]:
    again = candidate.entry not in {None, EntryStatus.CANCELLED}
    wanted = terms.achievement_ids
    checks = {
        Refusal.REGISTERED_ALREADY: again,
        Refusal.POINTS_MISSING: candidate.points < terms.min_points,
        Refusal.FACEBOOK_NOT_LINKED: terms.needs_facebook and not candidate.facebook_linked,
        Refusal.NEVER_STAYED: terms.needs_stay and candidate.stays < 1,
        Refusal.ACHIEVEMENT_MISSING: bool(wanted) and not wanted & candidate.achievements,
    }
    return [reason for reason, holds in checks.items() if holds]
