"""The power was off and nobody knows for how long: what still opens, for whom, and on whose word?"""

from datetime import timedelta
from pathlib import Path
from uuid import uuid4

from edge_agent.doorkeeper import Attempt, Refused
from protocol.access import Grant, Refusal, Right, Role, Verb, open_door
from protocol.facts import Alarmed
from protocol.live import Outcome
from tests.edge_agent.lockd_kit import FakeClock, Hardware, Lockd, running, settle
from tests.edge_agent.policy_kit import FRIEND, FRONT, NOON, a_grant

GUEST, HOST = "5e" * 32, "ab" * 32
HOUR = timedelta(hours=1)


def people() -> tuple[Grant, Grant]:
    """A guest inside their stay, and a host who may override."""
    rights = (str(Right(Verb.ACCESS_OVERRIDE)), str(open_door(FRONT)))
    host = a_grant(FRIEND, role=Role.STAFF, stay=None, rights=rights, secret=HOST)
    return a_grant(secret=GUEST), host


async def became(lockd: Lockd, secret: str) -> Outcome | Refusal | None:
    tapped = await lockd.open_door(await lockd.sign_in(secret), uuid4())
    assert isinstance(tapped, Attempt)
    return tapped.refusal or tapped.outcome


async def alarms(lockd: Lockd) -> list[str]:
    return [each.body.name for each in await lockd.facts() if isinstance(each.body, Alarmed)]


async def test_only_a_recorded_override_opens_and_a_host_can_give_the_house_its_time(
    tmp_path: Path,
) -> None:
    settle(tmp_path)
    clock, hardware = FakeClock(), Hardware()
    async with running(tmp_path, clock, hardware) as before:
        await before.settle_in(*people())
        assert await became(before, GUEST) is Outcome.OPENED
    clock.reboot(off=3 * HOUR, wall=NOON.replace(year=1970))
    async with running(tmp_path, clock, hardware) as lockd:
        assert await became(lockd, GUEST) is Refusal.TIME_UNKNOWN
        assert await became(lockd, HOST) is Outcome.OPENED
        assert await alarms(lockd) == ["host_override"]
        guest, host = await lockd.sign_in(GUEST), await lockd.sign_in(HOST)
        true = NOON + 3 * HOUR
        said = await lockd.client.declare_time(guest, true)
        assert said == Refused(refusal=Refusal.NO_SUCH_RIGHT)
        assert await lockd.client.declare_time("x" * 64, true) == Refused(
            refusal=Refusal.NOT_SIGNED_IN
        )
        assert await lockd.client.declare_time(host, true) is None
        assert await became(lockd, GUEST) is Outcome.OPENED
        assert (await lockd.client.state()).latest is None
        assert await alarms(lockd) == ["host_override", "clock_declared"]
        clock.now = true
        await lockd.gain_time()
        assert (await lockd.client.state()).latest is not None
    assert hardware.front.opened == 3
