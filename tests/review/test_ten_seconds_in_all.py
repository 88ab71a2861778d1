"""Is it ten seconds from the wish to the motor, or ten from wherever the house came in?"""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from edge_agent.doorkeeper import Attempt, StayView
from protocol.access import Refusal
from protocol.envelope import Kind
from protocol.ids import AttemptId, CommandId
from protocol.live import CommandOutcome, LiveCommand, NonceGrant, NonceRequest, Outcome
from tests.edge_agent.lockd_kit import (
    FakeClock,
    Hardware,
    Lockd,
    running,
    signed,
    snapshot_frame,
)
from tests.edge_agent.policy_kit import BOOKER, FRONT, HOUSE, a_grant, a_snapshot

SECRET = "5e" * 32


@pytest.fixture
async def lockd(folder: Path) -> AsyncIterator[Lockd]:
    async with running(folder, FakeClock(), Hardware()) as served:
        await served.settle_in(a_grant(secret=SECRET))
        yield served


@pytest.mark.parametrize(
    ("passed", "expected"), [(0.9, Outcome.OPENED), (1.0, Outcome.REFUSED), (9.0, Outcome.REFUSED)]
)
async def test_a_wish_nine_seconds_old_has_one_second_left(
    lockd: Lockd, passed: float, expected: Outcome
) -> None:
    command = CommandId(uuid4())
    request = NonceRequest(
        house=HOUSE, command=command, grant=BOOKER, lock=FRONT, move="open", seconds=1.0
    )
    reply = await lockd.take("ask", signed(Kind.NONCE_REQUEST, request))
    assert reply is not None
    nonce = lockd.read(reply, Kind.NONCE_GRANT, NonceGrant).nonce
    assert nonce is not None
    lockd.clock.pass_time(timedelta(seconds=passed))
    live = LiveCommand(
        house=HOUSE, command=command, grant=BOOKER, lock=FRONT, move="open", nonce=nonce
    )
    reply = await lockd.take("command", signed(Kind.COMMAND, live))
    assert reply is not None
    outcome = lockd.read(reply, Kind.OUTCOME, CommandOutcome)
    assert outcome.outcome is expected
    assert lockd.hardware.front.opened == (expected is Outcome.OPENED)
    if expected is Outcome.REFUSED:
        assert outcome.reason == Refusal.NONCE_EXPIRED


async def tap(
    lockd: Lockd, *, until: float, held_up: float = 0.0, attempt: AttemptId | None = None
) -> Attempt:
    """A tap wanted for `until` seconds from the press, heard so many seconds after it."""
    token = await lockd.sign_in(SECRET)
    view = await lockd.client.view(token)
    assert isinstance(view, StayView)
    lockd.clock.pass_time(timedelta(seconds=held_up))
    chosen = attempt or AttemptId(uuid4())
    begun = await lockd.client.move(token, FRONT, "open", chosen, not_after=view.clock + until)
    if begun.outcome is not None:
        return begun
    ended = await lockd.client.attempt(token, chosen, wait_seconds=5)
    assert isinstance(ended, Attempt)
    return ended


@pytest.mark.parametrize(
    ("held_up", "expected"),
    [(9.9, Outcome.OPENED), (10.0, Outcome.REFUSED), (14.5, Outcome.REFUSED)],
)
async def test_a_tap_held_up_anywhere_is_counted_from_the_press(
    lockd: Lockd, held_up: float, expected: Outcome
) -> None:
    ended = await tap(lockd, until=10, held_up=held_up)
    assert ended.outcome is expected
    assert lockd.hardware.front.opened == (expected is Outcome.OPENED)
    if expected is Outcome.REFUSED:
        assert ended.refusal is Refusal.TOO_LATE
        assert (await lockd.fact_kinds())[-1] == "decided"


async def test_the_same_late_tap_again_stays_refused(lockd: Lockd) -> None:
    attempt = AttemptId(uuid4())
    assert (await tap(lockd, until=10, held_up=11, attempt=attempt)).refusal is Refusal.TOO_LATE
    assert (await tap(lockd, until=10, attempt=attempt)).refusal is Refusal.TOO_LATE
    assert lockd.hardware.front.opened == 0


async def test_nobody_buys_more_than_ten_seconds(lockd: Lockd) -> None:
    """A reading of another boot may lie far ahead; it is not ours."""
    assert (await tap(lockd, until=3600)).refusal is Refusal.TOO_LATE
    lockd.hardware.front.connects_seconds = 0.2
    async with asyncio.TaskGroup() as group:
        late = group.create_task(tap(lockd, until=10.4))
        await lockd.hardware.front.connecting.wait()
        lockd.clock.pass_time(timedelta(seconds=10.1))
    assert late.result().refusal is Refusal.TOO_LATE
    assert lockd.hardware.front.opened == 0


@pytest.mark.parametrize("why", [Refusal.TOO_LATE, Refusal.REVOKED])
async def test_what_changes_while_the_lock_is_being_reached_still_counts(
    lockd: Lockd, why: Refusal
) -> None:
    front = lockd.hardware.front
    front.connects_seconds = 0.3
    token = await lockd.sign_in(SECRET)
    until = lockd.clock.boot_seconds() + 10
    await lockd.client.move(token, FRONT, "open", AttemptId(uuid4()), not_after=until)
    await front.connecting.wait()
    if why is Refusal.TOO_LATE:
        lockd.clock.pass_time(timedelta(seconds=10))
    else:
        await lockd.take("snapshot", snapshot_frame(a_snapshot(version=2, revoked=(BOOKER,))))
    assert await acted(lockd) == [(Outcome.REFUSED, why.value)]
    assert front.opened == 0


async def acted(lockd: Lockd) -> list[tuple[Outcome, str | None]]:
    """How the attempts on record ended, once one has."""
    async with asyncio.timeout(5):
        while True:
            bodies = [fact.body for fact in await lockd.facts()]
            if ended := [(each.outcome, each.reason) for each in bodies if each.kind == "acted"]:
                return ended
            await asyncio.sleep(0.02)
