"""How does the agent start?"""

import asyncio

from edge_agent import app
from edge_agent.settings import AgentSettings
from portero.verbs import read


async def carry() -> None:
    """Carry messages, pages and music until a signal ends it."""
    settings = read.settings(AgentSettings)
    await asyncio.to_thread(settings.data.mkdir, mode=0o700, parents=True, exist_ok=True)
    await app.run(settings)
