"""What does fleet know of a house's certificates?"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cloud_api.fleet.ports import Authority


class Why(StrEnum):
    """Why a certificate is refused."""

    REPLACED = "replaced"
    BY_STAFF = "by_staff"


@dataclass(frozen=True, slots=True)
class Certificate:
    """One certificate as it is kept; `chain` is PEM."""

    serial: str
    house_id: UUID
    chain: bytes
    issued_at: datetime
    ends: datetime
    refused_at: datetime | None


@dataclass(frozen=True, slots=True)
class Wish:
    """A device asks to be certified. `request`: PKCS #10, PEM."""

    request: bytes
    authority: Authority


@dataclass(frozen=True, slots=True)
class Certified:
    """What a device gets: its chain and the root to believe, PEM."""

    chain: bytes
    root: bytes
