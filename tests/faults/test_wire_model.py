"""B6 to B9: whatever the wire does to messages, the door opens once, for whom, while and as recorded.

And each broken house of `builds` is found out by the very same model (F3).
"""

from pathlib import Path

import pytest

from tests.faults.builds import BROKEN
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import CLOCK
from tests.faults.wire_house import WireHouse

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]

STEPS = 100
PATIENCE = 60
"""So many houses of a broken build are tried; each guard is missed in far fewer."""


async def test_repeated_late_reordered_altered_forged(tmp_path: Path, scale: Scale) -> None:
    dice, figure = scale.dice("wire"), Figure("B6 what the wire does, in virtual time", scale.seed)
    for number in scale.tries(6, 400):
        began = CLOCK.monotonic()
        house = WireHouse(tmp_path / str(number), dice)
        await house.live(STEPS)
        figure.took((CLOCK.monotonic() - began) / house.counts["steps"])
        figure.tried += house.counts["deliveries"] + house.counts["asked"]
        figure.note("openings", house.counts["opened"])
        figure.violations += house.violations.total()
        assert house.violations.total() == 0, house.violations
    figure.publish(scale)
    assert figure.notes["openings"] > 20, "nothing opens: the model says nothing"


@pytest.mark.parametrize("name", list(BROKEN))
async def test_control_a_house_lacking_one_guard_is_found_out(
    tmp_path: Path, scale: Scale, name: str
) -> None:
    build, dice = BROKEN[name], scale.dice(name)
    for number in range(PATIENCE):
        house = WireHouse(tmp_path / str(number), dice, build)
        await house.live(STEPS)
        if house.violations[build.breaks]:
            return
    raise AssertionError(f"{build.breaks} was never seen broken {name}")
