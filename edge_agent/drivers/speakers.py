"""Which driver steers the speakers of this house? One line a vendor."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from dataclasses import dataclass, field
from typing import Protocol

from edge_agent.errors import Unsupported
from edge_agent.ports import (
    HandBack,
    MediaLibrary,
    MediaShelf,
    PlayerChanges,
    PlayQueue,
    QueueCare,
    Speakers,
)


class LinkStatus(Protocol):
    """Whether there is a link to the server, why not, and how many there were."""

    @property
    def connected(self) -> bool:
        """As of now."""

    @property
    def reason(self) -> str | None:
        """Why there is none."""

    @property
    def links(self) -> int:
        """Since the start."""


class SpeakerServer(
    Speakers, PlayerChanges, MediaLibrary, MediaShelf, PlayQueue, QueueCare, HandBack, Protocol
):
    """All that a house's music is made of. What a server cannot do, it refuses as Unsupported."""

    @property
    def status(self) -> LinkStatus:
        """For health pages."""


@dataclass(frozen=True, slots=True)
class SpeakerConfig:
    """Where the server is. `players`: the house's own, by the server's names; empty: all."""

    driver: str
    url: str
    token: str = field(repr=False)
    players: tuple[str, ...] = ()


def open_speakers(config: SpeakerConfig) -> AbstractAsyncContextManager[SpeakerServer]:
    """The server's ports while entered; entering never waits. Unsupported: an unknown driver."""
    make = _SERVERS.get(config.driver)
    if make is None:
        raise Unsupported("unknown_driver")
    return make(config)


@asynccontextmanager
async def _music_assistant(config: SpeakerConfig) -> AsyncIterator[SpeakerServer]:
    from edge_agent.drivers.music_assistant import (  # noqa: PLC0415 - half a second and 25 MB
        MusicAssistant,
        MusicAssistantConfig,
    )

    async with MusicAssistant(MusicAssistantConfig(config.url, config.token)) as server:
        yield server


@asynccontextmanager
async def _home_assistant(config: SpeakerConfig) -> AsyncIterator[SpeakerServer]:
    from edge_agent.drivers.home_assistant import (  # noqa: PLC0415 - as above
        HomeAssistant,
        HomeAssistantConfig,
    )

    where = HomeAssistantConfig(config.url, config.token, players=config.players)
    async with HomeAssistant(where) as home:
        yield home.speakers


_SERVERS: dict[str, Callable[[SpeakerConfig], AbstractAsyncContextManager[SpeakerServer]]] = {
    "music_assistant": _music_assistant,
    "home_assistant": _home_assistant,
}
