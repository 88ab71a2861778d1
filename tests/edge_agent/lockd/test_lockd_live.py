"""Does a command from afar act at most once, for the right person, and never late?"""

import asyncio
from datetime import timedelta
from uuid import uuid4

import pytest

from edge_agent.doorkeeper import Taken
from edge_agent.errors import OutcomeUnknown
from protocol.access import Refusal
from protocol.envelope import Flaw, Kind
from protocol.facts import Acted, Decided, Via
from protocol.ids import CommandId, GrantId, HouseId, LockId
from protocol.live import (
    CommandOutcome,
    LiveCommand,
    Move,
    NonceGrant,
    NonceRequest,
    Outcome,
)
from tests.edge_agent.lockd_kit import NEXT_CLOUD, Lockd, a_key, a_key_document, running, signed
from tests.edge_agent.policy_kit import BOOKER, FRIEND, FRONT, HOUSE, ROOM, a_grant, named


class Courier:
    """Asks for nonces and sends commands, as the cloud does."""

    def __init__(self, lockd: Lockd) -> None:
        self.lockd = lockd

    async def nonce(
        self,
        command: CommandId,
        *,
        grant: GrantId = BOOKER,
        lock: LockId = FRONT,
        move: Move = "open",
    ) -> NonceGrant:
        request = NonceRequest(house=HOUSE, command=command, grant=grant, lock=lock, move=move)
        reply = await self.lockd.take("ask", signed(Kind.NONCE_REQUEST, request))
        assert reply is not None
        return self.lockd.read(reply, Kind.NONCE_GRANT, NonceGrant)

    def command(
        self,
        command: CommandId,
        nonce: str,
        *,
        grant: GrantId = BOOKER,
        lock: LockId = FRONT,
        move: Move = "open",
        house: HouseId = HOUSE,
    ) -> bytes:
        body = LiveCommand(
            house=house, command=command, grant=grant, lock=lock, move=move, nonce=nonce
        )
        return signed(Kind.COMMAND, body)

    async def send(self, frame: bytes) -> CommandOutcome:
        reply = await self.lockd.take("command", frame)
        assert reply is not None
        return self.lockd.read(reply, Kind.OUTCOME, CommandOutcome)

    async def unlock(self, command: CommandId) -> CommandOutcome:
        granted = await self.nonce(command)
        assert granted.nonce is not None
        return await self.send(self.command(command, granted.nonce))


@pytest.fixture
async def courier(lockd: Lockd) -> Courier:
    await lockd.settle_in(a_grant())
    return Courier(lockd)


def new_command() -> CommandId:
    return CommandId(uuid4())


async def test_a_remote_command_opens_and_tells_the_truth(courier: Courier) -> None:
    outcome = await courier.unlock(new_command())
    assert outcome.outcome is Outcome.OPENED
    assert courier.lockd.hardware.front.opened == 1
    bodies = [each.body for each in await courier.lockd.facts()]
    decided = next(each for each in bodies if isinstance(each, Decided))
    assert (decided.via, decided.command) == (Via.REMOTE, outcome.command)
    assert outcome.attempt == decided.attempt


async def test_one_command_twenty_times_at_once_opens_once(courier: Courier) -> None:
    courier.lockd.hardware.front.takes_seconds = 0.05
    command = new_command()
    granted = await courier.nonce(command)
    assert granted.nonce is not None
    frame = courier.command(command, granted.nonce)
    async with asyncio.TaskGroup() as group:
        sent = [group.create_task(courier.send(frame)) for _ in range(20)]
    assert {each.result().outcome for each in sent} == {Outcome.OPENED}
    assert courier.lockd.hardware.front.opened == 1
    assert (await courier.send(frame)).outcome is Outcome.OPENED
    assert courier.lockd.hardware.front.opened == 1


async def test_two_couriers_with_one_command_open_once(courier: Courier) -> None:
    command = new_command()
    one, other = await courier.nonce(command), await courier.nonce(command)
    assert one.nonce is not None
    assert one == other
    await courier.send(courier.command(command, one.nonce))
    await courier.send(courier.command(command, one.nonce))
    assert courier.lockd.hardware.front.opened == 1
    assert (await courier.nonce(command)).refusal is Refusal.TOO_LATE


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [(9.999, Outcome.OPENED), (10.0, Outcome.REFUSED), (11.0, Outcome.REFUSED)],
)
async def test_a_nonce_lives_ten_seconds(
    courier: Courier, seconds: float, expected: Outcome
) -> None:
    command = new_command()
    granted = await courier.nonce(command)
    assert granted.nonce is not None
    courier.lockd.clock.pass_time(timedelta(seconds=seconds))
    outcome = await courier.send(courier.command(command, granted.nonce))
    assert outcome.outcome is expected
    assert courier.lockd.hardware.front.opened == (expected is Outcome.OPENED)
    if expected is Outcome.REFUSED:
        assert outcome.reason == Refusal.NONCE_EXPIRED


async def test_a_command_stuck_behind_another_is_not_carried_out_late(courier: Courier) -> None:
    """The turn comes after ten seconds: checked again right before the motor."""
    front = courier.lockd.hardware.front
    front.takes_seconds = 0.3
    first, second = new_command(), new_command()
    nonces = [await courier.nonce(first), await courier.nonce(second)]
    async with asyncio.TaskGroup() as group:
        one = group.create_task(courier.send(courier.command(first, nonces[0].nonce or "")))
        await front.reached.wait()
        other = group.create_task(courier.send(courier.command(second, nonces[1].nonce or "")))
        await asyncio.sleep(0.1)
        courier.lockd.clock.pass_time(timedelta(seconds=10))
    assert one.result().outcome is Outcome.OPENED
    assert (other.result().outcome, other.result().reason) == (Outcome.REFUSED, Refusal.TOO_LATE)
    assert front.opened == 1


async def test_a_revocation_between_decision_and_motor_wins(courier: Courier) -> None:
    front = courier.lockd.hardware.front
    front.takes_seconds = 0.3
    first, second = new_command(), new_command()
    nonces = [await courier.nonce(first), await courier.nonce(second)]
    async with asyncio.TaskGroup() as group:
        group.create_task(courier.send(courier.command(first, nonces[0].nonce or "")))
        await front.reached.wait()
        other = group.create_task(courier.send(courier.command(second, nonces[1].nonce or "")))
        await asyncio.sleep(0.1)
        await courier.lockd.settle_in(version=2)
    assert other.result().outcome is Outcome.REFUSED
    assert front.opened == 1


async def test_what_the_nonce_was_not_given_for_is_refused(courier: Courier) -> None:
    for change in (
        {"grant": FRIEND},
        {"lock": ROOM},
        {"move": "lock"},
    ):
        command = new_command()
        granted = await courier.nonce(command)
        assert granted.nonce is not None
        frame = courier.command(command, granted.nonce, **change)
        outcome = await courier.send(frame)
        assert (outcome.outcome, outcome.reason) == (Outcome.REFUSED, Refusal.NONCE_UNKNOWN)
    assert courier.lockd.hardware.front.opened == 0
    assert courier.lockd.hardware.front.locked == 0


async def test_a_nonce_is_spent_by_its_first_use_right_or_wrong(courier: Courier) -> None:
    command = new_command()
    granted = await courier.nonce(command)
    assert granted.nonce is not None
    wrong = await courier.send(courier.command(new_command(), granted.nonce))
    right = await courier.send(courier.command(command, granted.nonce))
    assert [wrong.reason, right.reason] == [Refusal.NONCE_UNKNOWN] * 2
    assert courier.lockd.hardware.front.opened == 0


async def test_a_made_up_nonce_is_refused_and_recorded(courier: Courier) -> None:
    outcome = await courier.send(courier.command(new_command(), "00" * 16))
    assert (outcome.outcome, outcome.reason) == (Outcome.REFUSED, Refusal.NONCE_UNKNOWN)
    last = (await courier.lockd.facts())[-1].body
    assert isinstance(last, Decided)
    assert last.refusal is Refusal.NONCE_UNKNOWN


async def test_a_command_carries_no_right_of_its_own(courier: Courier) -> None:
    command = new_command()
    granted = await courier.nonce(command, grant=FRIEND)
    assert granted.nonce is not None
    outcome = await courier.send(courier.command(command, granted.nonce, grant=FRIEND))
    assert (outcome.outcome, outcome.reason) == (Outcome.REFUSED, Refusal.UNKNOWN_GRANT)


async def test_no_more_than_four_nonces_a_lock(courier: Courier) -> None:
    for _ in range(4):
        assert (await courier.nonce(new_command())).nonce is not None
    assert (await courier.nonce(new_command())).refusal is Refusal.TOO_MANY_OUTSTANDING
    assert (await courier.nonce(new_command(), lock=ROOM)).nonce is not None
    courier.lockd.clock.pass_time(timedelta(seconds=10))
    assert (await courier.nonce(new_command())).nonce is not None


async def test_one_command_cannot_ask_for_two_things(courier: Courier) -> None:
    command = new_command()
    assert (await courier.nonce(command)).nonce is not None
    assert (await courier.nonce(command, move="lock")).refusal is Refusal.NONCE_UNKNOWN


async def test_a_lock_this_house_does_not_have(courier: Courier) -> None:
    granted = await courier.nonce(new_command(), lock=LockId(named("nowhere")))
    assert granted.refusal is Refusal.UNKNOWN_TARGET


async def test_a_nonce_dies_with_lockd(courier: Courier) -> None:
    lockd = courier.lockd
    command = new_command()
    granted = await courier.nonce(command)
    assert granted.nonce is not None
    lockd.task.cancel()
    await asyncio.wait({lockd.task})
    folder = lockd.client._socket.parent
    async with running(folder, lockd.clock, lockd.hardware) as again:
        outcome = await Courier(again).send(courier.command(command, granted.nonce))
    assert (outcome.outcome, outcome.reason) == (Outcome.REFUSED, Refusal.NONCE_UNKNOWN)
    assert lockd.hardware.front.opened == 0


async def test_an_unheard_outcome_is_told_as_unknown(courier: Courier) -> None:
    courier.lockd.hardware.front.fails_after = OutcomeUnknown("no_answer")
    outcome = await courier.unlock(new_command())
    assert (outcome.outcome, outcome.reason) == (Outcome.UNKNOWN, "no_answer")
    acted = [each.body for each in await courier.lockd.facts() if isinstance(each.body, Acted)]
    assert [each.outcome for each in acted] == [Outcome.UNKNOWN]


async def test_commands_for_another_house_or_by_another_hand_do_nothing(courier: Courier) -> None:
    command = new_command()
    granted = await courier.nonce(command)
    assert granted.nonce is not None
    foreign = courier.command(command, granted.nonce, house=HouseId(named("elsewhere")))
    assert await courier.lockd.client.take("command", foreign) == Taken(
        flaw=Flaw.WRONG_HOUSE, reason="wrong_house"
    )
    right = courier.command(command, granted.nonce)
    altered = right[:-2] + b" }"
    assert (await courier.lockd.client.take("command", altered)).flaw is Flaw.BAD_SIGNATURE
    body = LiveCommand(
        house=HOUSE, command=command, grant=BOOKER, lock=FRONT, move="open", nonce=granted.nonce
    )
    stranger = signed(Kind.COMMAND, body, NEXT_CLOUD)
    assert (await courier.lockd.client.take("command", stranger)).flaw is Flaw.UNKNOWN_KEY
    assert courier.lockd.hardware.front.opened == 0


async def test_a_key_withdrawn_gives_no_more_commands(courier: Courier) -> None:
    command = new_command()
    granted = await courier.nonce(command)
    assert granted.nonce is not None
    await courier.lockd.take("keys", a_key_document(a_key(NEXT_CLOUD), version=2))
    late = courier.command(command, granted.nonce)
    assert (await courier.lockd.client.take("command", late)).flaw is Flaw.UNKNOWN_KEY


async def test_unknown_channels_and_noise_are_told_apart_and_harmless(courier: Courier) -> None:
    for channel, frame in (
        ("nonsense", b""),
        ("command", b""),
        ("ask", b"\x00" * 1000),
        ("snapshot", b"PORTERO/1 snapshot cloud-1 \n{}"),
        ("keys", b"{" * 5000),
    ):
        assert (await courier.lockd.client.take(channel, frame)).flaw is not None
    assert (await courier.unlock(new_command())).outcome is Outcome.OPENED
    assert sum((await courier.lockd.client.state()).flaws.values()) == 5
