"""B13: a city's power comes back and all houses connect at once. Nobody is lost, neighbours go on.

Real Mosquitto with our production files, mutual TLS, one certificate a house. Latency of a neighbour
before and during the storm is measured and told, not judged: this machine has other work too.
"""

import asyncio
import gc
import tempfile
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID, uuid4

import aiomqtt
import pytest

from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import CLOCK
from tests.firmware_config.mtls import Papers, Wall, heard_until

pytestmark = [
    pytest.mark.fault,
    pytest.mark.timeout(3600),
    pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning"),
]

AT_A_TIME = 20
"""The client library holds a thread a connection while it is made."""


def down(house: UUID) -> str:
    return f"portero/{house}/down/command"


@pytest.fixture
def wall() -> Iterator[Wall]:
    """A broker of this test's own, in a folder its user may read."""
    with tempfile.TemporaryDirectory() as folder:
        Path(folder).chmod(0o755)
        made = Wall(Path(folder))
        made.start()
        yield made
        made.kill()
        gc.collect()  # the library leaves failed sockets to the collector


async def test_all_houses_come_back_at_once(scale: Scale, wall: Wall) -> None:
    figure = Figure("B13 houses connecting at once", scale.seed)
    neighbour = uuid4()
    houses = [uuid4() for _ in range(scale.times(50, 500))]
    papers = {house: wall.house(house) for house in houses}
    async with (
        wall.line(wall.courier()) as courier,
        wall.line(wall.house(neighbour)) as listener,
    ):
        await listener.subscribe(down(neighbour), qos=1)
        before = [await _there(courier, listener, neighbour) for _ in range(5)]
        figure.note("neighbour before, ms", round(sorted(before)[2] * 1000, 1))
        storm = Storm(wall, courier, figure, asyncio.Semaphore(AT_A_TIME))
        async with asyncio.TaskGroup() as group:
            coming = [group.create_task(storm.comes_back(*each)) for each in papers.items()]
            worst = 0.0
            while not all(each.done() for each in coming):
                worst = max(worst, await _there(courier, listener, neighbour))
                await asyncio.sleep(0.05)
        figure.note("neighbour during, worst ms", round(worst * 1000, 1))
    figure.publish(scale)
    assert figure.tried == len(houses)
    assert figure.violations == 0


@dataclass
class Storm:
    """Everybody at once, as far as the client library's threads go."""

    wall: Wall
    courier: aiomqtt.Client
    figure: Figure
    gate: asyncio.Semaphore

    async def comes_back(self, house: UUID, papers: Papers) -> None:
        """From wanting a line to the first word heard over it: its own, and nobody else's."""
        async with self.gate:
            began = CLOCK.monotonic()
            async with self.wall.line(papers, client_id=str(house)) as line:
                await line.subscribe(down(house), qos=1)
                await line.publish(f"portero/{house}/up/status", "back", qos=1)
                await self.courier.publish(down(house), str(house), qos=1)
                heard = await heard_until(line, down(house))
                self.figure.took(CLOCK.monotonic() - began)
        self.figure.tried += 1
        self.figure.violations += heard != [(down(house), str(house).encode())]


async def _there(courier: aiomqtt.Client, listener: aiomqtt.Client, neighbour: UUID) -> float:
    began = CLOCK.monotonic()
    await courier.publish(down(neighbour), "still there?", qos=1)
    await heard_until(listener, down(neighbour))
    return CLOCK.monotonic() - began
