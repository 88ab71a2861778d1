"""How does a Music Assistant server become the house's speakers?"""

from edge_agent.drivers.music_assistant.config import MusicAssistantConfig
from edge_agent.drivers.music_assistant.driver import MusicAssistant
from edge_agent.drivers.music_assistant.link import MusicStatus

__all__ = ["MusicAssistant", "MusicAssistantConfig", "MusicStatus"]
