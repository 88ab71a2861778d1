"""What may the house's own automations know of its stays?

Only what the host named: lockd leaves out the rest, so that the agent never has it to tell.
"""

from collections.abc import Iterable
from datetime import datetime

from edge_agent.actions.companions import Companions
from edge_agent.actions.means import Means
from edge_agent.doorkeeper import HouseNews, RequestState, StayNews
from edge_agent.policy.decide import alive
from protocol.access import Grant, PrivateWords, Refusal, Role, private_context
from protocol.home import HomeWord
from protocol.sealing import SealError

_UNCERTAIN = frozenset({Refusal.NO_BOOK, Refusal.TIME_UNKNOWN})


class NewsDesk:
    """Stays under way, by the same book as doors."""

    def __init__(self, means: Means, companions: Companions, tells: Iterable[HomeWord]) -> None:
        self._means = means
        self._companions = companions
        self._tells = frozenset(tells)

    def news(self) -> HouseNews:
        """See HomeGate."""
        means = self._means
        now = means.time.now()
        guests = [each for each in means.ledger.book.grants.values() if _stays_here(each)]
        answers = {each.id: alive(means.ledger.book, each.id, now) for each in guests}
        no_book = means.ledger.book.snapshot is None
        staying = [each for each in guests if answers[each.id] is None]
        return HouseNews(
            is_certain=not no_book and not _UNCERTAIN.intersection(answers.values()),
            tells=tuple(sorted(self._tells)),
            stays=tuple(self._stay(each) for each in staying),
            next_check_in=self._next(guests, now.earliest),
            approvals=sum(map(self._waiting, staying)),
        )

    def _stay(self, grant: Grant) -> StayNews:
        words = self._words(grant)
        known: dict[HomeWord, dict[str, object]] = {
            HomeWord.TIMES: {"starts": grant.window.starts, "ends": grant.window.ends},
            HomeWord.FIRST_NAME: {"first_name": _first(words.name)},
            HomeWord.POOL_HEATING: {"pool_heating": words.facts.pool_heating},
            HomeWord.PAID_IN_FULL: {"paid_in_full": words.facts.paid_in_full},
            HomeWord.LEVEL: {"level": words.facts.level},
            HomeWord.POINTS: {"points": words.facts.points},
        }
        told = {key: value for word in self._tells for key, value in known[word].items()}
        return StayNews.model_validate({"stay": grant.id, **told})

    def _next(self, guests: Iterable[Grant], now: datetime) -> datetime | None:
        if HomeWord.TIMES not in self._tells:
            return None
        return min((g.window.starts for g in guests if g.window.starts > now), default=None)

    def _waiting(self, grant: Grant) -> int:
        views = self._companions.views(grant)
        return sum(each.state is RequestState.PENDING for each in views)

    def _words(self, grant: Grant) -> PrivateWords:
        if grant.private is not None:
            context = private_context(self._means.house, grant.id)
            try:
                plain = self._means.sealing.open(grant.private, context=context)
                return PrivateWords.from_bytes(plain, tolerant=True)
            except (SealError, ValueError):
                pass  # automations without a name are better than none
        return PrivateWords(name="")


def _stays_here(grant: Grant) -> bool:
    """The booker's own; companions share his stay."""
    return grant.role is Role.GUEST and grant.parent is None


def _first(name: str) -> str | None:
    return next(iter(name.split()), None)
