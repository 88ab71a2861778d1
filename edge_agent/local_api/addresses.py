"""Under which addresses do the guests' phones reach this house's page?"""

from collections.abc import Iterable
from dataclasses import dataclass
from ipaddress import ip_address

import ifaddr

from protocol.lan import lan_address


@dataclass(frozen=True, slots=True)
class Reach:
    """What is known of it.

    `names`: those somebody surely answers for. `port`: the one people use. `is_inside`: in a
    container whose port is published by its host; then this machine's own addresses are nobody's.
    """

    names: tuple[str, ...]
    port: int
    is_inside: bool = False


def reachable(reach: Reach, own: Iterable[str] | None = None) -> tuple[str, ...]:
    """As `protocol.lan` writes them: names first, then bare addresses, IPv4 before IPv6.

    A name survives another lease of the router; an address needs no mDNS, which older phones lack.
    """
    found = own_addresses() if own is None else own
    bare = [] if reach.is_inside else sorted(found, key=lambda each: ":" in each)
    hosts = [*reach.names, *(f"[{each}]" if ":" in each else each for each in bare)]
    return tuple(dict.fromkeys(_written(f"http://{each}:{reach.port}") for each in hosts))


def own_addresses() -> list[str]:
    """This machine's private addresses that others can reach: no loopback, no link-local."""
    told = (
        ip.ip if isinstance(ip.ip, str) else ip.ip[0]
        for adapter in ifaddr.get_adapters()
        for ip in adapter.ips
    )
    return [each for each in told if _is_of_the_house(each)]


def _is_of_the_house(text: str) -> bool:
    address = ip_address(text)
    return address.is_private and not (address.is_loopback or address.is_link_local)


def _written(address: str) -> str:
    return lan_address(address)
