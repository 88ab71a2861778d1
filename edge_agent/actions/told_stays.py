"""Which stays were the house's automations told of?"""

from typing import Protocol

from pydantic import Field

from edge_agent.doorkeeper import StayNews, Word


class ToldStays(Word):
    """Stays whose beginning was told, by grant."""

    stays: dict[str, StayNews] = Field(default_factory=dict)


class ToldMemory(Protocol):
    """Where it outlives the process what was told."""

    def load(self) -> ToldStays:
        """What was saved last; empty when there is nothing readable."""

    def save(self, told: ToldStays) -> None:
        """Durable when it returns. TryLater when the disk refuses."""
