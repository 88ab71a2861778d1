"""B4, B5, B10: the broker is killed, stops answering, loses all it had, or carries a stranger's words.

Nothing that matters lives in it: the cloud's database and the house's own files find each other again.
"""

import asyncio
import os
import signal
from collections import Counter
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import aiomqtt
import pytest
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from portero.demo.client import Caller
from portero.demo.waiting import until
from protocol.facts import Decided
from protocol.ids import HouseId
from protocol.topics import Down, down
from tests.faults.figures import Figure, Scale
from tests.faults.lockd_bench import CLOCK
from tests.faults.oracle import disagreements
from tests.faults.sockets import listener_on
from tests.faults.staff import let_staff_open, open_from_afar
from tests.faults.test_noise_on_the_wire import Wire, _at_broker, _overheard
from tests.faults.whole import SOON, Whole

pytestmark = [
    pytest.mark.fault,
    pytest.mark.timeout(7200),
    pytest.mark.xdist_group("whole system"),
]


async def test_no_revocation_is_lost_with_the_broker(whole: Whole, scale: Scale) -> None:
    """Killed within the moment of a cancellation, or standing still; it comes back empty."""
    figure, dice = Figure("B4 broker SIGKILL and SIGSTOP", scale.seed), scale.dice("B4")
    wiped = Figure("B5 broker comes back empty", scale.seed)
    async with whole.host() as host:
        for number in scale.tries(2, 200):
            booking = await whole.confirmed(host, "Sea room", first=20)
            await _known_to_house(whole, host, booking, held=True)
            async with asyncio.TaskGroup() as group:
                path = f"/api/v1/reservations/{booking}/cancel"
                group.create_task(host.post(path), name="cancel")
                await asyncio.sleep(dice.uniform(0, 0.3))
                if number % 2:
                    await _stand_still(whole, 1.0 if not scale.evidence else dice.uniform(1, 60))
                else:
                    await _lose_everything(whole)
                    wiped.tried += 1
            began = CLOCK.monotonic()
            await _known_to_house(whole, host, booking, held=False)
            (figure if number % 2 else wiped).took(CLOCK.monotonic() - began)
            figure.tried += 1
    figure.publish(scale)
    wiped.publish(scale)
    assert wiped.tried


async def test_a_strangers_will_alias_and_shared_subscription_open_nothing(
    whole: Whole, scale: Scale
) -> None:
    """True frames of an opening that was, told again by every means MQTT has."""
    figure = Figure("B10 genuine old frames by will, alias, retained, shared", scale.seed)
    async with whole.host() as host, _at_broker(whole) as client:
        await let_staff_open(whole, host)
        wire = await _overheard(whole, host, client, scale.dice("B10"))
        async with _thief(whole, wire.house):
            for number in scale.tries(2, 100):
                for word in (Down.ASK, Down.COMMAND):
                    await _told_by_every_means(whole, wire, word, number)
                    figure.tried += 5
            await open_from_afar(whole, host, patiently=True)  # nothing was taken away
        facts = whole.facts()
        decided = [each.body.command for each in facts if isinstance(each.body, Decided)]
        twice = [each for each, times in Counter(decided).items() if each and times > 1]
        wrong = [*disagreements(facts, await whole.openings()), *twice]
        figure.violations = len(wrong)
        for word in Down:
            await client.publish(down(wire.house, word), b"", qos=1, retain=True)
    figure.publish(scale)
    assert wrong == []


async def _told_by_every_means(whole: Whole, wire: Wire, word: Down, number: int) -> None:
    topic = down(wire.house, word)
    frame = wire.genuine[topic]
    await wire.client.publish(topic, frame, qos=1)
    await wire.client.publish(topic, frame, qos=1, retain=True)
    alias = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho is half typed
    alias.TopicAlias = 1 + number % 9
    await wire.client.publish(topic, frame, qos=1, properties=alias)
    await wire.client.publish("", frame, qos=1, properties=alias)
    will = aiomqtt.Will(topic, frame, qos=1, retain=bool(number % 2))
    try:
        async with aiomqtt.Client(
            "127.0.0.1",
            whole.ground.ports.broker,
            identifier=f"dying-{uuid4().hex[:8]}",
            protocol=aiomqtt.ProtocolVersion.V5,
            will=will,
        ) as dying:
            sock = dying._client.socket()
            assert sock is not None
            sock.shutdown(2)  # type: ignore[attr-defined]  # a real socket: its abrupt end fires the will
    except aiomqtt.MqttError:
        pass  # the line is gone, as intended


@asynccontextmanager
async def _thief(whole: Whole, house: HouseId) -> AsyncIterator[None]:
    """Somebody who shares the house's subscription and reads what the broker says of itself."""
    async with _at_broker(whole) as client:
        for word in Down:
            await client.subscribe(f"$share/thieves/{down(house, word)}", qos=1)
        await client.subscribe("$SYS/#", qos=1)
        yield


async def _known_to_house(whole: Whole, host: Caller, booking: str, *, held: bool) -> None:
    async def is_so() -> bool:
        grants = {str(each["id"]) for each in await whole.grants_of(host, booking)}
        book = {str(each.id) for each in whole.book().grants}
        return bool(grants) and bool(grants & book) is held

    await until(is_so, 2 * SOON, f"the house's book, held={held}", troupe=whole.troupe)
    await whole.delivered(host)


async def _lose_everything(whole: Whole) -> None:
    """The local broker keeps nothing on a disk: killed is wiped."""
    broker = whole.ground.broker
    if broker.kind == "mosquitto":
        os.kill(listener_on(broker.port), signal.SIGKILL)
    await asyncio.to_thread(broker.stop)
    await asyncio.to_thread(broker.start)


async def _stand_still(whole: Whole, seconds: float) -> None:
    pid = listener_on(whole.ground.broker.port)
    os.kill(pid, signal.SIGSTOP)
    try:
        await asyncio.sleep(seconds)
    finally:
        os.kill(pid, signal.SIGCONT)
