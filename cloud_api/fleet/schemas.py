"""How does fleet look over HTTP?"""

from base64 import b64encode
from datetime import datetime
from typing import Annotated, Self
from uuid import UUID

from pydantic import BaseModel, Field, JsonValue, SecretStr
from pydantic_core import from_json

from cloud_api.fleet.certificates.types import Certified
from cloud_api.fleet.claims.types import ClaimToken, Enrolled
from cloud_api.fleet.lives.types import Doubled
from cloud_api.fleet.models import BadMessageRow, CertificateRow, HouseRow
from cloud_api.fleet.types import CommandView, Delivery, DeliveryState, FactView
from protocol.certificates import MAX_REQUEST_BYTES
from protocol.envelope import MAX_ENVELOPE_BYTES
from protocol.house import Position


class DoubledOut(BaseModel):
    """Two devices speak as this house. Each is known by a random id of its latest start."""

    device: Annotated[str, Field(description="the house's own: it alone is sent commands")]
    others: Annotated[tuple[str, ...], Field(description="not the house's; newest last")]
    since: datetime | None
    last_heard: datetime | None

    @classmethod
    def of(cls, doubled: Doubled) -> Self:
        """As shown."""
        return cls(
            device=doubled.device,
            others=doubled.others,
            since=doubled.since,
            last_heard=doubled.last_heard,
        )


class DeliveryOut(BaseModel):
    """What the house should hold and what it proved to hold."""

    state: DeliveryState
    wanted: Position | None
    acknowledged: Position | None
    acknowledged_at: datetime | None
    building: Annotated[bool, Field(description="a change waits for the next snapshot")]
    revocation_worst_case: Annotated[
        datetime | None,
        Field(
            description="something taken away (a grant, the end of a stay, an old link, a door) is"
            " pending; after this instant it is harmless anyway"
        ),
    ]
    frozen_reason: str | None
    doubled: Annotated[
        DoubledOut | None,
        Field(description="within a day a second device spoke as this house: claim it anew"),
    ]

    @classmethod
    def of(cls, delivery: Delivery) -> Self:
        """As shown."""
        return cls(
            state=delivery.state,
            wanted=delivery.wanted,
            acknowledged=delivery.acknowledged,
            acknowledged_at=delivery.acknowledged_at,
            building=delivery.dirty,
            revocation_worst_case=delivery.revocation_worst_case,
            frozen_reason=delivery.frozen_reason,
            doubled=None if delivery.doubled is None else DoubledOut.of(delivery.doubled),
        )


class FleetHouseOut(BaseModel):
    """A house as the fleet knows it."""

    house_id: UUID
    name: str
    online: bool
    last_seen: datetime | None
    enrolled_at: datetime | None
    software: str | None
    lease_seconds: int
    facts_received: int
    facts_forked: str | None
    build_trouble: str | None
    refused_reason: str | None
    delivery: DeliveryOut

    @classmethod
    def of(cls, house: HouseRow, delivery: Delivery) -> Self:
        """As shown."""
        return cls(
            house_id=house.house_id,
            name=house.name,
            online=delivery.online,
            last_seen=house.last_seen,
            enrolled_at=house.enrolled_at,
            software=house.software,
            lease_seconds=house.lease_seconds,
            facts_received=house.facts_through,
            facts_forked=house.facts_forked,
            build_trouble=house.build_trouble,
            refused_reason=house.refused_reason,
            delivery=DeliveryOut.of(delivery),
        )


class FactOut(BaseModel):
    """One fact, as the house signed for it."""

    chain: int
    sequence: int
    kind: str
    received_at: datetime
    at_earliest: datetime | None
    at_latest: datetime | None
    body: dict[str, JsonValue]

    @classmethod
    def of(cls, fact: FactView) -> Self:
        """As shown; the exact text is read again."""
        said = from_json(fact.exact)
        return cls(
            chain=fact.chain,
            sequence=fact.sequence,
            kind=fact.kind,
            received_at=fact.received_at,
            at_earliest=said.get("at_earliest"),
            at_latest=said.get("at_latest"),
            body=said.get("body", {}),
        )


class BadMessageOut(BaseModel):
    """A refused message, and why."""

    id: int
    house_id: UUID | None
    topic: str
    flaw: str
    detail: str
    size_bytes: int
    received_at: datetime

    @classmethod
    def of(cls, row: BadMessageRow) -> Self:
        """As shown; its bytes stay with the operator."""
        return cls(
            id=row.id,
            house_id=row.house_id,
            topic=row.topic,
            flaw=row.flaw,
            detail=row.detail,
            size_bytes=row.size_bytes,
            received_at=row.received_at,
        )


class ClaimTokenOut(BaseModel):
    """Shown once; whoever has it can become the house's device."""

    house_id: UUID
    token: str
    expires_at: datetime

    @classmethod
    def of(cls, token: ClaimToken) -> Self:
        """As shown, once."""
        return cls(house_id=token.house_id, token=token.token, expires_at=token.expires_at)


CertificateRequestText = Annotated[
    str, Field(min_length=1, max_length=MAX_REQUEST_BYTES, description="PKCS #10 in PEM")
]


class ClaimTokenIn(BaseModel):
    """How long the token shall live."""

    valid_minutes: Annotated[int, Field(ge=5, le=24 * 60)] = 60


class ClaimIn(BaseModel):
    """A device claims its house. `proof`: an envelope of kind `claim`, as text."""

    token: Annotated[SecretStr, Field(min_length=1, max_length=200)]
    proof: Annotated[str, Field(min_length=1, max_length=MAX_ENVELOPE_BYTES // 16)]
    certificate_request: CertificateRequestText | None = None


class EnrolledOut(BaseModel):
    """Whom the device trusts from now on. `key_document` is a frame, base64.

    `certificate`, `authority` (PEM) and `broker_url` are null where this cloud certifies nobody.
    """

    house_id: UUID
    name: str
    zone: str
    root_public_key: str
    key_document: str
    certificate: str | None = None
    authority: str | None = None
    broker_url: str | None = None

    @classmethod
    def of(cls, enrolled: Enrolled, *, broker_url: str | None) -> Self:
        """As sent to the device."""
        certified = enrolled.certified
        return cls(
            certificate=None if certified is None else certified.chain.decode(),
            authority=None if certified is None else certified.root.decode(),
            broker_url=broker_url,
            house_id=enrolled.house_id,
            name=enrolled.name,
            zone=enrolled.zone,
            root_public_key=enrolled.root_public_key,
            key_document=b64encode(enrolled.key_document).decode(),
        )


class RenewIn(BaseModel):
    """A device asks for a fresh certificate; the request is signed by the key it already has."""

    certificate_request: CertificateRequestText


class CertifiedOut(BaseModel):
    """PEM: the certificate with those above it but the root, and the root."""

    certificate: str
    authority: str

    @classmethod
    def of(cls, certified: Certified) -> Self:
        """As sent to the device."""
        return cls(certificate=certified.chain.decode(), authority=certified.root.decode())


class CertificateOut(BaseModel):
    """A certificate of a house's device, and whether it still opens a line."""

    serial: str
    issued_at: datetime
    ends: datetime
    refused_at: datetime | None
    refused_why: str | None

    @classmethod
    def of(cls, row: CertificateRow) -> Self:
        """As shown."""
        return cls(
            serial=row.serial,
            issued_at=row.issued_at,
            ends=row.ends,
            refused_at=row.refused_at,
            refused_why=row.refused_why,
        )


class RefusedOut(BaseModel):
    """How many certificates are refused from now on."""

    refused: int


class EpochOut(BaseModel):
    """The epoch that was begun."""

    epoch: int


class CommandOut(BaseModel):
    """A door command and what truly became of it; `outcome` null while it is under way."""

    id: UUID
    house_id: UUID
    grant_id: UUID
    lock_id: UUID
    move: str
    state: str
    outcome: str | None
    reason: str | None
    asked_at: datetime
    ended_at: datetime | None

    @classmethod
    def of(cls, view: CommandView) -> Self:
        """As shown."""
        return cls.model_validate(view, from_attributes=True)
