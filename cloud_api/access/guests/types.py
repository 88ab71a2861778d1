"""What does a guest's page know?"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal
from uuid import UUID

from cloud_api.access.emergency.types import OfflineCode
from cloud_api.access.types import Guest, KeyState
from cloud_api.properties.types import HouseLayout


@dataclass(frozen=True, slots=True)
class SignedIn:
    """A new session; the token is shown this once."""

    token: str
    guest: Guest
    expires_at: datetime

    def __repr__(self) -> str:
        """Never the token."""
        return f"SignedIn(grant={self.guest.grant_id})"


@dataclass(frozen=True, slots=True)
class LanWay:
    """The same stay, in the house itself: whole links, the one to use first first.

    A page leads there, it never fetches: no page of the cloud may read what a house says, and a
    browser refuses plain HTTP from within HTTPS. `offer_after_seconds`: how long to wait for the
    cloud's own answer before the link is shown; 0 where the cloud cannot help now.
    """

    links: tuple[str, ...]
    reason: Literal["house_offline", "cloud_slow"]
    offer_after_seconds: int

    def __repr__(self) -> str:
        """Never the links."""
        return f"LanWay({self.reason})"


@dataclass(frozen=True, slots=True)
class StayPage:
    """What a guest's page is made of. `pin` only for the stay's own guest; `key`: where it is."""

    guest: Guest
    name: str
    layout: HouseLayout
    pin: str | None
    pin_states: dict[UUID, str]
    pin_reasons: dict[UUID, str]
    lan_secret: str
    join_code: str | None
    key: KeyState
    house_online: bool
    lan: LanWay | None = None
    emergency_codes: tuple[OfflineCode, ...] = ()

    def __repr__(self) -> str:
        """Never the secrets."""
        return f"StayPage(grant={self.guest.grant_id})"
