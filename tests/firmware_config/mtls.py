"""A real Mosquitto under our own authority, and clients who are whoever their certificate says."""

import asyncio
import os
import signal
import ssl
import subprocess
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from uuid import UUID, uuid4

import aiomqtt
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import (
    Encoding,
    NoEncryption,
    PrivateFormat,
)
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from cloud_api.fleet.authority import IssuingAuthority, read_authority
from cloud_api.fleet.ports import Refused
from cloud_api.kit.clock import SystemClock
from firmware_config import mosquitto
from firmware_config.mosquitto import Broker
from portero.local.broker import mosquitto_path
from portero.local.ports import any_free, is_free
from protocol.certificates import Leaf, house_uri, leaf_builder
from protocol.ids import HouseId
from provisioning import authority
from provisioning.authority import Service

SOON = 10.0
REFUSED_LOG = "mosquitto.log"


@dataclass(frozen=True)
class Papers:
    """A key and its chain as files; `serial` in hex."""

    key: Path
    chain: Path
    serial: str


@dataclass
class Wall:
    """One authority and one broker; `folder` is open to the broker's user."""

    folder: Path
    couriers: tuple[str, ...] = ("courier-1", "courier-2")
    port: int = field(default_factory=any_free)
    now: datetime = field(default_factory=SystemClock().utc_now)
    _process: "subprocess.Popen[bytes] | None" = None

    def __post_init__(self) -> None:
        authority.create(root_folder=self.root, issuer_folder=self.issuer, now=self.now)
        services = [Service("broker", ("127.0.0.1", "localhost"))]
        for service in (*services, *(Service(name) for name in self.couriers)):
            authority.certify_service(
                service, issuer_folder=self.issuer, folder=self.papers, now=self.now
            )
        self.refusals.write_bytes(authority.empty_list(issuer_folder=self.issuer, now=self.now))

    @property
    def root(self) -> Path:
        return self.folder / "root"

    @property
    def issuer(self) -> Path:
        return self.folder / "issuer"

    @property
    def papers(self) -> Path:
        return self.folder / "papers"

    @property
    def refusals(self) -> Path:
        return self.folder / "refusals.pem"

    @property
    def authority_file(self) -> Path:
        return self.issuer / authority.ROOT

    def courier(self, name: str = "courier-1") -> Papers:
        return Papers(self.papers / f"{name}.key", self.papers / f"{name}.pem", "")

    def broker(self) -> Broker:
        data = self.folder / "data"
        data.mkdir(exist_ok=True)
        return Broker(
            couriers=self.couriers,
            user="root" if os.getuid() == 0 else "mosquitto",
            address="127.0.0.1",
            port=self.port,
            config_folder=str(self.folder),
            data_folder=str(data),
            certificate=str(self.papers / "broker.pem"),
            key=str(self.papers / "broker.key"),
            authority=str(self.authority_file),
            refusals=str(self.refusals),
        )

    def start(self, *, without: str = "") -> None:
        """`without`: leave out lines that begin so, to see that they matter."""
        for name, content in mosquitto.files(self.broker()).items():
            kept = [
                line for line in content.splitlines() if not without or not line.startswith(without)
            ]
            (self.folder / name).write_text("\n".join(kept) + "\n")
        command = mosquitto_path()
        if command is None:
            raise RuntimeError("this test needs a Mosquitto: apt install mosquitto")
        with (self.folder / REFUSED_LOG).open("ab") as log:
            self._process = subprocess.Popen(  # noqa: S603 - our own arguments
                [command, "-c", str(self.folder / mosquitto.CONF)], stdout=log, stderr=log
            )
        for _ in range(200):
            if not is_free(self.port):
                return
            assert self._process.poll() is None, (self.folder / REFUSED_LOG).read_text()
            time.sleep(0.05)
        raise AssertionError("the broker did not listen")

    def kill(self) -> None:
        """At once, as a power cut would."""
        if self._process is not None:
            self._process.kill()
            self._process.wait(10)
            self._process = None

    def reload(self) -> None:
        """Have the broker read its files anew."""
        assert self._process is not None
        self._process.send_signal(signal.SIGHUP)

    async def refuse(self, *papers: Papers) -> None:
        refused = [Refused(each.serial, self.now) for each in papers]
        self.refusals.write_bytes(await self.cloud.refusals(refused, now=self.now))
        self.reload()

    @property
    def cloud(self) -> IssuingAuthority:
        return read_authority(self.issuer)

    def house(self, house: UUID) -> Papers:
        return self.misissue(str(house), names=[house_uri(HouseId(house))])

    def misissue(
        self,
        common_name: str,
        *,
        names: list[x509.GeneralName] | None = None,
        starts: timedelta = timedelta(hours=-1),
        ends: timedelta = timedelta(days=60),
        serves: bool = False,
    ) -> Papers:
        """What our own cloud would refuse to sign, signed by its very key."""
        issuer = self.cloud
        key = ec.generate_private_key(ec.SECP256R1())
        leaf = Leaf(
            subject=common_name,
            key=key.public_key(),
            names=names or [x509.DNSName("nobody")],
            serves=serves,
            serial=x509.random_serial_number(),
            starts=self.now + starts,
            ends=self.now + ends,
        )
        made = leaf_builder(leaf, issuer.issuer).sign(issuer.key, SHA256())
        at = self.papers / uuid4().hex
        plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        at.with_suffix(".key").write_bytes(key.private_bytes(*plain))
        chain = made.public_bytes(Encoding.PEM) + issuer.issuer.public_bytes(Encoding.PEM)
        at.with_suffix(".pem").write_bytes(chain)
        return Papers(at.with_suffix(".key"), at.with_suffix(".pem"), f"{made.serial_number:x}")

    @asynccontextmanager
    async def line(
        self,
        papers: Papers | None,
        *,
        client_id: str = "whoever",
        clean: bool = True,
        keep_seconds: int = 0,
    ) -> AsyncIterator[aiomqtt.Client]:
        """A connection with these papers. aiomqtt.MqttError when the broker refuses."""
        properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho is half typed
        properties.SessionExpiryInterval = keep_seconds
        async with aiomqtt.Client(
            "127.0.0.1",
            self.port,
            identifier=client_id,
            protocol=aiomqtt.ProtocolVersion.V5,
            clean_start=clean,
            properties=properties,
            keepalive=60,
            timeout=SOON,
            tls_context=self.context(papers),
        ) as client:
            yield client

    def bad_papers(self, kind: str) -> Papers | None:
        """Papers of a house that must not be let in."""
        name, day = str(uuid4()), timedelta(days=1)
        if kind == "none":
            return None
        if kind == "expired":
            return self.misissue(name, starts=-61 * day, ends=-day)
        if kind == "not_yet":
            return self.misissue(name, starts=day)
        if kind == "a_servers":
            return self.misissue(name, serves=True)
        stranger = self.folder / "stranger"
        stranger.mkdir(exist_ok=True)
        return Wall(stranger).misissue(name)

    def context(self, papers: Papers | None, tls: ssl.TLSVersion | None = None) -> ssl.SSLContext:
        context = ssl.create_default_context(cafile=str(self.authority_file))
        if tls is not None:
            context.set_ciphers("DEFAULT@SECLEVEL=0")
            context.minimum_version = context.maximum_version = tls
        if papers is not None:
            context.load_cert_chain(papers.chain, papers.key)
        return context


_CONNECT = bytes.fromhex("101000044d51545405020014000003") + b"any"
_CONNACK, _PUBLISH_AT_LEAST_ONCE = 0x20, 0x32


async def knock(
    wall: Wall, papers: Papers | None, *, then: bytes = b"", tls: ssl.TLSVersion | None = None
) -> bytes:
    """What the broker says to an MQTT 5 CONNECT, and to `then`: nothing, when it hangs up.

    Byte by byte, because a refusal after the handshake is a closed line and no error message.
    """
    try:
        async with asyncio.timeout(SOON):
            reader, writer = await asyncio.open_connection(
                "127.0.0.1", wall.port, ssl=wall.context(papers, tls)
            )
            try:
                writer.write(_CONNECT)
                said = await reader.read(1000)
                if then and said:
                    writer.write(then)
                    said = await reader.read(1000)
            finally:
                writer.close()
    except (OSError, ssl.SSLError):
        return b""
    return said


async def is_let_in(
    wall: Wall, papers: Papers | None, *, tls: ssl.TLSVersion | None = None
) -> bool:
    said = await knock(wall, papers, tls=tls)
    return said[:1] == bytes([_CONNACK]) and said[3] == 0


def publish_packet(topic: str, size: int) -> bytes:
    """A raw PUBLISH at QoS 1 of so many bytes."""
    head = len(topic).to_bytes(2) + topic.encode() + b"\x00\x01\x00"
    left, length = len(head) + size, b""
    while True:
        left, digit = divmod(left, 128)
        length += bytes([digit | (0x80 if left else 0)])
        if not left:
            return bytes([_PUBLISH_AT_LEAST_ONCE]) + length + head + b"x" * size


async def heard_until(client: aiomqtt.Client, last: str) -> list[tuple[str, bytes]]:
    """Everything up to the message on this topic, which the broker sends after all before it."""
    heard: list[tuple[str, bytes]] = []
    async with asyncio.timeout(SOON):
        async for message in client.messages:
            heard.append((str(message.topic), bytes(message.payload)))
            if heard[-1][0] == last:
                return heard
    raise AssertionError("the line ended")
