"""Against a real Mosquitto with our files: who gets in, and what is ever delivered to whom.

A foreign SUBSCRIBE is granted by Mosquitto, so what counts here is delivery: after everything that
must not arrive, a last message goes to the listener's own topic, and nothing came before it.
"""

from collections.abc import Iterable
from contextlib import AsyncExitStack
from uuid import UUID, uuid4

import aiomqtt
import pytest

from tests.firmware_config.mtls import Wall, heard_until, is_let_in, knock, publish_packet
from tests.journeys.stage import until

pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

HOUSES = 5
PUBACK = b"\x40"
GREEDY = (
    "#",
    "portero/#",
    "portero/+/down/+",
    "portero/+/up/+",
    "+/+/+/+",
    "$share/couriers-facts/portero/+/up/facts",
    "$share/g/portero/+/down/command",
    "$SYS/#",
)


async def subscribe(line: aiomqtt.Client, patterns: Iterable[str]) -> None:
    for pattern in patterns:
        await line.subscribe(pattern, qos=1)


def down(house: UUID, channel: str) -> str:
    return f"portero/{house}/down/{channel}"


def up(house: UUID, channel: str) -> str:
    return f"portero/{house}/up/{channel}"


async def test_each_house_hears_its_own_and_nothing_of_the_others(wall: Wall) -> None:
    houses = [uuid4() for _ in range(HOUSES)]
    async with AsyncExitStack() as lines:
        heard = {}
        for house in houses:
            line = await lines.enter_async_context(wall.line(wall.house(house)))
            await subscribe(line, (*GREEDY, *(down(each, "+") for each in houses)))
            heard[house] = line
        courier = await lines.enter_async_context(wall.line(wall.courier()))
        for channel in ("snapshot", "command", "ask", "last"):
            for house in houses:
                await courier.publish(
                    down(house, channel), str(house), qos=1, retain=channel == "snapshot"
                )
        foreign = 0
        for house, line in heard.items():
            found = await heard_until(line, down(house, "last"))
            foreign += sum(not topic.startswith(f"portero/{house}/") for topic, _ in found)
            assert down(house, "command") in {topic for topic, _ in found}
        assert foreign == 0


async def test_what_was_retained_for_another_house_is_not_delivered_later(wall: Wall) -> None:
    victim, spy = uuid4(), uuid4()
    async with wall.line(wall.courier()) as courier:
        await courier.publish(down(victim, "snapshot"), "theirs", qos=1, retain=True)
        async with wall.line(wall.house(spy)) as line:
            await subscribe(line, (*GREEDY, down(victim, "snapshot")))
            await courier.publish(down(spy, "last"), "end", qos=1)
            assert await heard_until(line, down(spy, "last")) == [(down(spy, "last"), b"end")]


async def test_nobody_but_a_courier_writes_downwards_and_no_house_in_anothers_name(
    wall: Wall,
) -> None:
    victim, rogue = uuid4(), uuid4()
    async with (
        wall.line(wall.house(victim)) as theirs,
        wall.line(wall.courier("courier-2")) as courier,
        wall.line(wall.house(rogue)) as line,
    ):
        await theirs.subscribe(down(victim, "+"), qos=1)
        await courier.subscribe("portero/+/up/+", qos=1)
        for topic in (
            down(victim, "command"),
            down(victim, "snapshot"),
            down(rogue, "command"),
            up(victim, "facts"),
            up(victim, "status"),
            "portero/courier-1/up/facts/more",
            "elsewhere",
        ):
            for retain in (False, True):
                await line.publish(topic, "planted", qos=1, retain=retain)
        await line.publish(up(rogue, "last"), "end", qos=1)
        assert await heard_until(courier, up(rogue, "last")) == [(up(rogue, "last"), b"end")]
        await theirs.subscribe(down(victim, "+"), qos=1)  # again: what was retained would come now
        await courier.publish(down(victim, "last"), "end", qos=1)
        assert await heard_until(theirs, down(victim, "last")) == [(down(victim, "last"), b"end")]


async def test_a_last_will_in_anothers_name_is_never_told(wall: Wall) -> None:
    victim, rogue = uuid4(), uuid4()
    papers = wall.house(rogue)
    async with wall.line(wall.courier()) as courier:
        await courier.subscribe("portero/+/up/status", qos=1)
        will = aiomqtt.Will(up(victim, "status"), b"gone", qos=1, retain=True)
        client = aiomqtt.Client(
            "127.0.0.1",
            wall.port,
            protocol=aiomqtt.ProtocolVersion.V5,
            will=will,
            tls_context=wall.context(papers),
        )
        try:
            async with client:
                # An abrupt end is what fires a will.
                sock = client._client.socket()
                assert sock is not None
                sock.shutdown(2)  # type: ignore[attr-defined]  # a real socket
        except aiomqtt.MqttError:
            pass  # the line is gone, as intended
        async with wall.line(papers) as line:
            await line.publish(up(rogue, "status"), "end", qos=1)
        assert await heard_until(courier, up(rogue, "status")) == [(up(rogue, "status"), b"end")]


async def test_another_houses_client_id_neither_takes_its_line_nor_its_queue(wall: Wall) -> None:
    snapshot, last, foreign = await take_over(wall)
    assert (snapshot, last, foreign) == (True, True, 0)


async def take_over(wall: Wall) -> tuple[bool, bool, int]:
    """Did the victim get the message that waited, the one after, and what did the rogue hear?"""
    victim, rogue = uuid4(), uuid4()
    papers, foreign = wall.house(victim), 0
    async with wall.line(papers, client_id=str(victim), clean=False, keep_seconds=600) as line:
        await line.subscribe(down(victim, "+"), qos=1)
    async with wall.line(wall.courier(), client_id="courier-1") as courier:
        await courier.publish(down(victim, "snapshot"), "revoked", qos=1)
        for clean in (False, True):
            async with wall.line(
                wall.house(rogue), client_id=str(victim), clean=clean, keep_seconds=600
            ) as line:
                await subscribe(line, (*GREEDY, down(victim, "+")))
                await courier.publish(down(rogue, "last"), "end", qos=1)
                found = await heard_until(line, down(rogue, "last"))
                foreign += sum(not topic.startswith(f"portero/{rogue}/") for topic, _ in found)
        async with wall.line(papers, client_id=str(victim), clean=False, keep_seconds=600) as line:
            await courier.publish(down(victim, "last"), "end", qos=1)
            await line.subscribe(down(victim, "again"), qos=1)
            await courier.publish(down(victim, "again"), "end", qos=1)
            topics = [topic for topic, _ in await heard_until(line, down(victim, "again"))]
    return down(victim, "snapshot") in topics, down(victim, "last") in topics, foreign


@pytest.mark.parametrize("weak_wall", ["use_username_as_clientid"], indirect=True)
async def test_control_without_the_rule_for_client_ids_a_revocation_is_lost(
    weak_wall: Wall,
) -> None:
    snapshot, _, _ = await take_over(weak_wall)
    assert not snapshot


@pytest.mark.parametrize("weak_wall", ["acl_file"], indirect=True)
async def test_control_without_the_access_list_a_house_hears_another(weak_wall: Wall) -> None:
    _, _, foreign = await take_over(weak_wall)
    assert foreign > 0


@pytest.mark.parametrize("weak_wall", ["crlfile"], indirect=True)
async def test_control_without_the_list_a_refused_certificate_opens_a_line(
    weak_wall: Wall,
) -> None:
    papers = weak_wall.house(uuid4())
    await weak_wall.refuse(papers)
    assert await is_let_in(weak_wall, papers)


@pytest.mark.parametrize("weak_wall", ["require_certificate"], indirect=True)
async def test_control_without_the_demand_a_stranger_shakes_hands(weak_wall: Wall) -> None:
    assert await knock(weak_wall, None) != b""


async def test_a_live_line_is_not_broken_by_somebody_with_its_client_id(wall: Wall) -> None:
    victim, rogue = uuid4(), uuid4()
    async with (
        wall.line(wall.house(victim), client_id=str(victim)) as theirs,
        wall.line(wall.courier()) as courier,
    ):
        await theirs.subscribe(down(victim, "+"), qos=1)
        async with wall.line(wall.house(rogue), client_id=str(victim)):
            await courier.publish(down(victim, "last"), "end", qos=1)
            assert await heard_until(theirs, down(victim, "last"))


@pytest.mark.parametrize("name", ["+", "#", "+/down", "portero/+", "$SYS", "é" * 30])
async def test_a_name_that_is_a_pattern_hears_nothing_of_a_house(wall: Wall, name: str) -> None:
    """Our authority signs no such name; here its key is misused."""
    victim = uuid4()
    async with wall.line(wall.courier()) as courier:
        try:
            async with wall.line(wall.misissue(name)) as line:
                await subscribe(line, (*GREEDY, down(victim, "+")))
                await courier.publish(down(victim, "command"), "theirs", qos=1)
                await heard_nothing(line, courier, name)
        except (aiomqtt.MqttError, ValueError):
            return  # not even let in


async def heard_nothing(line: aiomqtt.Client, courier: aiomqtt.Client, name: str) -> None:
    """Such a name may be without any topic of its own: then a round trip stands for the end."""
    if not name or set(name) & set("+#/$"):
        await courier.publish("portero/nobody/down/last", "end", qos=1)
        await line.subscribe("portero/another", qos=1)
        assert len(line._queue._queue) == 0  # type: ignore[attr-defined]  # aiomqtt's inbox
        return
    await courier.publish(f"portero/{name}/down/last", "end", qos=1)
    last = f"portero/{name}/down/last"
    assert await heard_until(line, last) == [(last, b"end")]


@pytest.mark.parametrize("kind", ["none", "expired", "not_yet", "wrong_authority", "a_servers"])
async def test_without_a_good_certificate_nobody_gets_in(wall: Wall, kind: str) -> None:
    assert not await is_let_in(wall, wall.bad_papers(kind))
    assert await is_let_in(wall, wall.house(uuid4()))


async def test_a_refused_certificate_stays_out_and_others_stay_in(own_wall: Wall) -> None:
    stolen = uuid4()
    papers, theirs = own_wall.house(stolen), own_wall.house(uuid4())
    assert await is_let_in(own_wall, papers)
    await own_wall.refuse(papers)

    async def is_out() -> bool:
        return not await is_let_in(own_wall, papers)

    await until(is_out, "a refused certificate is let in")
    assert await is_let_in(own_wall, theirs)
    assert await is_let_in(own_wall, own_wall.house(stolen)), "the new device is refused"


async def test_the_new_device_throws_the_refused_one_off_its_open_line(own_wall: Wall) -> None:
    """Reading the list anew ends no connection; one name, one connection does."""
    house = uuid4()
    old, new = own_wall.house(house), own_wall.house(house)
    async with own_wall.line(old) as line:
        await own_wall.refuse(old)
        async with own_wall.line(new):
            with pytest.raises(aiomqtt.MqttError):
                await heard_until(line, "nothing ends this but the line's end")
            assert not await is_let_in(own_wall, old)


async def test_an_acknowledged_message_survives_a_killed_broker(own_wall: Wall) -> None:
    house = uuid4()
    async with own_wall.line(own_wall.courier()) as courier:
        await courier.publish(down(house, "snapshot"), "kept", qos=1, retain=True)
        stored = own_wall.folder / "data" / "mosquitto.db"

        async def is_stored() -> bool:
            return stored.exists()

        await until(is_stored, "nothing was stored")
        own_wall.kill()
    own_wall.start()
    async with own_wall.line(own_wall.house(house)) as line:
        await line.subscribe(down(house, "+"), qos=1)
        assert await heard_until(line, down(house, "snapshot")) == [
            (down(house, "snapshot"), b"kept")
        ]


async def test_a_flood_of_one_house_costs_it_the_line_and_others_nothing(wall: Wall) -> None:
    rogue, other = uuid4(), uuid4()
    async with wall.line(wall.courier()) as courier, wall.line(wall.house(other)) as line:
        await courier.subscribe(up(other, "facts"), qos=1)
        small, huge = (publish_packet(up(rogue, "facts"), size) for size in (1000, 2_000_000))
        papers = wall.house(rogue)
        assert (await knock(wall, papers, then=small))[:1] == PUBACK
        assert (await knock(wall, papers, then=huge))[:1] != PUBACK
        await line.publish(up(other, "facts"), "through", qos=1)
        assert await heard_until(courier, up(other, "facts")) == [(up(other, "facts"), b"through")]
