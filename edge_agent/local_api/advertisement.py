"""How does a phone find the house's page without typing an address?

`_portero._tcp.local.` with a port and a short id. Anybody on a network may claim the same: it is
for finding, never for trusting.
"""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from uuid import UUID

import ifaddr
import structlog
from zeroconf import Error as ZeroconfError
from zeroconf import InterfaceChoice, InterfacesType  # type: ignore[attr-defined]  # not in __all__
from zeroconf.asyncio import AsyncServiceInfo, AsyncZeroconf

SERVICE = "_portero._tcp.local."

_log = structlog.get_logger("portero.lan")


@dataclass(frozen=True, slots=True)
class Advertisement:
    """What is told: a port, a `.local` name, and the start of the house's id."""

    house: UUID
    port: int
    name: str
    addresses: tuple[str, ...] = ()

    def service(self) -> AsyncServiceInfo:
        """As zeroconf says it; without given addresses, all of this machine's but loopback."""
        short = self.house.hex[:12]
        return AsyncServiceInfo(
            SERVICE,
            f"portero-{short}.{SERVICE}",
            port=self.port,
            server=f"{self.name}.",
            properties={"v": "1", "house": short, "path": "/"},
            parsed_addresses=list(self.addresses or _own_addresses()),
        )


@asynccontextmanager
async def advertised(
    advertisement: Advertisement, *, interfaces: InterfacesType = InterfaceChoice.All
) -> AsyncIterator[None]:
    """Told to the network until the end. Where that fails the house works all the same."""
    service = advertisement.service()
    network = await _registered(service, interfaces)
    try:
        yield
    finally:
        if network is not None:
            await (await network.async_unregister_service(service))
            await network.async_close()


async def _registered(
    service: AsyncServiceInfo, interfaces: InterfacesType
) -> AsyncZeroconf | None:
    try:
        network = AsyncZeroconf(interfaces=interfaces)
    except OSError as error:
        _log.warning("not_advertised", reason=type(error).__name__)
        return None
    try:
        await (await network.async_register_service(service))
    except (OSError, ZeroconfError) as error:
        _log.warning("not_advertised", reason=type(error).__name__)
        await network.async_close()
        return None
    return network


def _own_addresses() -> list[str]:
    """The IPv4 addresses of this machine that others can reach."""
    found = (str(ip.ip) for adapter in ifaddr.get_adapters() for ip in adapter.ips if ip.is_IPv4)
    return [each for each in found if not each.startswith("127.")]
