"""How do we speak to the broker? The only module of the cloud that knows the client library.

MQTT 5, clean start, session expiry 0: nothing of ours waits in a broker. TCP_NODELAY, because a
connection that both receives and publishes otherwise waits for delayed acknowledgements.
"""

import asyncio
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from socket import IPPROTO_TCP, TCP_NODELAY
from urllib.parse import urlsplit

import aiomqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

from cloud_api.fleet.types import Letter
from protocol.topics import PREFIX, Up

MAX_PACKET_BYTES = 1024 * 1024
_KEEPALIVE_SECONDS = 10
_ANSWER_SECONDS = 10.0
_QUEUED = 5000
_FIRST_FAILURE = 0x80
_PLAIN_PORT, _TLS_PORT = 1883, 8883

# Couriers share the work, one group a channel: rumqttd tells groups apart by their name alone.
# A retained status goes to each courier, and is harmless to take twice.
_SHARED = tuple(
    f"$share/couriers-{each.value}/{PREFIX}/+/up/{each.value}" for each in Up if each != Up.STATUS
)
_FOR_EACH = f"{PREFIX}/+/up/{Up.STATUS.value}"


class PostLost(Exception):  # noqa: N818 - named for what happened
    """The broker is out of reach, refused us, or went away. Connect again."""


@dataclass(frozen=True, slots=True)
class TlsFiles:
    """Our authority, our certificate and its key, as PEM files."""

    authority: Path
    certificate: Path
    key: Path


@dataclass(frozen=True, slots=True)
class BrokerAddress:
    """Where the broker is, and the name under which exactly one courier connects."""

    host: str
    port: int
    name: str
    tls: TlsFiles | None = None

    @classmethod
    def parse(cls, url: str, *, name: str, tls: TlsFiles | None = None) -> "BrokerAddress":
        """From `mqtt://host:port` or, with files, `mqtts://host:port`. ValueError otherwise."""
        parts = urlsplit(url)
        secure = parts.scheme == "mqtts"
        if parts.scheme not in {"mqtt", "mqtts"} or not parts.hostname or parts.username:
            raise ValueError("a broker's address reads mqtt://host:port or mqtts://host:port")
        if secure != (tls is not None):
            raise ValueError("mqtts needs an authority, a certificate and its key; mqtt has none")
        port = parts.port or (_TLS_PORT if secure else _PLAIN_PORT)
        return cls(parts.hostname, port, name, tls)


@dataclass(frozen=True, slots=True)
class Received:
    """One message that came up."""

    topic: str
    payload: bytes


class Post:
    """A live connection; every call raises PostLost when it is one no more."""

    def __init__(self, client: aiomqtt.Client) -> None:
        self._client = client

    async def publish(self, letter: Letter) -> None:
        """At QoS 1; returns when the broker has taken it, which proves nothing more."""
        try:
            await self._client.publish(
                letter.topic,
                letter.frame,
                qos=1,
                retain=letter.retained,
                properties=_expiry(letter.expiry_seconds),
            )
        except (aiomqtt.MqttError, ValueError) as error:
            raise PostLost(str(error)) from error

    async def received(self) -> AsyncIterator[Received]:
        """Everything houses send us, until the line breaks (PostLost)."""
        try:
            async for message in self._client.messages:
                yield Received(str(message.topic), message.payload)
        except aiomqtt.MqttError as error:
            raise PostLost(str(error)) from error


@asynccontextmanager
async def connected(address: BrokerAddress) -> AsyncIterator[Post]:
    """A connection that hears all houses, closed at the end. PostLost when it cannot be made."""
    client = await _opened(address)
    try:
        for pattern in (*_SHARED, _FOR_EACH):
            await _subscribe(client, pattern)
        yield Post(client)
    finally:
        await _close(client)


async def _opened(address: BrokerAddress) -> aiomqtt.Client:
    client = aiomqtt.Client(
        address.host,
        address.port,
        identifier=address.name,
        protocol=aiomqtt.ProtocolVersion.V5,
        clean_start=True,
        properties=_connect_properties(),
        keepalive=_KEEPALIVE_SECONDS,
        timeout=_ANSWER_SECONDS,
        max_queued_incoming_messages=_QUEUED,
        max_inflight_messages=200,
        socket_options=((IPPROTO_TCP, TCP_NODELAY, 1),),
        tls_context=None if address.tls is None else _tls_context(address.tls),
    )
    client.pending_calls_threshold = 1000
    try:
        async with asyncio.timeout(2 * _ANSWER_SECONDS):
            await client.__aenter__()
    except (aiomqtt.MqttError, OSError, TimeoutError) as error:
        raise PostLost(str(error) or type(error).__name__) from error
    return client


async def _subscribe(client: aiomqtt.Client, pattern: str) -> None:
    try:
        granted = await client.subscribe(pattern, qos=1)
    except aiomqtt.MqttError as error:
        raise PostLost(str(error)) from error
    if any(getattr(code, "value", code) >= _FIRST_FAILURE for code in granted):
        raise PostLost(f"the subscription {pattern} was refused")


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


def _expiry(seconds: int | None) -> Properties | None:
    if seconds is None:
        return None
    properties = Properties(PacketTypes.PUBLISH)  # type: ignore[no-untyped-call]  # paho is half typed
    properties.MessageExpiryInterval = seconds
    return properties


def _tls_context(files: TlsFiles) -> ssl.SSLContext:
    context = ssl.create_default_context(cafile=str(files.authority))
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    context.load_cert_chain(files.certificate, files.key)
    return context
