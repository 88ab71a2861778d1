"""Which person is this, and for how long do we remember?

A secret is looked up by its hash, so nothing is compared byte by byte. A session hangs on one
grant in one generation and never outlives either.
"""

import asyncio
from datetime import timedelta
from typing import Final

from edge_agent.actions.keeping import KeptSession
from edge_agent.actions.keeping import Sessions as SessionShelf
from edge_agent.actions.limits import Pace
from edge_agent.actions.means import Means
from edge_agent.doorkeeper import Refused, SignedIn
from edge_agent.policy.decide import alive
from edge_agent.policy.model import Book
from edge_agent.policy.reasons import is_final
from protocol.access import Delegation, Grant, Refusal, secret_hash
from protocol.facts import SignedIn as SignedInFact
from protocol.ids import GrantId

LONGEST: Final = timedelta(hours=24)
_A_GRANT = 20
_SIGN_INS_A_MINUTE = 20
_FREE_MISTAKES = 3
_SLOWEST_SECONDS = 5.0
_MAX_WAITING = 50


class Doorstep:
    """Sign in, be recognised, sign out."""

    def __init__(self, means: Means, shelf: SessionShelf) -> None:
        self._means = means
        self._shelf = shelf
        self._wrong = Pace(10_000, 60.0, now=means.time.boot_seconds)
        self._pace = Pace(_SIGN_INS_A_MINUTE, 60.0, now=means.time.boot_seconds)
        self._waiting = 0

    @property
    def wrong_secrets(self) -> int:
        """Tried within the last minute."""
        return self._wrong.count("secret")

    async def sign_in(self, secret: str) -> SignedIn | Refused:
        """A new session for whoever holds this link; a wrong one waits for its answer."""
        digest = secret_hash(secret)
        holder = _holder(self._means.ledger.book, digest)
        if holder is None:
            await self.slow_down()
            return Refused(refusal=Refusal.NOT_SIGNED_IN)
        dead = alive(self._means.ledger.book, holder.id, self._means.time.now())
        if dead is not None and is_final(dead):
            return Refused(refusal=dead)
        if not self._pace.allows(holder.id):
            return Refused(refusal=Refusal.TOO_MANY_OUTSTANDING)
        return self._new_session(holder)

    def sign_out(self, token: str) -> None:
        """Forget the session."""
        self._shelf.drop(secret_hash(token))

    def who(self, token: str) -> Grant | Delegation | Refused:
        """Whose session this is, if it still holds."""
        book, now = self._means.ledger.book, self._means.time.now()
        session = self._shelf.find(secret_hash(token))
        if session is None or now.earliest >= session.expires_at:
            return Refused(refusal=Refusal.NOT_SIGNED_IN)
        holder = book.grants.get(session.grant) or book.delegations.get(session.grant)
        if holder is None:
            refusal = alive(book, session.grant, now) or Refusal.UNKNOWN_GRANT
            return Refused(refusal=refusal)
        if generation(holder) != session.generation:
            return Refused(refusal=Refusal.NOT_SIGNED_IN)
        dead = alive(book, holder.id, now)
        return Refused(refusal=dead) if dead is not None and is_final(dead) else holder

    def sweep(self) -> None:
        """Forget expired sessions."""
        self._shelf.sweep(self._means.time.now().earliest)

    async def slow_down(self) -> None:
        """Count a wrong secret and make its bearer wait, longer each time; others do not wait."""
        self._wrong.allows("secret")
        extra = self.wrong_secrets - _FREE_MISTAKES
        if extra <= 0 or self._waiting >= _MAX_WAITING:
            return
        self._waiting += 1
        try:
            await asyncio.sleep(min(_SLOWEST_SECONDS, 0.05 * 2.0 ** min(extra, 10)))
        finally:
            self._waiting -= 1

    def _new_session(self, holder: Grant | Delegation) -> SignedIn:
        now = self._means.time.now()
        token = self._means.random_bytes(32).hex()
        expires = min(holder.window.ends, now.earliest + LONGEST)
        self._means.record(SignedInFact(grant=holder.id))
        kept = KeptSession(secret_hash(token), holder.id, generation(holder), expires)
        self._shelf.put(kept, keep_newest=_A_GRANT)
        return SignedIn(token=token, grant=holder.id, expires_at=expires)


def generation(holder: Grant | Delegation) -> int:
    """A delegation is never renewed: it has one."""
    return holder.generation if isinstance(holder, Grant) else 1


def _holder(book: Book, digest: str) -> Grant | Delegation | None:
    """Only a secret of 32 random bytes has this hash; the first grant wins over delegations."""
    for grant in book.grants.values():
        if grant.lan_secret_hash == digest:
            return grant
    for delegation in book.delegations.values():
        if delegation.secret_hash == digest:
            return delegation
    return None


def grant_of(holder: Grant | Delegation) -> GrantId:
    """The grant a person's stay hangs on."""
    parent = holder.parent
    return holder.id if parent is None else parent
