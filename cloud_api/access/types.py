"""Which words does access have: grants, their states, PINs, requests?"""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID

from cloud_api.kit.tenancy import PrincipalKind, Scope
from protocol.access import Right, Verb


class GrantState(StrEnum):
    """ACTIVE holds inside its window; REVOKED never again."""

    ACTIVE = "active"
    REVOKED = "revoked"


class Holder(StrEnum):
    """Whose grant it is."""

    GUEST = "guest"
    COMPANION = "companion"
    STAFF = "staff"


class RequestState(StrEnum):
    """Where a companion's request stands; only PENDING can change."""

    PENDING = "pending"
    APPROVED = "approved"
    DENIED = "denied"
    EXPIRED = "expired"


class Approver(StrEnum):
    """Who said yes or no."""

    BOOKER = "booker"
    STAFF = "staff"
    HOUSE = "house"


class KeyState(StrEnum):
    """Where a grant's key is, as far as the house has proved it.

    ON_THE_WAY: the key, a change of it or its end is not known to have arrived. GONE: it was
    revoked, and the house honours nothing of it any more.
    """

    IN_HOUSE = "in_house"
    ON_THE_WAY = "on_the_way"
    GONE = "gone"
    NOT_ENROLLED = "not_enrolled"
    FROZEN = "frozen"


@dataclass(frozen=True, slots=True)
class Key:
    """Where a grant's key is.

    `worst_case`: while something taken away (the grant, the end of the stay, an old link, a door)
    is not known to have arrived, until when the house may honour it at worst; None: nothing is.
    """

    state: KeyState
    worst_case: datetime | None
    worst_case_minutes: int | None


@dataclass(frozen=True, slots=True)
class StayWindow:
    """Half-open `[starts, ends)` in UTC."""

    starts: datetime
    ends: datetime


@dataclass(frozen=True, slots=True)
class LinkPair:
    """Both secrets of one grant's generation; rendered into messages, never stored or logged."""

    cloud_secret: str
    lan_secret: str

    def __repr__(self) -> str:
        """Never the secrets."""
        return "LinkPair(****)"


@dataclass(frozen=True, slots=True)
class Guest:
    """Who a guest's session belongs to."""

    grant_id: UUID
    organisation_id: UUID
    house_id: UUID
    reservation_id: UUID | None
    holder: Holder
    rights: frozenset[str]
    starts: datetime
    ends: datetime
    language: str = "en"

    @property
    def scope(self) -> Scope:
        """As the rooms below know callers: of this organisation, without permissions."""
        return Scope(self.organisation_id, PrincipalKind.GUEST, self.grant_id)

    def may(self, verb: Verb, target: UUID) -> bool:
        """A first look only: the house decides again on its own book."""
        return str(Right(verb, target)) in self.rights

    def may_at_all(self, *verbs: Verb) -> bool:
        """Is there any object one of these is allowed on?"""
        return any(text.startswith(f"{verb.value}:") for text in self.rights for verb in verbs)
