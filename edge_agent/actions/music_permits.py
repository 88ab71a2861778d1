"""Who may have the music changed, and whose stay begins or ends? The MusicGate, served."""

from typing import Final
from uuid import UUID

from pydantic import TypeAdapter

from edge_agent.actions.guest_desk import player_rights
from edge_agent.actions.home_permits import HomePermits
from edge_agent.actions.keeping import Marks
from edge_agent.actions.limits import Pace
from edge_agent.actions.means import Means
from edge_agent.actions.sessions import Doorstep
from edge_agent.doorkeeper import (
    MusicHandBack,
    MusicPermit,
    PlayerRights,
    Refused,
    Taken,
    Word,
)
from edge_agent.policy.decide import alive
from edge_agent.policy.model import Book, Time
from edge_agent.policy.music_rules import CHANGES_SOMETHING, NEEDS, ceiling
from protocol.access import Delegation, Grant, Refusal, Role, Verb
from protocol.envelope import EnvelopeError, Kind, seal
from protocol.facts import MusicActed
from protocol.home import Things, UseThing
from protocol.ids import GrantId, PlayerId
from protocol.keys import KeyUse
from protocol.music import MusicAnswer, MusicRequest

_MARK: Final = "music_stays_2"
_CHANGES_A_MINUTE = 120


class _HeldStay(Word):
    """A stay with music. `heard`: the agent has noted that it began."""

    players: tuple[str, ...]
    heard: bool = False


_Held = dict[str, _HeldStay]
_HELD = TypeAdapter(_Held)


class MusicPermits:
    """Decisions about music; see MusicGate."""

    def __init__(self, means: Means, doorstep: Doorstep, marks: Marks, home: HomePermits) -> None:
        self._means = means
        self._doorstep = doorstep
        self._marks = marks
        self._home = home
        self._pace = Pace(_CHANGES_A_MINUTE, 60.0, now=means.time.boot_seconds)

    async def permit(self, token: str, verb: str, player: PlayerId | None) -> MusicPermit:
        """See MusicGate."""
        who = self._doorstep.who(token)
        if isinstance(who, Refused):
            return MusicPermit(allowed=False, grant=None, refusal=who.refusal)
        return self._permit(who.id, verb, player)

    async def permit_relayed(self, frame: bytes) -> tuple[MusicPermit, bytes | None] | Taken:
        """See MusicGate."""
        means = self._means
        try:
            opened = means.envelope(frame, Kind.MUSIC_REQUEST, KeyUse.LIVE)
            request = means.body(opened, MusicRequest)
        except EnvelopeError as error:
            return Taken(flaw=error.flaw, reason=error.flaw.value)
        now = means.time.now()
        if not self._marks.hear(request.request, until=request.expires_at, now=now.earliest):
            return Taken(reason="heard_before")
        late = _too_late(request, now)
        if late is not None:
            permit = MusicPermit(allowed=False, grant=request.grant, refusal=late)
        else:
            permit = self._relayed(request)
        return permit, opened.body

    def _relayed(self, request: MusicRequest) -> MusicPermit:
        ask = request.ask
        if isinstance(ask, Things | UseThing):
            said = self._home.permit(request.grant, ask)
            return MusicPermit(
                allowed=said.allowed, grant=said.grant, refusal=said.refusal, things=said
            )
        return self._permit(request.grant, ask.verb, getattr(ask, "player", None))

    async def sign_music_answer(self, body: bytes) -> bytes:
        """See MusicGate. ValueError for anything but an answer of this house."""
        answer = MusicAnswer.from_bytes(body)
        if answer.house != self._means.house:
            raise ValueError("an answer of another house")
        return seal(Kind.MUSIC_ANSWER, body, self._means.signer)

    async def stays(self) -> MusicHandBack:
        """See MusicGate."""
        held, before = self._held(), self._marks.get(_MARK)
        for grant in self._stays_with_music():
            if str(grant.id) not in held and self._alive(grant.id) is None:
                speakers = [each.speaker for each in player_rights(self._means, grant)]
                held[str(grant.id)] = _HeldStay(players=tuple(speakers))
        self._remember(before, held)
        book, now = self._means.ledger.book, self._means.time.now()
        began = [stay for stay, each in held.items() if not each.heard]
        ended = [stay for stay in held if _is_over(book, GrantId(UUID(stay)), now)]
        told = {stay: held[stay].players for stay in (*began, *ended)}
        return MusicHandBack(
            began=tuple(UUID(each) for each in began),
            ended=tuple(UUID(each) for each in ended),
            players=told,
        )

    async def stays_heard(self, *, began: tuple[UUID, ...], ended: tuple[UUID, ...]) -> None:
        """See MusicGate."""
        held, before = self._held(), self._marks.get(_MARK)
        for stay in map(str, began):
            if stay in held:
                held[stay] = _HeldStay(players=held[stay].players, heard=True)
        gone = set(map(str, ended))
        self._remember(before, {stay: each for stay, each in held.items() if stay not in gone})

    def _held(self) -> _Held:
        return _HELD.validate_json(self._marks.get(_MARK) or "{}")

    def _permit(self, grant: GrantId, verb: str, player: PlayerId | None) -> MusicPermit:
        book = self._means.ledger.book
        changes = verb in CHANGES_SOMETHING
        if changes and not self._pace.allows(grant):
            return MusicPermit(allowed=False, grant=grant, refusal=Refusal.TOO_MANY_OUTSTANDING)
        holder = book.grants.get(grant) or book.delegations.get(grant)
        players = () if holder is None else player_rights(self._means, holder)
        refusal = self._refusal(grant, verb, player, players)
        if changes:
            self._means.record(_acted(grant, verb, player, refusal))
        snapshot = book.snapshot
        if refusal is not None or snapshot is None:
            return MusicPermit(allowed=False, grant=grant, refusal=refusal or Refusal.NO_BOOK)
        loudest = ceiling(snapshot.music_rules, self._means.time.now(), snapshot.zone)
        return MusicPermit(
            allowed=True,
            grant=grant,
            ceiling=loudest,
            rules=snapshot.music_rules,
            leads=_leads(holder),
            players=players,
        )

    def _refusal(
        self,
        grant: GrantId,
        verb: str,
        player: PlayerId | None,
        players: tuple[PlayerRights, ...],
    ) -> Refusal | None:
        dead = self._alive(grant)
        if dead is not None:
            return dead
        needs = NEEDS.get(verb, frozenset())
        targets = [each for each in players if player is None or each.player == player]
        if any(_has(each, needs) for each in targets):
            return None
        return Refusal.NO_SUCH_RIGHT

    def _alive(self, grant: GrantId) -> Refusal | None:
        return alive(self._means.ledger.book, grant, self._means.time.now())

    def _stays_with_music(self) -> list[Grant]:
        """Guests' own grants; companions share theirs, staff do not stay."""
        grants = self._means.ledger.book.grants.values()
        return [
            each
            for each in grants
            if each.role is Role.GUEST
            and each.parent is None
            and any(right.startswith("music:") for right in each.rights)
        ]

    def _remember(self, before: str | None, after: _Held) -> None:
        text = _HELD.dump_json(after).decode()
        if text != before:
            self._marks.set(_MARK, text)


def _leads(holder: Grant | Delegation | None) -> bool:
    """Companions follow: those the house let in, and those whose grant hangs on another."""
    return isinstance(holder, Grant) and holder.parent is None


def _acted(
    grant: GrantId, verb: str, player: PlayerId | None, refusal: Refusal | None
) -> MusicActed:
    return MusicActed(
        grant=grant,
        player=player,
        verb=verb,
        allowed=refusal is None,
        reason=None if refusal is None else refusal.value,
    )


def _has(rights: PlayerRights, needs: frozenset[Verb]) -> bool:
    held = {
        Verb.MUSIC_CONTROL: rights.may_control,
        Verb.MUSIC_VOLUME: rights.may_set_volume,
        Verb.MUSIC_QUEUE: rights.may_queue,
    }
    return any(held[verb] for verb in needs)


def _too_late(request: MusicRequest, now: Time) -> Refusal | None:
    if now.latest is None:
        return Refusal.TIME_UNKNOWN
    return Refusal.TOO_LATE if now.latest >= request.expires_at else None


def _is_over(book: Book, grant: GrantId, now: Time) -> bool:
    """Surely over: doubt about the time, or a book that cannot be read, ends no music."""
    refusal = alive(book, grant, now)
    over = {Refusal.ENDED, Refusal.REVOKED, Refusal.UNKNOWN_GRANT, Refusal.PARENT_ENDED}
    return refusal in over
