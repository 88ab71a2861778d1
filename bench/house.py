"""Which house do the benches knock at: real lockd, agent and broker, a bolt without a motor?"""

import secrets
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from uuid import uuid4

from pydantic import SecretStr

from bench.children import Children, Process, until_answers
from bench.wire import Address
from cloud_api.kit.clock import SystemClock
from edge_agent.doorkeeper import SignedIn
from edge_agent.errors import DeviceUnreachable
from edge_agent.lock_socket.client import LockdClient
from edge_agent.store import identity, locks
from edge_agent.store.identity import Identity
from edge_agent.store.locks import KeptLock
from portero.demo.waiting import until
from portero.local.broker import LocalBroker
from portero.local.ports import any_free
from portero.local.sockets import socket_folder
from protocol.access import Grant, Role, Window, open_door, secret_hash
from protocol.base import Wire as WireWord
from protocol.devices import Door
from protocol.envelope import Kind, open_envelope, read_body, seal
from protocol.house import AckResult, CurrentAnswer, CurrentQuery, Snapshot, SnapshotAck
from protocol.ids import GrantId, HouseId, LockId, StayId
from protocol.keys import ROOT_KID, CloudKey, KeyDocument, KeyUse
from protocol.sealing import SealingKey
from protocol.signing import Signer
from protocol.topics import Down

_DAY = timedelta(days=1)
_START_SECONDS = 30.0


@dataclass(frozen=True, slots=True)
class Cloud:
    """Signs what the house believes."""

    root: Signer
    signer: Signer

    @classmethod
    def fresh(cls) -> "Cloud":
        """With keys of its own."""
        return cls(
            Signer.from_seed(ROOT_KID, secrets.token_bytes(32)),
            Signer.from_seed("cloud-1", secrets.token_bytes(32)),
        )

    def keys(self, now: datetime) -> bytes:
        """The key document."""
        uses = frozenset({KeyUse.SNAPSHOT, KeyUse.LIVE, KeyUse.RECEIPT})
        box = SealingKey.from_bytes(secrets.token_bytes(32))
        mine = CloudKey(
            kid=self.signer.kid,
            public_key=self.signer.public_hex,
            uses=uses,
            epochs=frozenset({1}),
        )
        boxes = CloudKey(kid="box-1", public_key=box.public_hex, uses=frozenset({KeyUse.SEALING}))
        document = KeyDocument(version=1, issued_at=now, keys=(mine, boxes))
        return seal(Kind.KEY_DOCUMENT, document.to_bytes(), self.root)

    def say(self, kind: Kind, body: WireWord) -> bytes:
        """A signed frame."""
        return seal(kind, body.to_bytes(), self.signer)


@dataclass(frozen=True, slots=True)
class House:
    """A house on disk and its processes."""

    folder: Path
    me: Identity
    lock: LockId
    secrets: tuple[str, ...]
    lan: Address
    broker_port: int

    @property
    def socket(self) -> Path:
        """Lockd's."""
        return socket_folder(self.folder) / "lockd.sock"

    @property
    def calls(self) -> Path:
        """When the bolt was called."""
        return self.folder / "calls"

    def start_lockd(self, children: Children, *drivers: str) -> Process:
        """The process that decides, with the instant bolt; `all` loads every vendor's driver."""
        extra = {
            "PORTERO_LOCKD_DATA": str(self.folder / "lockd"),
            "PORTERO_LOCKD_SOCKET": str(self.socket),
            "PORTERO_LOCKD_PRODUCTION": "false",
        }
        return children.start("lockd", "bench.instant_bolt", str(self.calls), *drivers, extra=extra)

    def start_agent(self, children: Children, **servers: str) -> Process:
        """The process that carries, as it ships; `servers` are further settings of its own."""
        extra = {
            "PORTERO_AGENT_DATA": str(self.folder / "agent"),
            "PORTERO_AGENT_LOCKD_SOCKET": str(self.socket),
            "PORTERO_AGENT_MQTT_PORT": str(self.broker_port),
            "PORTERO_AGENT_LAN_HOST": self.lan.host,
            "PORTERO_AGENT_LAN_PORT": str(self.lan.port),
            **servers,
        }
        return children.start("agent", "portero", "agent", extra=extra)


@dataclass(frozen=True, slots=True)
class Running:
    """The house at work; `tokens` are sessions, one a grant."""

    house: House
    lockd: Process
    agent: Process
    client: LockdClient
    tokens: tuple[str, ...]


@asynccontextmanager
async def running(folder: Path, children: Children, *, grants: int) -> AsyncIterator[Running]:
    """A house with so many guests who may open its door, signed in."""
    cloud = Cloud.fresh()
    house = found(folder, cloud, grants=grants)
    with LocalBroker(folder / "broker", port=house.broker_port):
        lockd = house.start_lockd(children)
        async with LockdClient(house.socket) as client:
            await until_decides(client, lockd)
            await settle(house, client, cloud)
            tokens = tuple([await token(client, secret) for secret in house.secrets])
            agent = house.start_agent(children)
            await until_answers(house.lan, agent)
            yield Running(house, lockd, agent, client, tokens)


def found(folder: Path, cloud: Cloud, *, grants: int) -> House:
    """What provisioning leaves on disk."""
    lock = LockId(uuid4())
    data = folder / "lockd"
    me = identity.create(
        data, HouseId(uuid4()), cloud.root.public_hex, random_bytes=secrets.token_bytes
    )
    kept = KeptLock(
        lock=lock, driver="ttlock_ble", address="instant", key=SecretStr("{}"), zone="UTC"
    )
    locks.save(data, [kept])
    links = tuple(secrets.token_hex(32) for _ in range(grants))
    return House(folder, me, lock, links, Address("127.0.0.1", any_free()), any_free())


async def settle(house: House, client: LockdClient, cloud: Cloud) -> None:
    """Keys, trusted time, a book."""
    now = SystemClock().utc_now()
    await _take(client, Down.KEYS, cloud.keys(now))
    frame = await client.query()
    opened = open_envelope(frame, Kind.CURRENT_QUERY, lambda _: house.me.signer.public_hex)
    query = read_body(opened, CurrentQuery)
    answer = CurrentAnswer(
        house=house.me.house,
        nonce=query.nonce,
        now=SystemClock().utc_now(),
        position=None,
        key_document=1,
        facts_received=0,
    )
    await _take(client, Down.CURRENT, cloud.say(Kind.CURRENT_ANSWER, answer))
    reply = await _take(client, Down.SNAPSHOT, cloud.say(Kind.SNAPSHOT, _book(house, now)))
    assert reply is not None
    opened = open_envelope(reply, Kind.SNAPSHOT_ACK, lambda _: house.me.signer.public_hex)
    assert read_body(opened, SnapshotAck).result is AckResult.APPLIED


async def token(client: LockdClient, secret: str) -> str:
    """A session for whoever holds this link."""
    signed_in = await client.sign_in(secret)
    assert isinstance(signed_in, SignedIn), signed_in
    return signed_in.token


async def until_decides(client: LockdClient, lockd: Process) -> None:
    """Until lockd answers on its socket. RuntimeError when it has ended instead."""

    async def answers() -> bool:
        if lockd.poll() is not None:
            raise RuntimeError("lockd ended, see its log")
        try:
            await client.state()
        except DeviceUnreachable:
            return False
        return True

    await until(answers, _START_SECONDS, "lockd did not start")


async def _take(client: LockdClient, channel: Down, frame: bytes) -> bytes | None:
    taken = await client.take(channel, frame)
    assert taken.flaw is None, taken
    return taken.reply


def _book(house: House, now: datetime) -> Snapshot:
    window = Window(starts=now - _DAY, ends=now + 2 * _DAY)
    grants = tuple(
        Grant(
            id=GrantId(uuid4()),
            stay=StayId(uuid4()),
            role=Role.GUEST,
            window=window,
            rights=(str(open_door(house.lock)),),
            lan_secret_hash=secret_hash(secret),
        )
        for secret in house.secrets
    )
    return Snapshot(
        house=house.me.house,
        epoch=1,
        version=1,
        issued_at=now - timedelta(seconds=1),
        lease_until=now + 3 * _DAY,
        zone="UTC",
        grants=grants,
        doors=(Door(lock=house.lock, name="Front door", shared=True),),
    )
