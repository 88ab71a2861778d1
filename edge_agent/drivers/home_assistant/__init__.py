"""How do locks, speakers and entities of a Home Assistant serve the house?"""

from edge_agent.drivers.home_assistant.config import HomeAssistantConfig
from edge_agent.drivers.home_assistant.driver import HomeAssistant
from edge_agent.drivers.home_assistant.link import HomeStatus
from edge_agent.drivers.home_assistant.lock import HomeLockKey, LockTiming, open_home_lock

__all__ = [
    "HomeAssistant",
    "HomeAssistantConfig",
    "HomeLockKey",
    "HomeStatus",
    "LockTiming",
    "open_home_lock",
]
