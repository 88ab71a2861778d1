"""The lane that turns many wishes into few commands."""

import asyncio

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from edge_agent.drivers.kit.latest_wins import LatestWins


class Device:
    """Takes a while for each value; counts overlaps."""

    def __init__(self, seconds: float = 0.0) -> None:
        self.sent: list[int] = []
        self.busy = 0
        self.overlapped = False
        self._seconds = seconds

    async def send(self, value: int) -> None:
        self.busy += 1
        self.overlapped |= self.busy > 1
        try:
            await asyncio.sleep(self._seconds)
            self.sent.append(value)
        finally:
            self.busy -= 1


@settings(max_examples=60, deadline=None)
@given(
    wishes=st.lists(st.tuples(st.integers(0, 100), st.integers(0, 4)), min_size=1, max_size=40),
    doomed=st.sets(st.integers(0, 39), max_size=10),
)
def test_however_wishes_arrive_the_last_one_stands(
    wishes: list[tuple[int, int]], doomed: set[int]
) -> None:
    """Any interleaving, some callers cancelled but never the last one."""

    async def story() -> Device:
        device = Device()
        lane = LatestWins(device.send, spacing_seconds=0.0)
        async with asyncio.TaskGroup() as group:
            for number, (value, pauses) in enumerate(wishes):
                task = group.create_task(lane.submit(value))
                for _ in range(pauses):
                    await asyncio.sleep(0)
                if number in doomed and number < len(wishes) - 1:
                    task.cancel()
        return device

    device = asyncio.run(story())
    assert device.sent[-1] == wishes[-1][0]
    assert not device.overlapped
    assert len(device.sent) <= len(wishes)


async def test_commands_keep_their_distance() -> None:
    loop = asyncio.get_running_loop()
    starts: list[float] = []

    async def send(_value: int) -> None:
        starts.append(loop.time())

    lane = LatestWins(send, spacing_seconds=0.05)
    await lane.submit(1)
    await lane.submit(2)
    assert starts[1] - starts[0] >= 0.049


async def test_a_failure_is_told_and_does_not_stay() -> None:
    failing = True

    async def send(_value: int) -> None:
        if failing:
            raise LookupError

    lane = LatestWins(send, spacing_seconds=0.0)
    with pytest.raises(LookupError):
        await lane.submit(1)
    failing = False
    await lane.submit(2)
