"""What do a simulated peripheral and a central say to each other on the loopback socket?

One JSON object a line. A central sends requests with an id and gets one answer for each;
advertisements, notifications and the end of the link come unasked.
"""

from enum import StrEnum
from typing import Literal

from pydantic import BaseModel, ConfigDict, Field

ATT_PAYLOAD = 20
"""Bytes of one write or notification at the smallest ATT size, which TTLock uses."""

LINE_LIMIT = 64 * 1024


class _Line(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True)

    def line(self) -> bytes:
        """The object as one line for the socket."""
        return self.model_dump_json(exclude_none=True).encode() + b"\n"


class Characteristic(_Line):
    """One characteristic, by its full UUID."""

    uuid: str
    properties: tuple[Literal["read", "write", "write-without-response", "notify"], ...]


class Service(_Line):
    """One primary service."""

    uuid: str
    characteristics: tuple[Characteristic, ...]


class Advertisement(_Line):
    """What a peripheral says to everybody; `manufacturer` maps company id to hex."""

    address: str
    name: str
    rssi: int
    services: tuple[str, ...]
    manufacturer: dict[int, str]


class Do(StrEnum):
    """What a central may ask for."""

    SCAN = "scan"
    CONNECT = "connect"
    NOTIFY = "notify"
    WRITE = "write"
    READ = "read"


class Request(_Line):
    """A central's request; `data` is hex."""

    id: int
    do: Do
    address: str | None = None
    characteristic: str | None = None
    on: bool | None = None
    data: str | None = Field(default=None, max_length=2 * 512)


class Reply(_Line):
    """From the peripheral's side: an answer (`id`), an advertisement or a notification."""

    id: int | None = None
    error: str | None = None
    data: str | None = None
    services: tuple[Service, ...] | None = None
    advertisement: Advertisement | None = None
    notified: str | None = None
