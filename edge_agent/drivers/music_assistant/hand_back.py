"""How are the speakers left as the house found them?"""

from collections.abc import Awaitable, Callable, Iterator, Mapping
from functools import partial
from typing import TYPE_CHECKING

from edge_agent.errors import EdgeError, OutcomeUnknown, TryLater
from edge_agent.ports import PlaybackState

if TYPE_CHECKING:
    from edge_agent.drivers.kit.roster import Roster
    from edge_agent.drivers.music_assistant.commands import Commands

type Step = tuple[str, Callable[[], Awaitable[None]]]

_SILENT = frozenset({"no_answer", "link_lost", "not_connected"})


async def hand_back(
    commands: "Commands",
    roster: "Roster",
    volumes: Mapping[str, int],
    set_volume: Callable[[str, int], Awaitable[None]],
) -> None:
    """Stop, clear, ungroup, restore volumes; safe to call again.

    One player's refusal does not keep the others from being handed back; TryLater then names
    the players left. A server that falls silent ends the attempt at once.
    """
    left: set[str] = set()
    for player, step in _steps(commands, roster, volumes, set_volume):
        try:
            await step()
        except EdgeError as error:
            if isinstance(error, OutcomeUnknown) or error.reason in _SILENT:
                raise TryLater("hand_back_interrupted") from error
            left.add(player)
    left.update(player for player in volumes if not _connected(roster, player))
    if left:
        raise TryLater("hand_back_incomplete", f"not handed back: {', '.join(sorted(left))}")


def _steps(
    commands: "Commands",
    roster: "Roster",
    volumes: Mapping[str, int],
    set_volume: Callable[[str, int], Awaitable[None]],
) -> Iterator[Step]:
    for player in commands.with_queue():
        if _connected(roster, player):
            yield player, partial(commands.stop, player)
        yield player, partial(commands.clear, player)
    for player in commands.synced():
        if _connected(roster, player):
            yield player, partial(commands.ungroup, player)
    for player, percent in volumes.items():
        if _connected(roster, player):
            yield player, partial(set_volume, player, percent)


def _connected(roster: "Roster", player: str) -> bool:
    reading = roster.get(player)
    return reading is not None and reading.state is not PlaybackState.NOT_CONNECTED
