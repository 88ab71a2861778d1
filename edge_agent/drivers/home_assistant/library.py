"""When is homeassistant-api loaded? At the first need, off the loop: it takes half a second."""

import asyncio
import importlib
from contextlib import asynccontextmanager
from typing import TYPE_CHECKING

from edge_agent.errors import Unsupported

if TYPE_CHECKING:
    from collections.abc import AsyncIterator

    from edge_agent.drivers.home_assistant.client import Caller, Listener
    from edge_agent.drivers.home_assistant.config import HomeAssistantConfig
    from edge_agent.drivers.home_assistant.states import EntityState

_ADAPTER = "edge_agent.drivers.home_assistant.client"


@asynccontextmanager
async def dialled(config: "HomeAssistantConfig") -> "AsyncIterator[tuple[Caller, Listener]]":
    """Two links, one that calls and one that listens. EdgeError says why there are none."""
    await _load()
    from edge_agent.drivers.home_assistant import client  # noqa: PLC0415 - loaded just now

    async with client.dialled(config) as pair:
        yield pair


async def look(config: "HomeAssistantConfig", entity: str) -> "EntityState":
    """One entity, asked once. NoSuchThing: the server does not know it."""
    await _load()
    from edge_agent.drivers.home_assistant import client  # noqa: PLC0415 - loaded just now

    return await client.look(config, entity)


async def _load() -> None:
    try:
        await asyncio.to_thread(importlib.import_module, _ADAPTER)
    except ImportError:
        raise Unsupported("home_library_missing") from None
