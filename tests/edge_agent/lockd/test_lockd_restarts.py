"""Is what was under way at a stop told honestly, what is over ended, and nothing secret told?"""

import asyncio
import json
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from edge_agent.actions.keeping import AttemptRecord
from edge_agent.doorkeeper import Attempt, Joined, RequestState, RequestView, StayView
from edge_agent.store.audit import AuditStore
from protocol.access import PinWish, Role, pin_context
from protocol.envelope import Kind
from protocol.facts import (
    Acted,
    Again,
    Alarmed,
    Decided,
    DelegationEnded,
    Fact,
    FactBatch,
    Receipt,
    Via,
    fact_hash,
)
from protocol.house import ClockState
from protocol.ids import AttemptId, CredentialId
from protocol.live import Outcome
from protocol.sealing import seal_for
from tests.edge_agent.lock_kit import MemoryKeypad
from tests.edge_agent.lockd_kit import FakeClock, Hardware, Lockd, running, seed, signed
from tests.edge_agent.policy_kit import (
    BOOKER,
    ENDS,
    FRONT,
    HOUSE,
    NOON,
    STAY_WINDOW,
    a_grant,
    at,
    named,
)

SECRET = "5e" * 32
DIGITS = "402817"
DAY = timedelta(days=1)


async def until_fact(lockd: Lockd, wanted: object) -> None:
    async with asyncio.timeout(5):
        while wanted not in [each.body for each in await lockd.facts()]:  # noqa: ASYNC110 - another side acts
            await asyncio.sleep(0.02)


async def test_an_attempt_without_an_end_is_unknown_after_a_start(
    folder: Path, clock: FakeClock, hardware: Hardware
) -> None:
    attempt = AttemptId(named("attempt"))
    audit = AuditStore(folder, HOUSE)
    audit.append(
        Decided(
            attempt=attempt,
            grant=BOOKER,
            role=Role.GUEST,
            right=f"door:open:{FRONT}",
            via=Via.LAN,
            allowed=True,
            clock=ClockState.TRUSTED,
        ),
        time=at(NOON),
    )
    audit.close()
    async with running(folder, clock, hardware) as lockd:
        wanted = Acted(attempt=attempt, lock=FRONT, outcome=Outcome.UNKNOWN, reason="restarted")
        assert wanted in [each.body for each in await lockd.facts()]
        await lockd.settle_in(a_grant(secret=SECRET))
        again = await lockd.open_door(await lockd.sign_in(SECRET), attempt)
        assert isinstance(again, Attempt)
        assert again.outcome is Outcome.UNKNOWN
    assert hardware.front.opened == 0


async def test_a_stop_in_the_middle_of_a_move_is_recorded_as_unknown(
    lockd: Lockd, folder: Path
) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    lockd.hardware.front.takes_seconds = 5
    attempt = AttemptId(uuid4())
    await lockd.client.move(await lockd.sign_in(SECRET), FRONT, "open", attempt)
    await lockd.hardware.front.reached.wait()
    lockd.task.cancel()
    await asyncio.wait({lockd.task})
    found = _record_of(folder, attempt)
    assert found is not None
    assert (found.outcome, found.reason) == (Outcome.UNKNOWN, "stopped")


def _record_of(folder: Path, attempt: AttemptId) -> AttemptRecord | None:
    audit = AuditStore(folder, HOUSE)
    found = audit.attempt(attempt)
    audit.close()
    return found


async def test_waiting_for_an_attempt_ends_although_the_attempt_does_not(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    lockd.hardware.front.takes_seconds = 0.5
    token, attempt = await lockd.sign_in(SECRET), AttemptId(uuid4())
    await lockd.client.move(token, FRONT, "open", attempt)
    waiting = await lockd.client.attempt(token, attempt, wait_seconds=0.05)
    assert isinstance(waiting, Attempt)
    assert waiting.outcome is None
    ended = await lockd.client.attempt(token, attempt, wait_seconds=5)
    assert isinstance(ended, Attempt)
    assert ended.outcome is Outcome.OPENED


async def test_a_delegation_ends_by_itself_with_the_stay(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    token = await lockd.sign_in(SECRET)
    view = await lockd.client.view(token)
    assert isinstance(view, StayView)
    joined = await lockd.client.join(view.join_code or "", name="Grace", wants=("door:open",))
    assert isinstance(joined, Joined)
    decided = await lockd.client.decide_request(token, joined.request, approve=True)
    assert isinstance(decided, RequestView)
    assert decided.delegation is not None
    lockd.clock.pass_time(ENDS - NOON + timedelta(minutes=1))
    ended = DelegationEnded(delegation=decided.delegation, reason="ended")
    await until_fact(lockd, ended)
    assert await lockd.client.request_state(joined.secret) is RequestState.ENDED


async def test_acknowledged_facts_are_kept_more_than_35_days_and_then_let_go(
    lockd: Lockd,
) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    facts = await lockd.facts()
    head = fact_hash(facts[-1].to_bytes())
    receipt = Receipt(house=HOUSE, through=len(facts), head=head)
    await lockd.take("receipt", signed(Kind.RECEIPT, receipt))
    lockd.clock.pass_time(36 * DAY)
    await asyncio.sleep(0.3)
    assert await first_kept(lockd) == 1
    lockd.clock.pass_time(5 * DAY)
    await asyncio.sleep(0.3)
    assert await first_kept(lockd) >= len(facts)
    gone = Alarmed(name="facts_no_longer_kept", detail="1")
    assert gone in [each.body for each in await lockd.facts()]


def _seeds(folder: Path) -> list[str]:
    stored = json.loads((folder / "house.json").read_text())
    return [stored["signing_seed"], stored["sealing_seed"]]


async def first_kept(lockd: Lockd) -> int:
    await lockd.take("again", signed(Kind.AGAIN, Again(house=HOUSE, from_sequence=1)))
    frame = await lockd.client.facts(limit=1)
    if frame is None:
        return 10_000
    (text,) = lockd.read(frame, Kind.FACTS, FactBatch).facts
    return Fact.from_bytes(text.encode()).sequence


async def test_no_secret_is_ever_logged(
    folder: Path, clock: FakeClock, capfd: pytest.CaptureFixture[str]
) -> None:
    """Planted: link secret, token, PIN, join code, companion's secret, the house's own keys."""
    hardware = Hardware(keypads={FRONT: MemoryKeypad(refuses=frozenset({DIGITS}))})
    async with running(folder, clock, hardware) as lockd:
        box = seal_for(
            lockd.me.sealing.public_hex,
            DIGITS.encode(),
            context=pin_context(HOUSE, BOOKER, FRONT),
            ephemeral_seed=seed("box"),
        )
        wish = PinWish(
            credential=CredentialId(named("pin")), lock=FRONT, window=STAY_WINDOW, box=box
        )
        await lockd.settle_in(a_grant(secret=SECRET, pins=(wish,)))
        token = await lockd.sign_in(SECRET)
        view = await lockd.client.view(token)
        assert isinstance(view, StayView)
        joined = await lockd.client.join(view.join_code or "", name="Grace", wants=("door:open",))
        assert isinstance(joined, Joined)
        hardware.front.fails_before = RuntimeError("surprise")
        await lockd.open_door(token, uuid4())
        await lockd.client.sign_in("ab" * 32)
        await lockd.client.take("snapshot", b"noise")
        planted = [SECRET, token, DIGITS, view.join_code or "?", joined.secret, "ab" * 32, "Grace"]
        await asyncio.sleep(0.1)
    written = "".join(capfd.readouterr())
    assert "driver_failed" in written
    for secret in [*planted, *_seeds(folder)]:
        assert secret not in written
