"""What waits in this network to be set up or used, and is it the one we paired with?

Anybody on a network may claim any name: what is found here is for finding. After the first pairing
the id is pinned; who then answers at the same place with another id is a stranger.
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from enum import StrEnum
from pathlib import Path
from uuid import UUID

import ifaddr
from pydantic import BaseModel, ConfigDict, ValidationError
from zeroconf import (
    DNSQuestionType,
    InterfaceChoice,
    IPVersion,
    ServiceBrowser,
    ServiceInfo,
    ServiceListener,
    Zeroconf,
)

from provisioning.errors import UnreadableError

SETUP = "_portero-setup._tcp.local."
type Interfaces = InterfaceChoice | list[str]

_PORT = 22  # a device that waits serves nothing; this is where a technician goes
_MOST_TEXT = 100


class Kind(StrEnum):
    """What kind of thing was found."""

    DEVICE = "device to set up"
    HOME_ASSISTANT = "Home Assistant"
    MUSIC_ASSISTANT = "Music Assistant"


class Verdict(StrEnum):
    """Is it the one we know?"""

    NEW = "not paired"
    PAIRED = "paired"
    ANOTHER = "ANOTHER than the one we paired with at this place"


_SERVICES = {
    SETUP: (Kind.DEVICE, "id"),
    "_home-assistant._tcp.local.": (Kind.HOME_ASSISTANT, "uuid"),
    "_mass._tcp.local.": (Kind.MUSIC_ASSISTANT, "server_id"),
}


@dataclass(frozen=True, slots=True)
class Found:
    """One thing in the network, as it says itself."""

    kind: Kind
    identity: str
    name: str
    address: str
    port: int


class Pin(BaseModel):
    """Somebody we paired with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    kind: Kind
    identity: str
    address: str
    port: int


class Pins(BaseModel):
    """Everybody we paired with."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    pins: tuple[Pin, ...] = ()

    def verdict(self, found: Found) -> Verdict:
        """By id; an id we know may move, a place we know may not change its id."""
        mine = [each for each in self.pins if each.kind is found.kind]
        if any(each.identity == found.identity for each in mine):
            return Verdict.PAIRED
        at = (found.address, found.port)
        taken = any((each.address, each.port) == at for each in mine)
        return Verdict.ANOTHER if taken else Verdict.NEW


def pin(pins: Pins, found: Found) -> Pins:
    """Remember it; a known id keeps its newest place."""
    others = [
        each for each in pins.pins if each.kind is not found.kind or each.identity != found.identity
    ]
    new = Pin(kind=found.kind, identity=found.identity, address=found.address, port=found.port)
    return Pins(pins=(*others, new))


def read_pins(path: Path) -> Pins:
    """None yet: nobody. Raises UnreadableError: a garbled file must not look like none."""
    if not path.exists():
        return Pins()
    try:
        return Pins.model_validate_json(path.read_bytes())
    except (OSError, ValidationError):
        raise UnreadableError(f"{path} is garbled; remove it and pair anew") from None


def browse(seconds: float, *, interfaces: Interfaces = InterfaceChoice.All) -> Sequence[Found]:
    """Whatever answers within that time, in order of kind and name."""
    network = Zeroconf(interfaces=interfaces)
    try:
        heard = _Heard()
        # Asked for a private answer, another process on this machine's port might get it.
        browser = ServiceBrowser(network, list(_SERVICES), heard, question_type=DNSQuestionType.QM)
        time.sleep(seconds)
        browser.cancel()
        infos = [
            (service, network.get_service_info(service, name, 1000, DNSQuestionType.QM))
            for service, name in sorted(heard.names)
        ]
    finally:
        network.close()
    found = [_found(service, info) for service, info in infos if info is not None]
    known = [each for each in found if each is not None]
    return sorted(known, key=lambda each: (each.kind, each.name, each.identity))


def announce(
    identity: UUID, wait: Callable[[], object], *, interfaces: Interfaces = InterfaceChoice.All
) -> None:
    """Say that a device waits here, until `wait` returns. It opens no port."""
    short = identity.hex[:12]
    info = ServiceInfo(
        SETUP,
        f"portero-{short}.{SETUP}",
        port=_PORT,
        properties={"v": "1", "id": str(identity)},
        server=f"portero-{short}.local.",
        parsed_addresses=interfaces if isinstance(interfaces, list) else _own_addresses(),
    )
    network = Zeroconf(interfaces=interfaces)
    try:
        network.register_service(info)
        wait()
        network.unregister_service(info)
    finally:
        network.close()


class _Heard(ServiceListener):
    def __init__(self) -> None:
        self.names: set[tuple[str, str]] = set()

    def add_service(self, zc: Zeroconf, type_: str, name: str) -> None:  # noqa: ARG002 - the library's shape
        self.names.add((type_, name))

    def update_service(self, zc: Zeroconf, type_: str, name: str) -> None:  # noqa: ARG002 - the library's shape
        self.names.add((type_, name))

    def remove_service(self, zc: Zeroconf, type_: str, name: str) -> None:  # noqa: ARG002 - the library's shape
        self.names.discard((type_, name))


def _own_addresses() -> list[str]:
    """The IPv4 addresses of this machine that others can reach."""
    found = (str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4)
    return [each for each in found if not each.startswith("127.")]


def _found(service: str, info: ServiceInfo) -> Found | None:
    kind, key = _SERVICES[service]
    identity = info.decoded_properties.get(key)
    addresses = info.parsed_addresses(IPVersion.V4Only) or info.parsed_addresses()
    if not identity or not addresses or info.port is None:
        return None
    name = info.name.removesuffix(f".{service}")
    return Found(kind, _tame(identity), _tame(name), addresses[0], info.port)


def _tame(text: str) -> str:
    """Strangers' words are shown in a terminal: no control characters, and not for ever."""
    return "".join(each for each in text if each.isprintable())[:_MOST_TEXT]
