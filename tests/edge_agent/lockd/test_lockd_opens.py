"""Does the door open for the right person, once, and is all of it on record?"""

from datetime import timedelta
from uuid import UUID, uuid4

from edge_agent.doorkeeper import Attempt, Refused, StayView
from edge_agent.errors import Jammed, OutcomeUnknown
from protocol.access import Refusal
from protocol.facts import GENESIS, Acted, Decided, FirstUsed, fact_hash
from protocol.house import AckResult
from protocol.ids import AttemptId, GrantId, LockId
from protocol.live import Outcome
from tests.edge_agent.lockd_kit import Lockd
from tests.edge_agent.policy_kit import ENDS, FRONT, NOON, ROOM, a_grant, named

SECRET = "5e" * 32
OTHER = GrantId(UUID(int=7))


async def test_a_guest_opens_the_door_and_the_record_tells_it_all(lockd: Lockd) -> None:
    ack = await lockd.settle_in(a_grant(secret=SECRET))
    assert ack.result is AckResult.APPLIED
    token = await lockd.sign_in(SECRET)
    opened = await lockd.open_door(token, uuid4())
    assert isinstance(opened, Attempt)
    assert opened.outcome is Outcome.OPENED
    assert lockd.hardware.front.opened == 1
    kinds = await lockd.fact_kinds()
    assert kinds[-4:] == ["signed_in", "decided", "acted", "first_used"]


async def test_the_chain_has_no_gap(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    previous, number = GENESIS, 0
    for fact in await lockd.facts():
        assert (fact.previous, fact.sequence) == (previous, number + 1)
        previous, number = fact_hash(fact.to_bytes()), fact.sequence
    assert number >= 3


async def test_the_same_attempt_twenty_times_moves_the_bolt_once(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    token = await lockd.sign_in(SECRET)
    attempt = uuid4()
    for _ in range(20):
        await lockd.open_door(token, attempt)
    assert lockd.hardware.front.opened == 1
    assert (await lockd.fact_kinds()).count("decided") == 1


async def test_another_persons_attempt_is_not_told(lockd: Lockd) -> None:
    other = a_grant(OTHER, secret="aa" * 32)
    await lockd.settle_in(a_grant(secret=SECRET), other)
    mine, theirs = await lockd.sign_in(SECRET), await lockd.sign_in("aa" * 32)
    attempt = uuid4()
    await lockd.open_door(mine, attempt)
    assert isinstance(
        await lockd.client.attempt(theirs, AttemptId(attempt), wait_seconds=0), Refused
    )
    again = await lockd.open_door(theirs, attempt)
    assert isinstance(again, Attempt)
    assert again.refusal is Refusal.UNKNOWN_TARGET
    assert lockd.hardware.front.opened == 1


async def test_at_check_out_the_door_stays_shut(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET, checked_in=True))
    token = await lockd.sign_in(SECRET)
    lockd.clock.pass_time(timedelta(hours=20))
    token = await lockd.sign_in(SECRET)
    lockd.clock.pass_time(ENDS - NOON - timedelta(hours=20))
    refused = await lockd.open_door(token, uuid4())
    assert isinstance(refused, Attempt)
    assert refused.outcome is Outcome.REFUSED
    assert lockd.hardware.front.opened == 0


async def test_a_denied_tap_is_on_record_too(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    token = await lockd.sign_in(SECRET)
    nowhere = LockId(named("nowhere"))
    refused = await lockd.open_door(token, uuid4(), nowhere)
    assert isinstance(refused, Attempt)
    assert refused.refusal is Refusal.NO_SUCH_RIGHT
    last = (await lockd.facts())[-1].body
    assert isinstance(last, Decided)
    assert not last.allowed


async def test_without_trusted_time_nothing_opens(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    token = await lockd.sign_in(SECRET)
    assert (await lockd.client.state()).clock == "trusted"
    view = await lockd.client.view(token)
    assert isinstance(view, StayView)
    assert view.usable
    assert [door.lock for door in view.doors] == [FRONT, ROOM]


async def test_a_jam_is_a_failure_and_no_arrival(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    lockd.hardware.front.fails_before = Jammed("bolt_did_not_move")
    token = await lockd.sign_in(SECRET)
    failed = await lockd.open_door(token, uuid4())
    assert isinstance(failed, Attempt)
    assert (failed.outcome, failed.reason) == (Outcome.FAILED, "bolt_did_not_move")
    assert not any(isinstance(each.body, FirstUsed) for each in await lockd.facts())


async def test_an_unanswered_command_is_unknown_and_never_repeated(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    lockd.hardware.front.fails_after = OutcomeUnknown("no_answer")
    token = await lockd.sign_in(SECRET)
    unknown = await lockd.open_door(token, uuid4())
    assert isinstance(unknown, Attempt)
    assert unknown.outcome is Outcome.UNKNOWN
    assert lockd.hardware.front.opened == 1


async def test_a_drivers_surprise_is_unknown_and_lockd_lives(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    lockd.hardware.front.fails_before = RuntimeError("who knows")
    token = await lockd.sign_in(SECRET)
    unknown = await lockd.open_door(token, uuid4())
    assert isinstance(unknown, Attempt)
    assert (unknown.outcome, unknown.reason) == (Outcome.UNKNOWN, "driver_failed")
    lockd.hardware.front.fails_before = None
    opened = await lockd.open_door(token, uuid4())
    assert isinstance(opened, Attempt)
    assert opened.outcome is Outcome.OPENED


async def test_the_audit_is_durable_before_the_motor_moves(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    lockd.hardware.front.takes_seconds = 0.2
    token = await lockd.sign_in(SECRET)
    attempt = AttemptId(uuid4())
    await lockd.client.move(token, FRONT, "open", attempt)
    await lockd.hardware.front.reached.wait()
    bodies = [each.body for each in await lockd.facts()]
    assert isinstance(bodies[-1], Decided)
    assert lockd.hardware.front.opened == 0
    await lockd.client.attempt(token, attempt, wait_seconds=5)
    assert any(isinstance(each.body, Acted) for each in await lockd.facts())
