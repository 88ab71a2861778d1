"""Does the way from the broker and from the LAN to the bolt hold with the real lockd behind it?"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from edge_agent.app import Standing, serve
from edge_agent.lock_socket.client import LockdClient
from edge_agent.settings import AgentSettings
from portero.local.broker import LocalBroker
from protocol.envelope import Kind, open_envelope
from protocol.facts import Fact, FactBatch
from protocol.house import AckResult, CurrentAnswer, CurrentQuery, SnapshotAck
from protocol.ids import CommandId
from protocol.live import CommandOutcome, LiveCommand, NonceGrant, NonceRequest, Outcome
from protocol.topics import Down, Up
from tests.edge_agent.courier_peer import CourierPeer, courier_at
from tests.edge_agent.lockd_kit import (
    CLOUD,
    FakeClock,
    Hardware,
    Lockd,
    a_key_document,
    running,
    settle,
    snapshot_frame,
)
from tests.edge_agent.policy_kit import BOOKER, ENDS, FRONT, HOUSE, NOON, a_grant, a_snapshot

SECRET = "5e" * 32


@dataclass
class Story:
    """One house from the broker to the bolt, its guest, and the courier that stands for the cloud."""

    lockd: Lockd
    courier: CourierPeer
    page: httpx.AsyncClient

    async def hear(self, channel: Up, kind: Kind) -> bytes:
        frame = await self.courier.next_frame(channel)
        return open_envelope(frame, kind, lambda _: self.lockd.me.signer.public_hex).body

    async def tell_the_time(self) -> None:
        """Answer the house's question as the cloud does."""
        query = CurrentQuery.from_bytes(await self.hear(Up.CURRENT, Kind.CURRENT_QUERY))
        answer = CurrentAnswer(
            house=HOUSE,
            nonce=query.nonce,
            now=self.lockd.clock.now,
            position=None,
            key_document=1,
            facts_received=0,
        )
        await self.courier.send(Down.CURRENT, Kind.CURRENT_ANSWER, answer)

    async def give_book(self, frame: bytes) -> SnapshotAck:
        await self.courier.send_raw(Down.SNAPSHOT, frame, retain=True)
        return SnapshotAck.from_bytes(await self.hear(Up.ACK, Kind.SNAPSHOT_ACK))

    async def settle_in(self) -> None:
        await self.courier.send_raw(Down.KEYS, a_key_document(), retain=True)
        await self.tell_the_time()
        ack = await self.give_book(snapshot_frame(a_snapshot(a_grant(secret=SECRET))))
        while ack.result is not AckResult.APPLIED:
            ack = SnapshotAck.from_bytes(await self.hear(Up.ACK, Kind.SNAPSHOT_ACK))

    async def tap(self) -> dict[str, object]:
        attempt = str(uuid4())
        wish = {"attempt": attempt, "not_after": self.lockd.clock.boot_seconds() + 10}
        begun = await self.page.post(f"/api/doors/{FRONT}/moves", json=wish)
        if begun.status_code != 202:
            return dict(begun.json())
        ended = await self.page.get(f"/api/attempts/{attempt}", params={"wait": "5"})
        return dict(ended.json())

    async def sign_in(self) -> int:
        return (await self.page.post("/api/session", json={"secret": SECRET})).status_code


@asynccontextmanager
async def carrying(settings: AgentSettings, client: LockdClient) -> AsyncIterator[Standing]:
    standing: asyncio.Future[Standing] = asyncio.get_running_loop().create_future()
    async with asyncio.TaskGroup() as group:
        agent = group.create_task(serve(settings, client, ready=standing.set_result))
        async with asyncio.timeout(10):
            yield await standing
        agent.cancel()


@pytest.fixture
async def story(settings: AgentSettings, tmp_path: Path) -> AsyncIterator[Story]:
    folder = tmp_path / "lockd"
    settle(folder)
    async with (
        running(folder, FakeClock(), Hardware()) as lockd,
        courier_at(settings.mqtt_port, HOUSE, CLOUD) as courier,
        carrying(settings, lockd.client) as standing,
        httpx.AsyncClient(base_url=f"http://127.0.0.1:{standing.lan_port}") as page,
    ):
        yield Story(lockd, courier, page)


async def test_a_book_from_the_broker_lets_its_guest_open_the_door(story: Story) -> None:
    await story.settle_in()
    assert await story.sign_in() == 201
    assert (await story.tap())["outcome"] == "opened"
    assert story.lockd.hardware.front.opened == 1


async def test_what_happened_goes_up_in_order_and_without_gaps(story: Story) -> None:
    await story.settle_in()
    await story.sign_in()
    await story.tap()
    facts: list[Fact] = []
    while "first_used" not in [fact.body.kind for fact in facts]:
        batch = FactBatch.from_bytes(await story.hear(Up.FACTS, Kind.FACTS))
        facts += [Fact.from_bytes(each.encode()) for each in batch.facts]
    assert [fact.sequence for fact in facts] == list(range(1, len(facts) + 1))
    assert [fact.body.kind for fact in facts][-4:] == [
        "signed_in",
        "decided",
        "acted",
        "first_used",
    ]


async def test_without_cloud_and_broker_the_door_still_opens(
    story: Story, broker: LocalBroker
) -> None:
    await story.settle_in()
    broker.stop()
    assert await story.sign_in() == 201
    assert (await story.tap())["outcome"] == "opened"


async def test_before_any_book_nobody_gets_in(story: Story) -> None:
    assert await story.sign_in() in {401, 403}


async def test_after_a_newer_book_without_them_the_door_stays_shut(story: Story) -> None:
    await story.settle_in()
    await story.sign_in()
    first = snapshot_frame(a_snapshot(a_grant(secret=SECRET)))
    await story.give_book(snapshot_frame(a_snapshot(version=2, revoked=(BOOKER,))))
    answer = await story.tap()
    assert answer.get("refusal", answer.get("code")) in {"revoked", "not_signed_in"}
    replayed = await story.give_book(first)
    assert replayed.result is AckResult.REFUSED
    assert await story.sign_in() in {401, 403}
    assert story.lockd.hardware.front.opened == 0


async def test_at_check_out_the_page_says_why_the_door_stays_shut(story: Story) -> None:
    await story.settle_in()
    await story.sign_in()
    story.lockd.clock.pass_time(ENDS - NOON - timedelta(minutes=1))
    story.lockd.clock.pass_time(timedelta(minutes=2))
    answer = await story.tap()
    assert answer.get("refusal", answer.get("code")) in {"ended", "not_signed_in"}
    assert story.lockd.hardware.front.opened == 0


async def test_a_command_through_the_cloud_opens_once(story: Story) -> None:
    await story.settle_in()
    command = CommandId(uuid4())
    request = NonceRequest(house=HOUSE, command=command, grant=BOOKER, lock=FRONT, move="open")
    await story.courier.send(Down.ASK, Kind.NONCE_REQUEST, request)
    given = NonceGrant.from_bytes(await story.hear(Up.NONCE, Kind.NONCE_GRANT))
    assert given.nonce is not None
    live = LiveCommand(
        house=HOUSE, command=command, grant=BOOKER, lock=FRONT, move="open", nonce=given.nonce
    )
    for _ in range(5):
        await story.courier.send(Down.COMMAND, Kind.COMMAND, live)
    outcome = CommandOutcome.from_bytes(await story.hear(Up.OUTCOME, Kind.OUTCOME))
    assert outcome.outcome is Outcome.OPENED
    await asyncio.sleep(0.3)
    assert story.lockd.hardware.front.opened == 1


async def test_a_companion_is_let_in_by_the_booker_without_the_cloud(
    story: Story, broker: LocalBroker
) -> None:
    await story.settle_in()
    broker.stop()
    await story.sign_in()
    code = (await story.page.get("/api/stay")).json()["join_code"]
    async with httpx.AsyncClient(base_url=story.page.base_url) as friend:
        asked = await friend.post(
            "/api/join", json={"code": code, "name": "Luis", "wants": ["door:open"]}
        )
        assert asked.status_code == 201
        secret = asked.json()["secret"]
        (request,) = (await story.page.get("/api/stay")).json()["requests"]
        decided = await story.page.post(
            f"/api/requests/{request['request']}/decision", json={"approve": True}
        )
        assert decided.json()["state"] == "approved"
        assert (await friend.post("/api/session", json={"secret": secret})).status_code == 201
        theirs = Story(story.lockd, story.courier, friend)
        assert (await theirs.tap())["outcome"] == "opened"


async def test_players_come_from_the_book_even_without_a_music_server(story: Story) -> None:
    await story.settle_in()
    await story.sign_in()
    heard = (await story.page.get("/api/players")).json()
    assert [each["state"] for each in heard["players"]] == ["not_connected"]
    assert not heard["is_here"]
