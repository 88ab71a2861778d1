"""Under which settings does the agent work: its own, or those from afar that lockd has verified?"""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Final

import structlog
from pydantic import BaseModel

from edge_agent.doorkeeper import CloudGate, Configuration
from edge_agent.errors import EdgeError

_log = structlog.get_logger("portero.agent")

_LOOK_SECONDS = 2.0
_GATE_SECONDS = 10.0

_AGENTS: Final = {"music_url", "lan_names", "advertise", "query_seconds"}


def merged[Settings: BaseModel](own: Settings, word: Configuration) -> Settings:
    """The agent's settings with those from afar in place of its own."""
    told = word.settings.model_dump(include=_AGENTS, exclude_none=True)
    return own.model_copy(update=told)


async def keep_serving[Settings: BaseModel](
    own: Settings, gate: CloudGate, serve: Callable[[Settings], Awaitable[None]]
) -> None:
    """Serve until cancelled; when settings from afar change, leave in order and serve anew."""
    word = await _asked(gate, running=0)
    while True:
        settings = own if word is None else merged(own, word)
        async with asyncio.TaskGroup() as group:
            serving = group.create_task(_serving(serve, settings), name="serving")
            word = await _changed(own, settings, gate, word)
            serving.cancel()
        _log.info("reconfigured", version=word.version)


async def _serving[Settings: BaseModel](
    serve: Callable[[Settings], Awaitable[None]], settings: Settings
) -> None:
    await serve(settings)


async def _changed[Settings: BaseModel](
    own: Settings, settings: Settings, gate: CloudGate, word: Configuration | None
) -> Configuration:
    """The first word that asks for other settings; what asks for the same is run already."""
    running = 0 if word is None else word.version
    while True:
        found = await _asked(gate, running=running)
        if found is not None and merged(own, found) != settings:
            return found
        if found is not None and found.version != running:
            running = found.version
            continue
        await asyncio.sleep(_LOOK_SECONDS)


async def _asked(gate: CloudGate, *, running: int) -> Configuration | None:
    """None while lockd is away."""
    try:
        async with asyncio.timeout(_GATE_SECONDS):
            return await gate.configuration(running=running)
    except (EdgeError, TimeoutError):
        return None
