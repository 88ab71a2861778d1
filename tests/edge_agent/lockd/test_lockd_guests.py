"""Is each person recognised by their own link alone, for as long as it holds?"""

import asyncio
from datetime import timedelta
from uuid import uuid4

from edge_agent.doorkeeper import Attempt, Refused, SignedIn, StayView
from protocol.access import (
    PinWish,
    PrivateWords,
    Refusal,
    Right,
    Role,
    Verb,
    Window,
    pin_context,
    private_context,
)
from protocol.facts import ClockChanged, Decided, Via
from protocol.house import ClockState
from protocol.ids import AttemptId, CredentialId, GrantId
from protocol.live import Outcome
from protocol.sealing import seal_for
from tests.edge_agent.lockd_kit import Lockd, running, seed
from tests.edge_agent.policy_kit import (
    BOOKER,
    BOOKER_RIGHTS,
    ENDS,
    FRONT,
    HOUSE,
    NOON,
    ROOM,
    STAY_WINDOW,
    a_grant,
    named,
)

SECRET = "5e" * 32
HOST = GrantId(named("host"))


async def test_a_wrong_secret_is_nobody(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    assert await lockd.client.sign_in("00" * 32) == Refused(refusal=Refusal.NOT_SIGNED_IN)
    assert await lockd.client.view("00" * 32) == Refused(refusal=Refusal.NOT_SIGNED_IN)
    moved = await lockd.client.move("00" * 32, FRONT, "open", AttemptId(uuid4()))
    assert (moved.outcome, moved.refusal) == (Outcome.REFUSED, Refusal.NOT_SIGNED_IN)
    assert lockd.hardware.front.opened == 0


async def test_guessing_gets_slower_and_holds_up_nobody_else(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    for number in range(6):
        await lockd.client.sign_in(f"{number:064x}")
    async with asyncio.TaskGroup() as group:
        wrong = group.create_task(lockd.client.sign_in("ff" * 32))
        await asyncio.sleep(0.01)
        assert isinstance(await lockd.client.sign_in(SECRET), SignedIn)
        assert not wrong.done()
    assert isinstance(wrong.result(), Refused)


async def test_a_session_ends_at_sign_out_a_new_generation_a_day_and_check_out(
    lockd: Lockd,
) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    tokens = [await lockd.sign_in(SECRET) for _ in range(2)]
    await lockd.client.sign_out(tokens[0])
    assert isinstance(await lockd.client.view(tokens[0]), Refused)
    assert isinstance(await lockd.client.view(tokens[1]), StayView)
    await lockd.settle_in(a_grant(secret=SECRET, generation=2), version=2)
    assert await lockd.client.view(tokens[1]) == Refused(refusal=Refusal.NOT_SIGNED_IN)
    token = await lockd.sign_in(SECRET)
    lockd.clock.pass_time(timedelta(hours=24, seconds=10))
    assert await lockd.client.view(token) == Refused(refusal=Refusal.NOT_SIGNED_IN)
    token = await lockd.sign_in(SECRET)
    lockd.clock.pass_time(ENDS - NOON - timedelta(hours=24))
    assert isinstance(await lockd.client.view(token), Refused)
    assert await lockd.client.sign_in(SECRET) == Refused(refusal=Refusal.ENDED)


async def test_a_session_dies_with_its_grant_at_once(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    token = await lockd.sign_in(SECRET)
    await lockd.settle_in(version=2)
    assert await lockd.client.view(token) == Refused(refusal=Refusal.UNKNOWN_GRANT)
    assert await lockd.client.sign_in(SECRET) == Refused(refusal=Refusal.NOT_SIGNED_IN)


async def test_somebody_early_sees_when_it_begins_and_opens_nothing(lockd: Lockd) -> None:
    soon = NOON + timedelta(hours=1)
    await lockd.settle_in(a_grant(secret=SECRET, window=Window(starts=soon, ends=ENDS)))
    token = await lockd.sign_in(SECRET)
    view = await lockd.client.view(token)
    assert isinstance(view, StayView)
    assert (view.usable, view.refusal, view.starts) == (False, Refusal.NOT_STARTED, soon)
    assert not any(door.may_open for door in view.doors)
    refused = await lockd.open_door(token, uuid4())
    assert isinstance(refused, Attempt)
    assert refused.refusal is Refusal.NOT_STARTED


async def test_a_session_survives_a_restart(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    token = await lockd.sign_in(SECRET)
    lockd.task.cancel()
    await asyncio.wait({lockd.task})
    async with running(lockd.client._socket.parent, lockd.clock, lockd.hardware) as again:
        opened = await again.open_door(token, uuid4())
    assert isinstance(opened, Attempt)
    assert opened.outcome is Outcome.OPENED


async def test_signing_in_without_end_is_stopped(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    answers = [await lockd.client.sign_in(SECRET) for _ in range(21)]
    assert answers[-1] == Refused(refusal=Refusal.TOO_MANY_OUTSTANDING)
    lockd.clock.pass_time(timedelta(minutes=2))
    assert isinstance(await lockd.client.sign_in(SECRET), SignedIn)


async def test_tapping_without_end_is_stopped_and_not_for_others(lockd: Lockd) -> None:
    await lockd.settle_in(a_grant(secret=SECRET))
    token = await lockd.sign_in(SECRET)
    outcomes = [await lockd.open_door(token, uuid4(), ROOM) for _ in range(31)]
    last = outcomes[-1]
    assert isinstance(last, Attempt)
    assert last.refusal is Refusal.TOO_MANY_OUTSTANDING
    assert lockd.hardware.bolts[ROOM].opened == 30


async def test_the_page_shows_name_and_pin_to_their_own_guest(lockd: Lockd) -> None:
    public = lockd.me.sealing.public_hex
    words = PrivateWords(name="Ada", language="es")
    wish = PinWish(
        credential=CredentialId(named("pin")),
        lock=FRONT,
        window=STAY_WINDOW,
        box=seal_for(
            public,
            b"402817",
            context=pin_context(HOUSE, BOOKER, FRONT),
            ephemeral_seed=seed("one"),
        ),
    )
    private = seal_for(
        public,
        words.to_bytes(),
        context=private_context(HOUSE, BOOKER),
        ephemeral_seed=seed("two"),
    )
    await lockd.settle_in(a_grant(secret=SECRET, pins=(wish,), private=private))
    view = await lockd.client.view(await lockd.sign_in(SECRET))
    assert isinstance(view, StayView)
    assert (view.name, view.language, view.zone) == ("Ada", "es", "Europe/Madrid")
    assert [door.pin for door in view.doors] == ["402817", None]
    assert [door.pin_state for door in view.doors] == ["wanted", None]
    assert "402817" not in repr(view)
    assert view.may_approve
    assert view.join_code
    assert [each.speaker for each in view.players] == ["ma-kitchen"]


async def test_unknown_time_opens_nothing_but_a_recorded_override(lockd: Lockd) -> None:
    override = (*BOOKER_RIGHTS, str(Right(Verb.ACCESS_OVERRIDE)))
    host = a_grant(HOST, secret="aa" * 32, role=Role.OWNER, rights=override)
    await lockd.settle_in(a_grant(secret=SECRET), host)
    guest, owner = await lockd.sign_in(SECRET), await lockd.sign_in("aa" * 32)
    lockd.task.cancel()
    await asyncio.wait({lockd.task})
    lockd.clock.reboot(off=timedelta(hours=5))
    async with running(lockd.client._socket.parent, lockd.clock, lockd.hardware) as again:
        refused = await again.open_door(guest, uuid4())
        assert isinstance(refused, Attempt)
        assert refused.refusal is Refusal.TIME_UNKNOWN
        assert (await again.client.state()).clock == "time_unknown"
        opened = await again.open_door(owner, uuid4())
        assert isinstance(opened, Attempt)
        assert opened.outcome is Outcome.OPENED
        bodies = [each.body for each in await again.facts()]
        override_decision = [each for each in bodies if isinstance(each, Decided)][-1]
        assert (override_decision.via, override_decision.clock) == (
            Via.HOST_OVERRIDE,
            ClockState.TIME_UNKNOWN,
        )
        await again.gain_time()
        after = await again.open_door(guest, uuid4())
        assert isinstance(after, Attempt)
        assert after.outcome is Outcome.OPENED
        changes = [each.body for each in await again.facts() if isinstance(each.body, ClockChanged)]
        gained = ["no_witness_since_boot", "cloud"]
        assert [each.reason for each in changes] == gained * 2
