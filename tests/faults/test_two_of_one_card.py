"""A14: two devices of one card both hear every command. Each command is carried out once."""

import asyncio
import shutil
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from protocol.envelope import Kind
from protocol.live import LiveCommand, NonceGrant, NonceRequest
from tests.edge_agent.lockd_kit import FakeClock, Hardware, Lockd, running, settle, signed
from tests.edge_agent.policy_kit import BOOKER, FRONT, HOUSE, a_grant
from tests.faults.figures import Figure, Scale

pytestmark = [pytest.mark.fault, pytest.mark.timeout(3600)]


async def test_two_devices_that_hear_every_command_carry_each_out_once(
    tmp_path: Path, scale: Scale
) -> None:
    """A nonce lives in the memory of the one that gave it: the other knows nothing of it."""
    figure = Figure("A14 commands heard by two devices of one card", scale.seed)
    one, other = tmp_path / "one", tmp_path / "other"
    one.mkdir()
    me, clock, hardware = settle(one), FakeClock(), Hardware()
    async with running(one, clock, hardware, me=me) as first:
        await first.settle_in(a_grant())
    shutil.copytree(one, other)
    async with (
        running(one, clock, hardware, me=me) as first,
        running(other, clock, hardware, me=me) as second,
    ):
        for _ in scale.tries(5, 400):
            clock.pass_time(timedelta(seconds=10))
            before = hardware.front.opened
            await _asked_of_both((first, second), hardware)
            figure.tried += 1
            figure.note("opened", hardware.front.opened - before)
            figure.violations += hardware.front.opened - before > 1
    figure.publish(scale)
    assert figure.violations == 0
    assert figure.notes["opened"] == figure.tried


async def _asked_of_both(both: tuple[Lockd, Lockd], hardware: Hardware) -> None:
    """Both answer the question; the cloud takes the first nonce; both hear the command, twice."""
    wish = {
        "house": HOUSE,
        "command": uuid4(),
        "grant": BOOKER,
        "lock": FRONT,
        "move": "open",
    }
    ask = signed(Kind.NONCE_REQUEST, NonceRequest.model_validate(wish))
    replies = [await each.take("ask", ask) for each in both]
    granted = [
        each.read(r or b"", Kind.NONCE_GRANT, NonceGrant)
        for each, r in zip(both, replies, strict=True)
    ]
    command = LiveCommand.model_validate({**wish, "nonce": granted[0].nonce})
    frame = signed(Kind.COMMAND, command)
    async with asyncio.TaskGroup() as group:
        for each in (*both, *both):
            group.create_task(each.client.take("command", frame), name="command")
