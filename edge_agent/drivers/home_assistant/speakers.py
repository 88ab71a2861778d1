"""How do Home Assistant's media players serve the house's speaker ports?

What Home Assistant has no word for is refused as Unsupported: it tells no queue, so entries can
neither be listed nor taken out nor moved.
"""

from collections.abc import AsyncIterator
from contextlib import AbstractContextManager
from functools import partial
from typing import TYPE_CHECKING

from pydantic import JsonValue

from edge_agent.drivers.home_assistant.media import found_in, item_of, items_of, node_in, parts_of
from edge_agent.drivers.home_assistant.players import DOMAIN, ENQUEUE, TRANSPORT, Can, reading
from edge_agent.drivers.home_assistant.states import UNAVAILABLE, Change, EntityState
from edge_agent.drivers.kit.announcer import Announcer
from edge_agent.drivers.kit.latest_wins import LatestWins
from edge_agent.drivers.kit.roster import Roster
from edge_agent.errors import (
    DeviceUnreachable,
    EdgeError,
    NoSuchThing,
    OutcomeUnknown,
    PickAnother,
    TryLater,
    Unsupported,
)
from edge_agent.ports import (
    MediaItem,
    MediaType,
    PlayerReading,
    QueueItem,
    QueueOption,
    Transport,
)

if TYPE_CHECKING:
    from edge_agent.drivers.home_assistant.config import HomeAssistantConfig
    from edge_agent.drivers.home_assistant.link import HomeStatus, Link
    from edge_agent.drivers.home_assistant.media import Node

LOUDEST = 100
LONGEST_PAGE = 500
LONGEST_QUERY = 200
MOST_NODES = 30

_SILENT = frozenset({"no_answer", "link_lost"})


class HomeSpeakers:
    """Speakers, PlayerChanges, MediaLibrary, MediaShelf, HandBack and enqueueing, on one link."""

    def __init__(self, config: "HomeAssistantConfig", link: "Link") -> None:
        self._config = config
        self._link = link
        self._announcer = Announcer()
        self._roster = Roster(self._announcer)
        self._volumes: dict[str, LatestWins] = {}
        link.on_change(self._heard)

    @property
    def status(self) -> "HomeStatus":
        """Whether there is a link, and why not."""
        return self._link.status

    def changes(self) -> AbstractContextManager[AsyncIterator[PlayerReading]]:
        """Each changed reading from now on; a slow reader gets the newest of each player."""
        return self._announcer.listen()

    # Speakers

    async def players(self) -> tuple[PlayerReading, ...]:
        """The house's players, by name; stale and not connected while the link is down."""
        return self._roster.all()

    async def transport(self, player: str, command: Transport) -> None:
        """Tell the player; Home Assistant finds the leader of a group by itself."""
        service, ability = TRANSPORT[command]
        await self._command(player, service, ability)

    async def set_volume(self, player: str, percent: int) -> None:
        """0..100, else PickAnother. Unsupported: this player has no volume."""
        if not 0 <= percent <= LOUDEST:
            raise PickAnother("volume_out_of_range")
        self._able(player, Can.VOLUME_SET)
        lane = self._volumes.get(player)
        if lane is None:
            lane = self._volumes[player] = LatestWins(
                partial(self._send_volume, player),
                spacing_seconds=self._config.volume_spacing.total_seconds(),
            )
        await lane.submit(percent)

    async def set_muted(self, player: str, *, muted: bool) -> None:
        """Silent or not, the volume kept. Unsupported: this player cannot."""
        await self._command(player, "volume_mute", Can.VOLUME_MUTE, is_volume_muted=muted)

    async def join(self, player: str, leader: str) -> None:
        """Let a player play what its leader plays. Unsupported: one of them cannot."""
        self._able(player, Can.GROUPING)
        await self._command(leader, "join", Can.GROUPING, group_members=[player])

    async def leave(self, player: str) -> None:
        """Let a player play by itself again."""
        await self._command(player, "unjoin", Can.GROUPING)

    # MediaLibrary and MediaShelf

    async def search(
        self, query: str, *, types: tuple[MediaType, ...], limit: int
    ) -> tuple[MediaItem, ...]:
        """At most `limit` of each type, by the first player that can search."""
        words = query.strip()
        if not 0 < len(words) <= LONGEST_QUERY:
            raise PickAnother("bad_query")
        _check_page(limit)
        player = self._first_able(Can.SEARCH, "no_search")
        answer = await self._link.caller().ask(
            DOMAIN, "search_media", {"entity_id": player, "search_query": words}
        )
        found = tuple(items_of(found_in(answer, player)))
        return tuple(
            item for kind in types for item in [f for f in found if f.media_type is kind][:limit]
        )

    async def tracks(self, *, limit: int, offset: int) -> tuple[MediaItem, ...]:
        """A page of the tracks, by name."""
        return await self.shelf(MediaType.TRACK, limit=limit, offset=offset)

    async def shelf(
        self, media_type: MediaType, *, limit: int, offset: int
    ) -> tuple[MediaItem, ...]:
        """A page of one kind, by name, from the media tree of the first player that has one."""
        _check_page(limit, offset)
        player = self._first_able(Can.BROWSE, "no_browsing")
        found: dict[str, MediaItem] = {}
        async for node in self._tree(player):
            item = item_of(node)
            if item is not None and item.media_type is media_type:
                found.setdefault(item.uri, item)
        by_name = sorted(found.values(), key=lambda item: (item.name.casefold(), item.uri))
        return tuple(by_name[offset : offset + limit])

    async def look_up(self, uri: str) -> MediaItem:
        """Unsupported: Home Assistant tells nothing of a single address."""
        parts_of(uri)
        raise Unsupported("no_look_up")

    # PlayQueue and QueueCare

    async def items(self, player: str, *, limit: int) -> tuple[QueueItem, ...]:
        """Unsupported: Home Assistant tells no queue."""
        _check_page(limit)
        self._connected(player)
        raise Unsupported("queue_not_told")

    async def enqueue(self, player: str, uri: str, option: QueueOption) -> None:
        """PickAnother: not an address of ours. Unsupported: an option the player has not."""
        self._connected(player)
        content_type, content_id = parts_of(uri)
        word = ENQUEUE.get(option)
        if word is None:
            raise Unsupported("no_such_option")
        queues = self._able(player, Can.PLAY_MEDIA).has_feature(Can.ENQUEUE)
        if not queues and option not in {QueueOption.PLAY, QueueOption.REPLACE}:
            raise Unsupported("no_queue")
        how: dict[str, JsonValue] = {"enqueue": word} if queues else {}
        await self._command(
            player,
            "play_media",
            Can.PLAY_MEDIA,
            media_content_type=content_type,
            media_content_id=content_id,
            **how,
        )

    async def remove(self, player: str, item: str) -> None:  # noqa: ARG002 - the port's shape
        """Unsupported, as `items`."""
        self._connected(player)
        raise Unsupported("queue_not_told")

    async def move(self, player: str, item: str, places: int) -> None:  # noqa: ARG002 - as above
        """Unsupported, as `items`."""
        self._connected(player)
        raise Unsupported("queue_not_told")

    # HandBack

    async def snapshot_volumes(self) -> dict[str, int]:
        """Volumes of connected players that tell theirs."""
        self._link.caller()
        readings = (reading(state) for state in self._states() if state.state != UNAVAILABLE)
        return {each.player: each.volume for each in readings if each.volume is not None}

    async def hand_back(self, volumes: dict[str, int]) -> None:
        """Stop, clear, ungroup, restore volumes, each where the player can. Safe to repeat.

        TryLater names who is left; a server that falls silent ends the attempt at once.
        """
        self._link.caller()
        present = [state for state in self._states() if state.state != UNAVAILABLE]
        left = volumes.keys() - {state.entity for state in present}
        for state in present:
            if not await self._handed_back(state, volumes):
                left.add(state.entity)
        if left:
            raise TryLater("hand_back_incomplete", f"not handed back: {', '.join(sorted(left))}")

    async def _handed_back(self, state: EntityState, volumes: dict[str, int]) -> bool:
        done = True
        for service, ability, data in _farewell(state, volumes):
            try:
                await self._command(state.entity, service, ability, **data)
            except EdgeError as error:
                if error.reason in _SILENT or isinstance(error, OutcomeUnknown):
                    raise TryLater("hand_back_interrupted") from error
                done = False
        return done

    async def _tree(self, player: str) -> "AsyncIterator[Node]":
        """Nodes below the root, breadth first, after at most so many questions."""
        waiting: list[dict[str, JsonValue]] = [{}]
        for _ in range(MOST_NODES):
            if not waiting:
                return
            where: dict[str, JsonValue] = {"entity_id": player, **waiting.pop(0)}
            node = node_in(await self._link.caller().ask(DOMAIN, "browse_media", where), player)
            for child in (node.children or ()) if node else ():
                yield child
                if child.can_expand and not child.can_play:
                    waiting.append(
                        {
                            "media_content_id": child.media_content_id,
                            "media_content_type": child.media_content_type,
                        }
                    )

    async def _command(self, player: str, service: str, ability: Can, **data: JsonValue) -> None:
        self._able(player, ability)
        await self._link.caller().call(DOMAIN, service, {"entity_id": player, **data})

    async def _send_volume(self, player: str, percent: int) -> None:
        await self._command(player, "volume_set", Can.VOLUME_SET, volume_level=percent / LOUDEST)

    def _able(self, player: str, ability: Can) -> EntityState:
        state = self._connected(player)
        if not state.has_feature(ability):
            name = ability.name or "that"
            raise Unsupported(f"player_has_no_{name.casefold()}")
        return state

    def _connected(self, player: str) -> EntityState:
        """The server answers commands to unknown and absent players with success, so we look."""
        self._link.caller()
        state = self._link.states.get(player)
        if state is None or not self._is_ours(player):
            raise NoSuchThing("no_such_player")
        if state.state == UNAVAILABLE:
            raise DeviceUnreachable("player_not_connected")
        return state

    def _first_able(self, ability: Can, reason: str) -> str:
        self._link.caller()
        for state in self._states():
            if state.state != UNAVAILABLE and state.has_feature(ability):
                return state.entity
        raise Unsupported(reason)

    def _states(self) -> tuple[EntityState, ...]:
        return tuple(s for name, s in sorted(self._link.states.items()) if self._is_ours(name))

    def _is_ours(self, entity: str) -> bool:
        chosen = self._config.players
        return entity in chosen if chosen else entity.startswith(f"{DOMAIN}.")

    def _heard(self, change: Change | None) -> None:
        if change is not None and not self._is_ours(change.entity):
            return
        if self._link.status.connected:
            self._roster.heard(tuple(reading(state) for state in self._states()))
        else:
            self._roster.lost()


def _farewell(
    state: EntityState, volumes: dict[str, int]
) -> list[tuple[str, Can, dict[str, JsonValue]]]:
    """What is asked of one player, where it can."""
    steps: list[tuple[str, Can, dict[str, JsonValue]]] = []
    if state.has_feature(Can.STOP):
        steps.append(("media_stop", Can.STOP, {}))
    elif state.state == "playing" and state.has_feature(Can.PAUSE):
        steps.append(("media_pause", Can.PAUSE, {}))
    if state.has_feature(Can.CLEAR):
        steps.append(("clear_playlist", Can.CLEAR, {}))
    if state.texts("group_members") and state.has_feature(Can.GROUPING):
        steps.append(("unjoin", Can.GROUPING, {}))
    wanted = volumes.get(state.entity)
    if wanted is not None and state.has_feature(Can.VOLUME_SET):
        steps.append(("volume_set", Can.VOLUME_SET, {"volume_level": wanted / LOUDEST}))
    return steps


def _check_page(limit: int, offset: int = 0) -> None:
    if not 1 <= limit <= LONGEST_PAGE or offset < 0:
        raise PickAnother("bad_page")
