"""How does one link to the server live, and how does it end?

The library's client can be used once: it does not reconnect, waits for answers without limit,
ends in-flight commands with a cancellation nobody asked for, and returns normally when the link
is lost. All of that stops here.
"""

import asyncio
import logging
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from typing import TYPE_CHECKING

from music_assistant_client import MusicAssistantClient
from music_assistant_models.enums import EventType

from edge_agent.drivers.music_assistant.readings import is_speaker, player_reading
from edge_agent.drivers.music_assistant.refusals import command_refusal, link_refusal
from edge_agent.errors import DeviceBusy, DeviceUnreachable, EdgeError, OutcomeUnknown, TryLater
from edge_agent.ports import PlayerReading

if TYPE_CHECKING:
    from aiohttp import ClientSession

    from edge_agent.drivers.music_assistant.config import MusicAssistantConfig

_PLAYER_EVENTS = (EventType.PLAYER_ADDED, EventType.PLAYER_UPDATED, EventType.PLAYER_REMOVED)
# The library prints whole frames, the token among them, and each failed dial as an error.
_LOUD_LOGGERS = ("music_assistant_client", "music_assistant_client.connection")


class Session:
    """One client, from dialling to the end of its link."""

    def __init__(self, config: "MusicAssistantConfig", http: "ClientSession") -> None:
        for name in _LOUD_LOGGERS:
            logging.getLogger(name).disabled = True
        self._config = config
        self._living = False
        self._doubted = asyncio.Event()
        self._places = asyncio.Semaphore(config.commands_at_once)
        self.client = MusicAssistantClient(config.url, http, token=config.token)

    async def live(
        self, *, ready: Callable[[], None], heard: Callable[[tuple[PlayerReading, ...]], None]
    ) -> EdgeError:
        """Dial and listen until the link ends; the answer says why it did.

        `heard` is given all players once the first list is in and after each change, `ready` is
        called after the first time. Neither is called any more once this has returned.
        """
        listed = asyncio.Event()
        self.client.subscribe(lambda _event: self._tell(heard), _PLAYER_EVENTS)
        async with asyncio.TaskGroup() as group:
            listening = group.create_task(self._listen(listed), name="music-listen")
            listing = group.create_task(_wait(listed), name="music-listing")
            doubting = group.create_task(self._lose_faith(), name="music-doubt")
            try:
                await _first(listening, listing, limit=self._config.ready_limit.total_seconds())
                if listed.is_set() and not listening.done():
                    self._living = True
                    self._tell(heard)
                    ready()
                    await _first(listening, doubting, limit=None)  # the heartbeat bounds it
                return listening.result() if listening.done() else DeviceUnreachable("no_answer")
            finally:
                self._living = False
                for task in (listening, listing, doubting):
                    task.cancel()

    async def ask[T](self, command: Callable[[], Awaitable[T]], *, acts: bool) -> T:
        """Run one command, bounded in time.

        `acts`: the command changes something. When its answer is missing it may have done so
        (OutcomeUnknown); a mere question can be asked again (TryLater).
        """
        asker = asyncio.current_task()
        cancels = asker.cancelling() if asker else 0
        try:
            async with self._place(), asyncio.timeout(self._config.answer_limit.total_seconds()):
                return await command()
        except TimeoutError:
            self._doubted.set()
            raise _unanswered("no_answer", acts=acts) from None
        except asyncio.CancelledError:
            if asker is not None and asker.cancelling() > cancels:
                raise  # somebody meant us
            raise _unanswered("link_lost", acts=acts) from None
        except EdgeError:
            raise
        except Exception as error:  # noqa: BLE001 - a vendor's failures are translated, all of them
            raise command_refusal(error, acts=acts) from None

    def readings(self) -> tuple[PlayerReading, ...]:
        """All speakers as the library knows them now."""
        return tuple(player_reading(p) for p in self.client.players if is_speaker(p))

    def _tell(self, heard: Callable[[tuple[PlayerReading, ...]], None]) -> None:
        if self._living:
            heard(self.readings())

    @asynccontextmanager
    async def _place(self) -> AsyncIterator[None]:
        """Keep a flood of commands here instead of on the server."""
        try:
            async with asyncio.timeout(self._config.answer_limit.total_seconds()):
                await self._places.acquire()
        except TimeoutError:
            raise DeviceBusy("too_many_commands") from None
        try:
            yield
        finally:
            self._places.release()

    async def _listen(self, listed: asyncio.Event) -> EdgeError:
        try:
            await self.client.start_listening(listed)
        except Exception as error:  # noqa: BLE001 - whatever a strange server causes ends this link only
            return link_refusal(error)
        finally:
            with suppress(TimeoutError):
                async with asyncio.timeout(self._config.close_limit.total_seconds()):
                    await self.client.disconnect()
        return DeviceUnreachable("link_lost")

    async def _lose_faith(self) -> None:
        """Return once the server leaves a simple question unanswered after a late command."""
        while True:
            await self._doubted.wait()
            self._doubted.clear()
            try:
                async with asyncio.timeout(self._config.answer_limit.total_seconds()):
                    await self.client.send_command("info")
            except TimeoutError:
                return
            except Exception:  # noqa: BLE001, S112 - any answer is an answer; a lost link is seen by the listener
                continue


async def _wait(event: asyncio.Event) -> None:
    await event.wait()


async def _first(*tasks: asyncio.Task[EdgeError] | asyncio.Task[None], limit: float | None) -> None:
    await asyncio.wait(tasks, timeout=limit, return_when=asyncio.FIRST_COMPLETED)


def _unanswered(reason: str, *, acts: bool) -> EdgeError:
    return OutcomeUnknown(reason) if acts else TryLater(reason)
