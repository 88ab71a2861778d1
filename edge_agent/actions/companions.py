"""How does a companion ask, and the guest who booked say yes, without the cloud?

A yes becomes a delegation: signed by the house, part of what the parent may, for no longer.
"""

import hmac
from dataclasses import replace
from datetime import timedelta
from hashlib import sha256
from secrets import compare_digest
from typing import Final

from edge_agent.actions.keeping import KeptRequest
from edge_agent.actions.keeping import Requests as RequestShelf
from edge_agent.actions.means import Means
from edge_agent.doorkeeper import Joined, Refused, RequestState, RequestView
from edge_agent.policy.decide import alive, decide
from edge_agent.policy.model import Denied, Wish
from edge_agent.policy.windows import is_past
from protocol.access import (
    DELEGABLE,
    Delegation,
    Grant,
    Refusal,
    Right,
    Verb,
    Window,
    name_context,
    secret_hash,
)
from protocol.envelope import Kind, seal
from protocol.facts import DelegationEnded, RequestDecided, Requested
from protocol.ids import GrantId, RequestId
from protocol.sealing import SealError, seal_for

REQUEST_LIFE: Final = timedelta(minutes=15)
_PENDING_A_PARENT = 5
_NAME_CHARACTERS = 60
_FORGET_AFTER = timedelta(days=35)
_APPROVE = Right(Verb.ACCESS_APPROVE)


class Companions:
    """Requests and delegations of this house."""

    def __init__(self, means: Means, shelf: RequestShelf) -> None:
        self._means = means
        self._shelf = shelf

    def join_code(self, grant: Grant) -> str:
        """What the stay's QR code in the house carries; a new link generation makes it void."""
        place = f"{grant.id}|{grant.generation}|join"
        return hmac.digest(self._means.mac_key, place.encode(), sha256).hex()[:32]

    def parent_of_code(self, code: str) -> Grant | None:
        """The grant whose code this is."""
        found = None
        for grant in self._means.ledger.book.grants.values():
            mine = compare_digest(self.join_code(grant).encode(), code.encode())
            found = grant if mine and grant.parent is None else found
        return found

    def ask(self, parent: Grant, *, name: str, wants: tuple[str, ...]) -> Joined | Refused:
        """File a request for some verbs of the parent's."""
        refusal, rights = self._may_ask(parent, wants)
        if refusal is not None:
            return Refused(refusal=refusal)
        now = self._means.time.now().earliest
        request, secret = RequestId(self._means.new_id()), self._means.random_bytes(32).hex()
        kept = KeptRequest(
            request=request,
            parent=parent.id,
            secret_hash=secret_hash(secret),
            name_box=self._sealed(name, request, self._means.sealing.public_hex),
            wants=tuple(dict.fromkeys(wants)),
            rights=rights,
            state=RequestState.PENDING,
            asked_at=now,
            expires_at=min(now + REQUEST_LIFE, parent.window.ends),
        )
        self._means.record(self._requested(kept, name))
        self._shelf.put(kept)
        return Joined(request=request, secret=secret, expires_at=kept.expires_at)

    def state(self, secret: str) -> RequestState | Refused:
        """Where the request of this companion stands."""
        kept = self._shelf.by_secret(secret_hash(secret))
        if kept is None:
            return Refused(refusal=Refusal.REQUEST_GONE)
        return self._state(kept)

    def decide(self, by: Grant, request: RequestId, *, approve: bool) -> RequestView | Refused:
        """The booker's word. Anybody else's is refused, and so is a second one."""
        kept = self._shelf.find(request)
        parent = None if kept is None else self._means.ledger.book.grants.get(kept.parent)
        if kept is None or parent is None or not _same_stay(by, parent):
            return Refused(refusal=Refusal.REQUEST_GONE)
        refusal = self._may_approve(by)
        if refusal is None and self._state(kept) is not RequestState.PENDING:
            refusal = Refusal.REQUEST_GONE
        if refusal is not None:
            return Refused(refusal=refusal)
        return self._approve(by, parent, kept) if approve else self._deny(by, kept)

    def end(self, by: Grant, delegation: GrantId) -> Refused | None:
        """The booker sends a companion away."""
        found = self._means.ledger.book.delegations.get(delegation)
        parent = None if found is None else self._means.ledger.book.grants.get(found.parent)
        if parent is None or not _same_stay(by, parent):
            return Refused(refusal=Refusal.REQUEST_GONE)
        refusal = self._may_approve(by)
        if refusal is not None:
            return Refused(refusal=refusal)
        # Ended first: whoever is cut off in between must not find the companion back.
        self._means.ledger.end_delegation(delegation, "ended_by_booker")
        self._means.record(DelegationEnded(delegation=delegation, reason="ended_by_booker"))
        return None

    def views(self, by: Grant) -> tuple[RequestView, ...]:
        """What somebody who may approve sees, newest first."""
        book = self._means.ledger.book
        parents = [each.id for each in book.grants.values() if _same_stay(by, each)]
        kept = [each for parent in parents for each in self._shelf.of_parent(parent)]
        return tuple(self._view(each) for each in kept)

    def name(self, request: RequestId) -> str | None:
        """A companion's name; None when it can no longer be read."""
        kept = self._shelf.find(request)
        return None if kept is None else self._name(kept)

    def sweep(self) -> None:
        """Forget old requests."""
        self._shelf.sweep(self._means.time.now().earliest - _FORGET_AFTER)

    def _may_ask(
        self, parent: Grant, wants: tuple[str, ...]
    ) -> tuple[Refusal | None, tuple[str, ...]]:
        means = self._means
        dead = alive(means.ledger.book, parent.id, means.time.now())
        if dead is not None:
            return dead, ()
        if any(verb not in DELEGABLE for verb in wants):
            return Refusal.NOT_DELEGABLE, ()
        rights = _delegable(parent, wants)
        if not rights:
            return Refusal.NO_SUCH_RIGHT, ()
        if self._given(parent) >= parent.max_delegations:
            return Refusal.TOO_MANY_DELEGATIONS, ()
        pending = [
            each
            for each in self._shelf.of_parent(parent.id)
            if self._state(each) is RequestState.PENDING
        ]
        full = len(pending) >= _PENDING_A_PARENT
        return (Refusal.TOO_MANY_OUTSTANDING if full else None), rights

    def _may_approve(self, by: Grant) -> Refusal | None:
        means = self._means
        verdict = decide(means.ledger.book, Wish(by.id, _APPROVE), means.time.now())
        return verdict.refusal if isinstance(verdict, Denied) else None

    def _approve(self, by: Grant, parent: Grant, kept: KeptRequest) -> RequestView | Refused:
        rights = tuple(
            right
            for right in _delegable(parent, kept.wants)
            if right in kept.rights and right in by.rights
        )
        if not rights:
            return Refused(refusal=Refusal.NOT_DELEGABLE)
        if self._given(parent) >= parent.max_delegations:
            return Refused(refusal=Refusal.TOO_MANY_DELEGATIONS)
        delegation = self._delegation(by, parent, kept, rights)
        frame = seal(Kind.DELEGATION, delegation.to_bytes(), self._means.signer)
        self._means.record(
            RequestDecided(request=kept.request, approved=True, by=by.id, delegation=frame.decode())
        )
        self._means.ledger.add_delegation(delegation, frame)
        return self._closed(kept, RequestState.APPROVED, delegation.id)

    def _deny(self, by: Grant, kept: KeptRequest) -> RequestView:
        self._means.record(RequestDecided(request=kept.request, approved=False, by=by.id))
        return self._closed(kept, RequestState.DENIED, None)

    def _closed(
        self, kept: KeptRequest, state: RequestState, delegation: GrantId | None
    ) -> RequestView:
        closed = replace(kept, state=state, delegation=delegation)
        self._shelf.put(closed)
        return self._view(closed)

    def _delegation(
        self, by: Grant, parent: Grant, kept: KeptRequest, rights: tuple[str, ...]
    ) -> Delegation:
        now = self._means.time.now().earliest
        return Delegation(
            id=GrantId(self._means.new_id()),
            request=kept.request,
            parent=parent.id,
            approved_by=by.id,
            made_at=now,
            window=Window(starts=now, ends=parent.window.ends),
            rights=rights,
            secret_hash=kept.secret_hash,
            name_box=self._for_cloud(self._name(kept) or "", kept.request),
        )

    def _given(self, parent: Grant) -> int:
        """Delegations that live, and companions the cloud has on its book."""
        book, now = self._means.ledger.book, self._means.time.now()
        everybody: list[Grant | Delegation] = [*book.delegations.values(), *book.grants.values()]
        mine = [each for each in everybody if each.parent == parent.id]
        return len({each.id for each in mine if not is_past(each.window, now)})

    def _state(self, kept: KeptRequest) -> RequestState:
        now = self._means.time.now()
        if kept.state is RequestState.PENDING and now.earliest >= kept.expires_at:
            return RequestState.EXPIRED
        if kept.state is RequestState.APPROVED and kept.delegation is not None:
            dead = alive(self._means.ledger.book, kept.delegation, now)
            return RequestState.ENDED if dead in _OVER else RequestState.APPROVED
        return kept.state

    def _view(self, kept: KeptRequest) -> RequestView:
        return RequestView(
            request=kept.request,
            name=self._name(kept) or "",
            wants=kept.wants,
            state=self._state(kept),
            asked_at=kept.asked_at,
            expires_at=kept.expires_at,
            delegation=kept.delegation,
        )

    def _requested(self, kept: KeptRequest, name: str) -> Requested:
        return Requested(
            request=kept.request,
            parent=kept.parent,
            rights=kept.rights,
            name_box=self._for_cloud(name, kept.request),
            expires_at=kept.expires_at,
        )

    def _for_cloud(self, name: str, request: RequestId) -> str | None:
        keys = self._means.ledger.keys
        public = None if keys is None else keys.sealing_key()
        return None if public is None else self._sealed(name, request, public)

    def _sealed(self, name: str, request: RequestId, public: str) -> str:
        """A box; one letter at least, so that it has the length a box must have."""
        return seal_for(
            public,
            (name.strip()[:_NAME_CHARACTERS] or "?").encode(),
            context=name_context(self._means.house, request),
            ephemeral_seed=self._means.random_bytes(32),
        )

    def _name(self, kept: KeptRequest) -> str | None:
        context = name_context(self._means.house, kept.request)
        try:
            return self._means.sealing.open(kept.name_box, context=context).decode()
        except (SealError, UnicodeDecodeError):
            return None


_OVER = frozenset({Refusal.REVOKED, Refusal.ENDED, Refusal.PARENT_ENDED, Refusal.UNKNOWN_GRANT})


def _delegable(parent: Grant, wants: tuple[str, ...]) -> tuple[str, ...]:
    """The parent's own rights with these verbs, as far as they may be passed on."""
    kept = []
    for text in parent.rights:
        right = Right.parse(text)
        if right is not None and right.verb in DELEGABLE and right.verb.value in wants:
            kept.append(text)
    return tuple(kept[:50])


def _same_stay(by: Grant, parent: Grant) -> bool:
    return by.id == parent.id or (by.stay is not None and by.stay == parent.stay)
