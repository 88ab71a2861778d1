"""What goes down to the houses, and when is it said again?"""

import asyncio
from collections.abc import Awaitable, Callable
from uuid import UUID

import structlog

from cloud_api.courier.post import Post, PostLost
from cloud_api.fleet.commands import service as commands
from cloud_api.fleet.configurations import service as configurations
from cloud_api.fleet.keys import service as keys
from cloud_api.fleet.looks import service as looks
from cloud_api.fleet.music import service as music
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.snapshots import service as snapshots
from cloud_api.fleet.snapshots.types import Stored
from cloud_api.fleet.types import Letter
from cloud_api.kit.bell import Bell
from cloud_api.kit.db import Database
from protocol.topics import Down

_log = structlog.get_logger("portero.courier.downlink")

_AT_ONCE = 100
_NOBODY = UUID(int=0)
_REST_SECONDS = 1.0


class Downlink:
    """Publishes what the database holds; it keeps nothing of its own."""

    def __init__(self, database: Database, desk: Desk) -> None:
        self._database = database
        self._desk = desk
        self._post: Post | None = None
        self._in_hand: set[tuple[UUID, str]] = set()

    async def run(self, post: Post, bell: Bell) -> None:
        """Until cancelled or PostLost. Begins with everything a wiped broker would lack."""
        self._post = post
        try:
            await self._say_all(post, bell)
        finally:
            self._post = None

    async def hand_over(self, stored: Stored) -> bool:
        """Publish what this process has just stored; False without a broker."""
        if self._post is None:
            return False
        # A look that happens now finds it too: what is in hand is not said twice.
        self._in_hand.add((stored.house_id, stored.position.hash))
        try:
            await self._publish(self._post, stored)
        except PostLost as error:
            _log.warning("downlink_postponed", word="hand over", error=str(error))
            return False
        finally:
            self._in_hand.discard((stored.house_id, stored.position.hash))
        return True

    async def _say_all(self, post: Post, bell: Bell) -> None:
        async with asyncio.TaskGroup() as tasks:
            for word, say in self._sayers().items():
                tasks.create_task(self._on(word, say, post, bell), name=f"say {word}")
            tasks.create_task(self._repeat(post), name="repeat what is unheard")
            tasks.create_task(self._say_keys(post, bell), name="say keys")

    async def _on(
        self, word: str, say: Callable[[Post], Awaitable[None]], post: Post, bell: Bell
    ) -> None:
        async for _ in bell.rings(word):
            try:
                await say(post)
            except PostLost:
                raise
            except Exception as error:  # noqa: BLE001 - a door: one failure must not stop the rest
                _log.warning("downlink_postponed", word=word, error=type(error).__name__)
                await asyncio.sleep(_REST_SECONDS)

    def _sayers(self) -> dict[str, Callable[[Post], Awaitable[None]]]:
        return {
            "snapshot": self._say_snapshots,
            "command": self._say_commands,
            "music": self._say_music,
            "configuration": self._say_configurations,
            "look": self._say_looks,
        }

    async def _say_snapshots(self, post: Post) -> None:
        async with self._database.reading() as session:
            waiting = await snapshots.unpublished(session, most=_AT_ONCE)
        for stored in waiting:
            if (stored.house_id, stored.position.hash) not in self._in_hand:
                await self._publish(post, stored)

    async def _publish(self, post: Post, stored: Stored) -> None:
        await post.publish(Letter(stored.house_id, Down.SNAPSHOT, stored.frame))
        async with self._database.one_statement() as session:
            await snapshots.mark_published(session, stored, self._desk.clock)

    async def _say_commands(self, post: Post) -> None:
        async with self._database.transaction() as session:
            letters = await commands.claim(session, self._desk, most=_AT_ONCE)
        for letter in letters:
            await post.publish(letter)

    async def _say_music(self, post: Post) -> None:
        async with self._database.transaction() as session:
            letters = await music.claim(session, self._desk, most=_AT_ONCE)
        for letter in letters:
            await post.publish(letter)

    async def _say_configurations(self, post: Post) -> None:
        async with self._database.reading() as session:
            waiting = await configurations.unpublished(session, most=_AT_ONCE)
        for signed in waiting:
            await post.publish(configurations.letter_of(signed))
            async with self._database.one_statement() as session:
                await configurations.mark_published(session, signed, self._desk.clock)

    async def _say_looks(self, post: Post) -> None:
        async with self._database.transaction() as session:
            letters = await looks.claim(session, self._desk, most=_AT_ONCE)
        for letter in letters:
            await post.publish(letter)

    async def _say_keys(self, post: Post, bell: Bell) -> None:
        """A new key document goes to every house; who misses it gets it with its next question."""
        with bell.waiter("keys") as installed:
            while True:
                await installed.wait()
                installed.clear()
                try:
                    await self._say_keys_to_all(post)
                except PostLost:
                    raise
                except Exception as error:  # noqa: BLE001 - a door: one failure must not stop the rest
                    _log.warning("downlink_postponed", word="keys", error=type(error).__name__)

    async def _say_keys_to_all(self, post: Post) -> None:
        after = _NOBODY
        while True:
            async with self._database.transaction() as session:
                frame = (await keys.in_force(session)).frame
                page = await snapshots.enrolled(session, after=after, most=_AT_ONCE)
            for house_id in page:
                await post.publish(Letter(house_id, Down.KEYS, frame))
                after = house_id
            if len(page) < _AT_ONCE:
                return

    async def _repeat(self, post: Post) -> None:
        """Every snapshot its house has not acknowledged, with the keys to read it."""
        while True:
            try:
                return await self._repeat_all(post)
            except PostLost:
                raise
            except Exception as error:  # noqa: BLE001 - a door: one failure must not stop the rest
                _log.warning("downlink_postponed", word="repeat", error=type(error).__name__)
                await asyncio.sleep(_REST_SECONDS)

    async def _repeat_all(self, post: Post) -> None:
        after = _NOBODY
        while True:
            async with self._database.transaction() as session:
                frame = (await keys.in_force(session)).frame
                page = await snapshots.unheard(session, after=after, most=_AT_ONCE)
            for stored in page:
                await post.publish(Letter(stored.house_id, Down.KEYS, frame))
                await self._publish(post, stored)
                after = stored.house_id
            if len(page) < _AT_ONCE:
                return
