"""What do we ask of an MQTT broker? The only module that knows the client library.

MQTT 5, clean start, session expiry 0: nothing of ours waits in a broker. TCP_NODELAY, because a
connection that both receives and publishes otherwise waits for delayed acknowledgements.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import IPPROTO_TCP, TCP_NODELAY

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from edge_agent.link.certificates import JudgingContext, judging_context
from edge_agent.policy.model import Time

MAX_PACKET_BYTES = 1024 * 1024
"""What the broker may send us at once; four times the largest message of ours."""

_KEEPALIVE_SECONDS = 10  # a dead line is noticed within two of these
_ANSWER_SECONDS = 10.0
_CONNECT_SECONDS = 6.0  # the library gives up on a silent address after five
_QUEUED = 1000


class LinkLost(Exception):  # noqa: N818 - named for what happened
    """The broker is out of reach, refused us, or went away. Connect again."""


class StoodDown(LinkLost):
    """Another device is this house by the cloud's word: leave the line to it for a while."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Our authority, our certificate and its key, as PEM files."""

    authority: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is and who we are there; `identifier` is one connection at a time."""

    host: str
    port: int
    identifier: str
    tls: TlsFiles | None = None
    username: str | None = None
    password: str | None = None

    def __repr__(self) -> str:
        """Never the password."""
        return f"BrokerAddress({self.host}:{self.port} as {self.identifier})"


@dataclass(frozen=True, slots=True)
class Letter:
    """One message with its topic. `retained`: the broker kept it, nobody sent it just now."""

    topic: str
    payload: bytes
    retained: bool = False


class Connection:
    """A live connection; every call raises LinkLost when it is one no more."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def subscribe(self, pattern: str) -> None:
        """At QoS 1. LinkLost when the broker does not grant it."""
        try:
            granted = await self._client.subscribe(pattern, qos=1)
        except aiomqtt.MqttError as error:
            raise LinkLost(str(error)) from error
        if any(getattr(code, "value", code) >= 0x80 for code in granted):  # noqa: PLR2004 - MQTT 5: failures start here
            raise LinkLost("the subscription was refused")

    async def publish(self, letter: Letter) -> None:
        """At QoS 1; returns when the broker has taken it, which proves nothing more."""
        try:
            await self._client.publish(letter.topic, letter.payload, qos=1, retain=letter.retained)
        except aiomqtt.MqttError as error:
            raise LinkLost(str(error)) from error

    async def letters(self) -> AsyncIterator[Letter]:
        """Everything that arrives, until the line breaks (LinkLost)."""
        try:
            async for message in self._client.messages:
                yield Letter(str(message.topic), bytes(message.payload), message.retain)
        except aiomqtt.MqttError as error:
            raise LinkLost(str(error)) from error


@asynccontextmanager
async def connected(
    address: BrokerAddress, *, will: Letter, time: Time
) -> AsyncIterator[Connection]:
    """A connection with a last will, closed at the end. LinkLost when it cannot be made.

    `time`: what the house can prove of now; the broker's certificate is judged by it.
    """
    client = await _opened(address, will, time)
    try:
        yield Connection(client)
    finally:
        await _close(client)


async def _opened(address: BrokerAddress, will: Letter, time: Time) -> aiomqtt.Client:
    client = aiomqtt.Client(
        address.host,
        address.port,
        identifier=address.identifier,
        username=address.username,
        password=address.password,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=True,
        properties=_connect_properties(),
        will=aiomqtt.Will(will.topic, will.payload, qos=1, retain=will.retained),
        keepalive=_KEEPALIVE_SECONDS,
        timeout=_ANSWER_SECONDS,
        max_queued_incoming_messages=_QUEUED,
        socket_options=((IPPROTO_TCP, TCP_NODELAY, 1),),
        tls_context=_tls(address.tls, time) if address.tls else None,
    )
    await _enter(client)
    return client


async def _enter(client: aiomqtt.Client) -> None:
    """The library connects in a thread, which no cancelling stops: then wait and hang up."""
    loop = asyncio.get_running_loop()
    entering = loop.create_task(client.__aenter__(), name="link-connect")
    try:
        async with asyncio.timeout(2 * _ANSWER_SECONDS):
            await asyncio.shield(entering)
    except (aiomqtt.MqttError, OSError, TimeoutError) as error:
        raise LinkLost(str(error) or type(error).__name__) from error
    finally:
        if not entering.done():
            await asyncio.wait({entering}, timeout=_CONNECT_SECONDS)
            await _hang_up(client, entering)


async def _hang_up(client: aiomqtt.Client, entering: "asyncio.Task[aiomqtt.Client]") -> None:
    if not entering.done():
        entering.cancel()
    elif entering.exception() is None:
        await _close(client)


async def _close(client: aiomqtt.Client) -> None:
    try:
        async with asyncio.timeout(_ANSWER_SECONDS):
            await client.__aexit__(None, None, None)
    except (aiomqtt.MqttError, OSError, TimeoutError):
        return  # it was broken already


def _connect_properties() -> Properties:
    properties = Properties(PacketTypes.CONNECT)  # type: ignore[no-untyped-call]  # paho is half typed
    properties.SessionExpiryInterval = 0
    properties.MaximumPacketSize = MAX_PACKET_BYTES
    return properties


def _tls(files: TlsFiles, time: Time) -> JudgingContext:
    try:
        return judging_context(files.authority, files.certificate, files.key, time=time)
    except OSError as error:
        raise LinkLost(f"a TLS file cannot be used: {error.strerror or error}") from error
