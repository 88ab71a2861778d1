"""Who may see or use which thing of the house? The HomeGate, served."""

from typing import Final

from edge_agent.actions.house_news import NewsDesk
from edge_agent.actions.limits import Pace
from edge_agent.actions.means import Means
from edge_agent.actions.sessions import Doorstep
from edge_agent.doorkeeper import HouseNews, Refused, ThingPermit, ThingRights
from edge_agent.policy import home_rules
from edge_agent.policy.decide import alive, decide
from edge_agent.policy.model import Allowed, Wish
from protocol.access import Delegation, Grant, Refusal
from protocol.facts import HomeActed
from protocol.home import HomeVerb, Thing, UseThing
from protocol.ids import GrantId

_CHANGES_A_MINUTE: Final = 30
"""Heating and lights are no toys; a relay is worn out by less."""


class HomePermits:
    """Decisions about things; see HomeGate."""

    def __init__(self, means: Means, doorstep: Doorstep, news: NewsDesk) -> None:
        self._means = means
        self._news = news
        self._doorstep = doorstep
        self._pace = Pace(_CHANGES_A_MINUTE, 60.0, now=means.time.boot_seconds)

    async def permit_thing(self, token: str, ask: HomeVerb) -> ThingPermit:
        """See HomeGate."""
        who = self._doorstep.who(token)
        if isinstance(who, Refused):
            return ThingPermit(allowed=False, grant=None, refusal=who.refusal)
        return self.permit(who.id, ask)

    async def news(self) -> HouseNews:
        """See HomeGate."""
        return self._news.news()

    def permit(self, grant: GrantId, ask: HomeVerb) -> ThingPermit:
        """The word on a wish of this grant; using is on record, looking is not."""
        refusal, things = self._judge(grant, ask)
        if isinstance(ask, UseThing) and refusal is not Refusal.TOO_MANY_OUTSTANDING:
            self._means.record(_acted(grant, ask, refusal))
        if refusal is not None:
            return ThingPermit(allowed=False, grant=grant, refusal=refusal)
        return ThingPermit(allowed=True, grant=grant, things=things)

    def _judge(
        self, grant: GrantId, ask: HomeVerb
    ) -> tuple[Refusal | None, tuple[ThingRights, ...]]:
        if isinstance(ask, UseThing) and not self._pace.allows(grant):
            return Refusal.TOO_MANY_OUTSTANDING, ()
        book = self._means.ledger.book
        dead = alive(book, grant, self._means.time.now())
        holder = book.grants.get(grant) or book.delegations.get(grant)
        if dead is not None or holder is None:
            return dead or Refusal.UNKNOWN_GRANT, ()
        mine = self._things_of(holder)
        if not isinstance(ask, UseThing):
            return (None, mine) if mine else (Refusal.NO_SUCH_RIGHT, ())
        usable = tuple(each for each in mine if each.thing.thing == ask.thing and each.may_use)
        return (None, usable) if usable else (Refusal.NO_SUCH_RIGHT, ())

    def _things_of(self, holder: Grant | Delegation) -> tuple[ThingRights, ...]:
        snapshot = self._means.ledger.book.snapshot
        things = () if snapshot is None else snapshot.things
        return tuple(
            ThingRights(thing=each, may_use=self._may(holder, "use", each))
            for each in things
            if self._may(holder, "things", each)
        )

    def _may(self, holder: Grant | Delegation, wish: str, thing: Thing) -> bool:
        right = home_rules.right_for(holder.rights, wish, thing.thing)
        if right is None:
            return False
        verdict = decide(self._means.ledger.book, Wish(holder.id, right), self._means.time.now())
        return isinstance(verdict, Allowed)


def _acted(grant: GrantId, ask: UseThing, refusal: Refusal | None) -> HomeActed:
    return HomeActed(
        grant=grant,
        thing=ask.thing,
        on=ask.on,
        degrees=ask.degrees,
        allowed=refusal is None,
        reason=None if refusal is None else refusal.value,
    )
