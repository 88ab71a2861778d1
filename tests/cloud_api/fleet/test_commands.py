"""A remote command acts at most once, never late, and its end is told truly."""

import asyncio
import time
from collections.abc import AsyncIterator
from dataclasses import replace
from uuid import UUID, uuid4

import pytest

from cloud_api.courier.post import Received
from cloud_api.courier.uplink import Uplink
from cloud_api.fleet import service
from cloud_api.fleet.commands import service as commands
from cloud_api.fleet.errors import CommandUnknownError, HouseNotEnrolledError
from cloud_api.fleet.keyring import Keyring
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.types import CHANNEL_DONE, CommandState, CommandView, Letter
from cloud_api.kit.bell import Bell, listening
from cloud_api.kit.clock import SystemClock
from cloud_api.kit.tenancy import PrincipalKind, Scope
from protocol.access import Refusal
from protocol.devices import Player
from protocol.envelope import Kind
from protocol.ids import CommandId, PlayerId
from protocol.live import CommandOutcome, NonceGrant, Outcome
from protocol.music import MusicResult, Players, Search
from protocol.topics import Up, up
from tests.cloud_api.fleet.house_on_the_wire import WireHouse, utc_now
from tests.cloud_api.fleet.stage import Scene, StartCourier


@pytest.fixture
async def bell(scene: Scene) -> AsyncIterator[Bell]:
    async with listening(scene.database.dsn, CHANNEL_DONE) as bell:
        yield bell


async def ask(scene: Scene, *, seconds: float = 10, command_id: UUID | None = None) -> UUID:
    async with scene.database.transaction() as session:
        return await service.door_command(
            session,
            house_id=scene.place.house_id,
            grant_id=uuid4(),
            lock_id=scene.place.lock,
            move="open",
            command_id=command_id,
            within_seconds=seconds,
        )


async def outcome(scene: Scene, bell: Bell, command_id: UUID, *, seconds: float = 5) -> CommandView:
    return await service.await_outcome(
        scene.database, bell, scene.scope, command_id, wait_seconds=seconds
    )


async def test_a_remote_unlock_is_answered_with_the_true_outcome(
    scene: Scene, start_courier: StartCourier, bell: Bell
) -> None:
    async with start_courier(), scene.house.online(scene.broker.port):
        times = []
        for _ in range(10):
            before = time.perf_counter()
            view = await outcome(scene, bell, await ask(scene))
            times.append(time.perf_counter() - before)
            assert (view.state, view.outcome) == (CommandState.DONE, Outcome.OPENED)
    assert len(scene.house.opened) == 10
    assert scene.house.flaws == []
    assert sorted(times)[5] < 1


async def test_an_end_that_is_just_being_written_is_waited_for(scene: Scene, bell: Bell) -> None:
    late = await ask(scene, seconds=0.05)
    await asyncio.sleep(0.1)
    async with asyncio.TaskGroup() as group, scene.database.transaction() as session:
        assert await commands.expire(session) == 1
        asking = group.create_task(outcome(scene, bell, late, seconds=0))
        await asyncio.sleep(0.3)
    assert asking.result().outcome == Outcome.FAILED


async def test_a_failed_door_is_not_called_open(
    scene: Scene, start_courier: StartCourier, bell: Bell
) -> None:
    scene.house.knobs.outcome = Outcome.FAILED
    async with start_courier(), scene.house.online(scene.broker.port):
        view = await outcome(scene, bell, await ask(scene))
    assert (view.state, view.outcome) == (CommandState.DONE, Outcome.FAILED)


async def test_a_refused_nonce_ends_the_command(
    scene: Scene, start_courier: StartCourier, bell: Bell
) -> None:
    scene.house.knobs.refuse_nonce = Refusal.TOO_MANY_OUTSTANDING
    async with start_courier(), scene.house.online(scene.broker.port):
        view = await outcome(scene, bell, await ask(scene))
    assert (view.state, view.reason) == (CommandState.REFUSED, "too_many_outstanding")
    assert scene.house.opened == []


async def test_a_house_that_never_answers_means_nothing_was_sent(
    scene: Scene, start_courier: StartCourier, bell: Bell
) -> None:
    async with start_courier():
        view = await outcome(scene, bell, await ask(scene, seconds=0.4))
    assert (view.outcome, view.reason) == ("failed", "house_did_not_answer")


async def test_a_sent_command_without_an_outcome_is_unknown_and_the_truth_may_come_late(
    scene: Scene, start_courier: StartCourier, bell: Bell
) -> None:
    scene.house.knobs.silent.add(Up.OUTCOME)
    async with start_courier(), scene.house.online(scene.broker.port):
        command_id = await ask(scene, seconds=0.5)
        view = await outcome(scene, bell, command_id)
        assert (view.state, view.outcome) == (CommandState.UNKNOWN, "unknown")
        assert len(scene.house.opened) == 1
        scene.house.knobs.silent.clear()
        late = CommandOutcome(
            house=scene.house.id,
            command=CommandId(command_id),
            attempt=None,
            outcome=Outcome.OPENED,
            at=utc_now(),
        )
        await scene.house.say(Up.OUTCOME, scene.house.seal(Kind.OUTCOME, late))
        await scene.until_value("SELECT outcome FROM fleet_commands", "opened")


async def test_without_any_courier_the_answer_is_honest_too(scene: Scene, bell: Bell) -> None:
    view = await outcome(scene, bell, await ask(scene, seconds=0.2), seconds=0.3)
    assert (view.outcome, view.reason) == ("failed", "house_did_not_answer")


async def test_a_nonce_that_comes_late_sends_nothing(
    scene: Scene, keyring: Keyring, bell: Bell
) -> None:
    desk = Desk(keyring.live(), SystemClock())
    command_id = await ask(scene, seconds=0.2)
    async with scene.database.transaction() as session:
        assert len(await commands.claim(session, desk, most=5)) == 1
    await asyncio.sleep(0.25)
    grant = NonceGrant(house=scene.house.id, command=CommandId(command_id), nonce="a" * 32)
    frame = scene.house.seal(Kind.NONCE_GRANT, grant)
    assert (
        await Uplink(scene.database, desk).take(Received(up(scene.house.id, Up.NONCE), frame)) == ()
    )
    assert (await outcome(scene, bell, command_id)).outcome == "failed"


async def test_a_nonce_said_twenty_times_sends_one_command(scene: Scene, keyring: Keyring) -> None:
    desk = Desk(keyring.live(), SystemClock())
    command_id = await ask(scene)
    async with scene.database.transaction() as session:
        await commands.claim(session, desk, most=5)
    uplink = Uplink(scene.database, desk)
    sent: list[Letter] = []
    for number in range(20):
        grant = NonceGrant(
            house=scene.house.id, command=CommandId(command_id), nonce=f"{number:032x}"
        )
        frame = scene.house.seal(Kind.NONCE_GRANT, grant)
        sent += await uplink.take(Received(up(scene.house.id, Up.NONCE), frame))
    assert len(sent) == 1


async def test_another_house_cannot_answer_a_command(scene: Scene, keyring: Keyring) -> None:
    desk = Desk(keyring.live(), SystemClock())
    command_id = await ask(scene)
    async with scene.database.transaction() as session:
        await commands.claim(session, desk, most=5)
    stranger = WireHouse(scene.house.id)
    said = CommandOutcome(
        house=scene.house.id,
        command=CommandId(command_id),
        attempt=None,
        outcome=Outcome.OPENED,
        at=utc_now(),
    )
    frame = stranger.seal(Kind.OUTCOME, said)
    await Uplink(scene.database, desk).take(Received(up(scene.house.id, Up.OUTCOME), frame))
    assert await scene.value("SELECT state FROM fleet_commands") == "asked"


async def test_two_couriers_and_a_talkative_house_still_open_once(
    scene: Scene, start_courier: StartCourier, bell: Bell
) -> None:
    scene.house.knobs.twice = True
    async with (
        start_courier("courier-1"),
        start_courier("courier-2"),
        scene.house.online(scene.broker.port),
    ):
        for _ in range(10):
            view = await outcome(scene, bell, await ask(scene))
            assert view.outcome == Outcome.OPENED
    assert len({each.command for each in scene.house.opened}) == 10
    assert len(scene.house.opened) == 10


async def test_the_same_command_id_is_one_command(scene: Scene) -> None:
    chosen = uuid4()
    assert await ask(scene, command_id=chosen) == chosen
    assert await ask(scene, command_id=chosen) == chosen
    assert await scene.value("SELECT count(*) FROM fleet_commands") == 1


async def test_a_house_without_a_device_cannot_be_commanded(scene: Scene) -> None:
    async with scene.database.transaction() as session:
        with pytest.raises(HouseNotEnrolledError):
            await service.door_command(
                session, house_id=uuid4(), grant_id=uuid4(), lock_id=uuid4(), move="lock"
            )


async def test_another_tenant_sees_no_command(scene: Scene, bell: Bell) -> None:
    command_id = await ask(scene)
    other = Scope(uuid4(), PrincipalKind.STAFF, uuid4())
    with pytest.raises(CommandUnknownError):
        await service.await_outcome(scene.database, bell, other, command_id, wait_seconds=0.1)


async def test_music_is_asked_and_answered_while_fresh(
    scene: Scene, start_courier: StartCourier, bell: Bell
) -> None:
    player = Player(player=PlayerId(uuid4()), name="Kitchen", speaker="kitchen")
    async with scene.database.transaction() as session:
        await service.describe_house(session, replace(scene.place.layout(), players=(player,)))
    async with start_courier(), scene.house.online(scene.broker.port):
        await scene.house.until(lambda: bool(scene.house.book and scene.house.book.players))
        answer = await service.relay_music(
            scene.database,
            bell,
            scene.scope,
            house_id=scene.place.house_id,
            grant_id=uuid4(),
            ask=Players(),
        )
    assert answer is not None
    assert answer.result is MusicResult.DONE
    assert [(each.name, each.state) for each in answer.players] == [("Kitchen", "not_connected")]


async def test_music_nobody_answers_expires(
    scene: Scene, start_courier: StartCourier, bell: Bell
) -> None:
    async with start_courier():
        async with scene.database.transaction() as session:
            request_id = await service.ask_music(
                session,
                house_id=scene.place.house_id,
                grant_id=uuid4(),
                ask=Search(query="rain"),
                within_seconds=0.3,
            )
        answer = await service.await_music(scene.database, bell, scene.scope, request_id)
    assert answer is None
    assert await scene.value("SELECT state FROM fleet_music_asks") == "expired"
