"""Which drivers are held to the speaker contract, and on which simulated server?

A driver's bench is an async context manager that takes a folder of its own; put it in `BENCHES`,
and into `WITH_QUEUE` or `WITHOUT_QUEUE`.
"""

from collections.abc import Callable
from contextlib import AbstractAsyncContextManager
from pathlib import Path

from tests.edge_agent.drivers.contract_speakers.speaker_contract import SpeakerBench
from tests.edge_agent.drivers.home.speakers_bench import home_speakers_bench
from tests.edge_agent.drivers.music.music_bench import music_bench

MakeBench = Callable[[Path], AbstractAsyncContextManager[SpeakerBench]]

BENCHES: dict[str, MakeBench] = {
    "music_assistant": music_bench,
    "home_assistant": home_speakers_bench,
}

WITH_QUEUE = ("music_assistant",)
WITHOUT_QUEUE = ("home_assistant",)
