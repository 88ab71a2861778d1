"""May this be done now? The only answer in the house.

Checked in this order: is there a book, is the grant alive, has it the right, is it the time. A
delegation is its parent narrowed: everything is asked of the parent too, at every use.
"""

from dataclasses import replace

from edge_agent.policy.model import Allowed, Book, Denied, Time, Verdict, Wish
from edge_agent.policy.reasons import through_parent
from edge_agent.policy.windows import by_the_least, closed, lease_over
from protocol.access import DELEGABLE, Delegation, Grant, Refusal, Right, Role, Verb
from protocol.facts import Via
from protocol.house import Snapshot
from protocol.ids import GrantId

_DEEPEST = 4
"""Grants hang on a parent, rarely on its parent; more is a loop or a mistake."""

_GUESTS = frozenset({Role.GUEST, Role.COMPANION})


def decide(book: Book, wish: Wish, time: Time) -> Verdict:
    """Allowed, or denied with the reason. Nothing is remembered, nothing is asked of the world."""
    if book.snapshot is None:
        return Denied(Refusal.NO_BOOK)
    holder = book.grants.get(wish.grant) or book.delegations.get(wish.grant)
    if holder is None:
        gone = wish.grant in book.revoked
        return Denied(Refusal.REVOKED if gone else Refusal.UNKNOWN_GRANT)
    role = holder.role if isinstance(holder, Grant) else Role.COMPANION
    if wish.via is Via.HOST_OVERRIDE:
        refusal = _override(book, book.snapshot, holder, wish.right, time)
    else:
        refusal = _holder(book, book.snapshot, holder, wish.right, time)
    return Allowed(role) if refusal is None else Denied(refusal, role)


def alive(book: Book, grant: GrantId, time: Time) -> Refusal | None:
    """Why the grant is of no use at all now, whatever its rights; None when it is of use."""
    if book.snapshot is None:
        return Refusal.NO_BOOK
    holder = book.grants.get(grant) or book.delegations.get(grant)
    if holder is None:
        return Refusal.REVOKED if grant in book.revoked else Refusal.UNKNOWN_GRANT
    return _life(book, book.snapshot, holder, time)


def _override(
    book: Book, snapshot: Snapshot, holder: Grant | Delegation, right: Right, time: Time
) -> Refusal | None:
    """A host may open with unknown time; the right to it is asked like any other, on record."""
    if str(Right(Verb.ACCESS_OVERRIDE)) not in holder.rights:
        return Refusal.NO_SUCH_RIGHT
    return _holder(book, snapshot, holder, right, by_the_least(time))


def _holder(
    book: Book, snapshot: Snapshot, holder: Grant | Delegation, right: Right, time: Time
) -> Refusal | None:
    lacking = _lacks(book, holder, right)
    dead = _life(book, snapshot, holder, time)
    return Refusal.REVOKED if dead is Refusal.REVOKED else lacking or dead


def _lacks(book: Book, holder: Grant | Delegation, right: Right) -> Refusal | None:
    if str(right) not in holder.rights:
        return Refusal.NO_SUCH_RIGHT
    if isinstance(holder, Grant):
        return None
    if right.verb not in DELEGABLE:
        return Refusal.NOT_DELEGABLE
    parent = book.grants.get(holder.parent)
    if parent is not None and not parent.has(right):
        return Refusal.NO_SUCH_RIGHT
    return None


def _life(book: Book, snapshot: Snapshot, holder: Grant | Delegation, time: Time) -> Refusal | None:
    """Revocation, parents, window, lease: in this order."""
    line, broken = _line(book, holder)
    if any(each.id in book.revoked for each in line):
        return Refusal.REVOKED
    if broken is not None:
        return broken
    if isinstance(holder, Delegation) and _rank(book, holder) >= _cap(book, holder):
        return Refusal.TOO_MANY_DELEGATIONS
    for each in line:
        shut = closed(each.window, time)
        if shut is not None:
            return shut if each is holder else through_parent(shut)
    return None if _honoured(book, line) else lease_over(snapshot.lease_until, time)


def _line(
    book: Book, holder: Grant | Delegation
) -> tuple[list[Grant | Delegation], Refusal | None]:
    """The holder and all it hangs on, and why that line is broken, if it is."""
    line: list[Grant | Delegation] = [holder]
    parent = holder.parent
    while parent is not None:
        above = book.grants.get(parent)
        if above is None or len(line) > _DEEPEST:
            gone = parent in book.revoked
            return line, Refusal.REVOKED if gone else through_parent(Refusal.UNKNOWN_GRANT)
        line.append(above)
        parent = above.parent
    return line, None


def _honoured(book: Book, line: list[Grant | Delegation]) -> bool:
    """A guest's stay that has begun lasts to its end; who works here lives under the lease.

    Begun by the cloud's mark, or by first use on our record.
    """
    grants = [each for each in line if isinstance(each, Grant)]
    of_guests = all(each.role in _GUESTS and each.stay is not None for each in grants)
    return of_guests and any(each.checked_in or each.id in book.arrived for each in grants)


def _rank(book: Book, delegation: Delegation) -> int:
    """Its place among all of its parent's; a revoked one keeps its place, so none moves up."""
    older = (delegation.made_at, delegation.id)
    return sum(
        1
        for each in book.delegations.values()
        if each.parent == delegation.parent and (each.made_at, each.id) < older
    )


def _cap(book: Book, delegation: Delegation) -> int:
    return book.grants[delegation.parent].max_delegations


def with_delegation(book: Book, delegation: Delegation) -> Book:
    """The book with one more delegation."""
    return replace(book, delegations={**book.delegations, delegation.id: delegation})
