"""What may be put into a queue, and where, so that everybody gets a turn?

Who put what there is remembered for as long as this process lives; what nobody is known to have put
there belongs to the house, which waits its turn like one more person.
"""

import asyncio
from collections import defaultdict
from dataclasses import dataclass, field
from typing import Final

from edge_agent.doorkeeper import MusicPermit
from edge_agent.errors import EdgeError, NoSuchThing, PickAnother
from edge_agent.policy.music_rules import place_in_turn
from edge_agent.ports import MediaShelf, PlayQueue, QueueCare, QueueItem, QueueOption
from protocol.music import MusicRules

_LONGEST: Final = 500
_HOUSE: Final = "house"


@dataclass(slots=True)
class QueueKeeper:
    """The queues of one music server. `care`, `shelf`: None where the server has no such thing."""

    queue: PlayQueue
    care: QueueCare | None = None
    shelf: MediaShelf | None = None
    _owners: dict[str, str] = field(default_factory=dict)
    _doors: defaultdict[str, asyncio.Lock] = field(
        default_factory=lambda: defaultdict(asyncio.Lock)
    )

    async def put(self, player: str, uri: str, option: QueueOption, permit: MusicPermit) -> None:
        """Put media where the rules want it.

        PickAnother: `others_wait` (a companion would jump the queue), `enough_waiting`,
        `explicit_not_here`; NoSuchThing as the server says.
        """
        rules, who = permit.rules, str(permit.grant)
        if rules.take_turns and not permit.leads and option is not QueueOption.ADD:
            raise PickAnother("others_wait", "Here everybody takes turns: add it to the queue.")
        async with self._doors[player]:
            before = await self._entries(player) if _looks(rules) else ()
            self._require_room(before, who, rules)
            await self._require_decent(uri, rules)
            await self.queue.enqueue(player, uri, option)
            if _looks(rules):
                await self._sort_in(player, before, who, rules, option)

    def yours(self, who: str) -> frozenset[str]:
        """The entries this person put somewhere."""
        return frozenset(item for item, owner in self._owners.items() if owner == who)

    async def sweep(self, player: str) -> bool:
        """Take what is marked explicit out of what waits; True when such a thing plays now."""
        entries = await self._entries(player)
        for each in _waiting(entries):
            if each.explicit:
                await self._remove(player, each.item)
        return any(each.current and each.explicit for each in entries)

    async def _sort_in(
        self,
        player: str,
        before: tuple[QueueItem, ...],
        who: str,
        rules: MusicRules,
        option: QueueOption,
    ) -> None:
        known = {each.item for each in before}
        entries = await self._entries(player)
        new = [each for each in entries if each.item not in known]
        here = {each.item for each in entries}
        self._owners = {item: owner for item, owner in self._owners.items() if item in here}
        self._owners |= {each.item: who for each in new}
        if not rules.explicit:
            await self.sweep(player)
        if rules.take_turns and option is QueueOption.ADD and self.care is not None:
            await self._take_turns(player, {each.item for each in new}, who)

    async def _take_turns(self, player: str, new: set[str], who: str) -> None:
        """Each new track moves up among those that wait; nothing else moves."""
        care = self.care
        if care is None:
            return
        line = [each.item for each in _waiting(await self._entries(player))]
        sorted_in = [item for item in line if item not in new]
        for item in [each for each in line if each in new]:
            owners = [self._owners.get(each, _HOUSE) for each in sorted_in]
            place = place_in_turn(owners, who)
            shift = place - line.index(item)
            if shift:
                await care.move(player, item, shift)
                line.remove(item)
                line.insert(place, item)
            sorted_in.insert(place, item)

    async def _entries(self, player: str) -> tuple[QueueItem, ...]:
        try:
            return await self.queue.items(player, limit=_LONGEST)
        except NoSuchThing:
            return ()

    def _require_room(self, entries: tuple[QueueItem, ...], who: str, rules: MusicRules) -> None:
        if not rules.waiting_each:
            return
        mine = sum(self._owners.get(each.item) == who for each in _waiting(entries))
        if mine >= rules.waiting_each:
            raise PickAnother("enough_waiting", "Enough of yours is waiting already.")

    async def _require_decent(self, uri: str, rules: MusicRules) -> None:
        if rules.explicit or self.shelf is None:
            return
        if (await self.shelf.look_up(uri)).explicit:
            raise PickAnother("explicit_not_here", "This house does not play explicit tracks.")

    async def _remove(self, player: str, item: str) -> None:
        if self.care is None:
            return
        try:
            await self.care.remove(player, item)
        except EdgeError as error:
            if not isinstance(error, NoSuchThing):  # gone, or playing by now
                raise


def _looks(rules: MusicRules) -> bool:
    return rules.take_turns or bool(rules.waiting_each) or not rules.explicit


def _waiting(entries: tuple[QueueItem, ...]) -> list[QueueItem]:
    """What comes after the current entry; all of it when none is current."""
    places = [place for place, each in enumerate(entries) if each.current]
    return list(entries[places[0] + 1 :] if places else entries)
