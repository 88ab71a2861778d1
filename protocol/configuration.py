"""What may a host set in a house from afar, and what became of it?

Settings without secrets, and none that could open a door or lead a secret away. A setting that is
not named stays as the house itself has it.
"""

import ipaddress
from enum import StrEnum
from typing import Annotated, Literal
from urllib.parse import urlsplit

from pydantic import AfterValidator, Field, NonNegativeInt, PositiveInt, StringConstraints

from protocol.base import Instant, Sha256Hex, Wire
from protocol.ids import HouseId

LanName = Annotated[
    str,
    StringConstraints(
        pattern=r"^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?)*$",
        max_length=253,
    ),
]
"""A host name under which the house's page is opened, in lower case."""


def _in_the_house(url: str) -> str:
    """The house sends its token of the music server there, so it must not lead outside."""
    try:
        parts = urlsplit(url)
        host, _ = parts.hostname or "", parts.port
    except ValueError:
        raise ValueError("not an address") from None
    if parts.scheme != "http" or parts.username or parts.password or parts.query or parts.fragment:
        raise ValueError("an address in the house reads http://host:port, without a user")
    if not (_is_inside(host) or (host.endswith(".local") and host != ".local")):
        raise ValueError("the music server must be in the house's own network")
    return url


def _is_inside(host: str) -> bool:
    try:
        address = ipaddress.ip_address(host)
    except ValueError:
        return False
    return address.is_private and not address.is_unspecified


HouseUrl = Annotated[str, Field(min_length=8, max_length=200), AfterValidator(_in_the_house)]
"""Plain HTTP to a private address or a `.local` name."""


class HouseSettings(Wire):
    """What can be set. None: as the house itself has it.

    `music_url`: the music server; empty for no music. `lan_names`: names the LAN page answers to
    besides bare addresses. `look_after_seconds`: how often each lock is looked at. `query_seconds`:
    how often the cloud is asked what is current.
    """

    music_url: HouseUrl | Literal[""] | None = None
    lan_names: Annotated[tuple[LanName, ...], Field(min_length=1, max_length=8)] | None = None
    advertise: bool | None = None
    query_seconds: Annotated[float, Field(ge=5, le=120, allow_inf_nan=False)] | None = None
    look_after_seconds: Annotated[float, Field(ge=30, le=86400, allow_inf_nan=False)] | None = None
    pin_preload_hours: Annotated[float, Field(ge=0, le=1440, allow_inf_nan=False)] | None = None


class DesiredConfiguration(Wire):
    """The settings of one house, signed like its book: strictly newer by (epoch, version)."""

    house: HouseId
    epoch: PositiveInt
    version: PositiveInt
    issued_at: Instant
    settings: HouseSettings
    must_understand: tuple[str, ...] = ()


class ConfigurationHeld(Wire):
    """Which configuration a house has taken last, whatever became of it."""

    epoch: PositiveInt
    version: NonNegativeInt


class ConfigurationFate(StrEnum):
    """TRIED: in force until proved. APPLIED: the cloud was reached under it. Others are over."""

    TRIED = "tried"
    APPLIED = "applied"
    REFUSED = "refused"
    ROLLED_BACK = "rolled_back"


class Configured(Wire):
    """A fact: what became of a configuration. `reason` is a stable word."""

    kind: Literal["configured"] = "configured"
    epoch: PositiveInt
    version: PositiveInt
    hash: Sha256Hex
    fate: ConfigurationFate
    reason: Annotated[str, Field(max_length=100)] | None = None
