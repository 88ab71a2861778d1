"""How does a booking get its card, and what does the card tell a stranger?

The token is derived from the vault and stored as a hash: it says nothing of the booking's id, and
cannot be found in a dump. A card tells the guest's name and the property's, the guest's referral
code, level and what the code is worth; no date, no contact.
"""

import base64
import hashlib
import io
from collections.abc import Sequence
from typing import Final
from uuid import UUID

import segno

from cloud_api.clients.accounts import service as accounts
from cloud_api.crm.achievements import service as achievements
from cloud_api.crm.loyalty import service as loyalty
from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.vault import Vault
from cloud_api.papers.cards import repository
from cloud_api.papers.cards.types import Card, Recommendation
from cloud_api.papers.types import StayFacts
from cloud_api.pricing.discounts import service as discounts
from cloud_api.properties import service as properties
from cloud_api.reservations import service as reservations
from cloud_api.reservations.types import LIVE, Kind, Status

_SHOWN: Final = LIVE | {Status.COMPLETED}
_PIXELS: Final = 8


async def url(session: Session, vault: Vault, facts: StayFacts, public_url: str) -> str:
    """Where the booking's card is, for its QR code; made when there is none yet."""
    token = _token(vault, facts.reservation_id)
    await repository.remember(
        session, facts.organisation_id, facts.reservation_id, token_hash(token)
    )
    stay = await reservations.stay_for_access(session, facts.reservation_id)
    if stay is not None and stay.client_id is not None:
        await loyalty.member(session, facts.organisation_id, stay.client_id)
    return f"{public_url.rstrip('/')}/api/v1/public/cards/{token}"


async def svg(session: Session, vault: Vault, facts: StayFacts, public_url: str) -> str:
    """The QR code, to stand inside a page."""
    return _code(await url(session, vault, facts, public_url)).svg_inline(scale=_PIXELS)


async def png(session: Session, vault: Vault, facts: StayFacts, public_url: str) -> bytes:
    """The QR code as a picture."""
    picture = io.BytesIO()
    _code(await url(session, vault, facts, public_url)).save(picture, kind="png", scale=_PIXELS)
    return picture.getvalue()


async def show(session: Session, token: str) -> Card:
    """What the card shows. NotFound for unknown ones and for stays that will not be."""
    reservation_id = await repository.reservation_of(session, token_hash(token))
    if reservation_id is None:
        raise NotFound
    stay = await reservations.stay_for_access(session, reservation_id)
    if stay is None or stay.kind is not Kind.STAY or stay.status not in _SHOWN:
        raise NotFound
    place = await properties.house_place(session, stay.house_id)
    return Card(
        name=stay.client_name,
        property=place.property_name,
        recommends=await _recommendation(session, stay.organisation_id, stay.client_id),
    )


async def forget(session: Session, organisation_id: UUID, reservation_ids: Sequence[UUID]) -> None:
    """These bookings' cards show nothing any more."""
    await repository.forget(session, organisation_id, reservation_ids)


async def _recommendation(
    session: Session, organisation_id: UUID, client_id: UUID | None
) -> Recommendation:
    guest = client_id and await loyalty.find(session, organisation_id, client_id)
    if not guest:
        return Recommendation()
    level = await achievements.level(session, organisation_id, guest.client_id)
    offers = (await discounts.offers_of(session, organisation_id, code=None)).levels
    worth = [each.percent for each in offers if level and each.achievement_id == level.id]
    return Recommendation(
        code=guest.code,
        level=None if level is None else level.name,
        level_icon=None if level is None else level.icon,
        discount_percent=worth[0] if worth else None,
        facebook_linked=await accounts.is_linked(session, organisation_id, guest.client_id),
    )


def token_hash(token: str) -> bytes:
    """What is stored of a token; its 256 bits need no slow hash."""
    return hashlib.sha256(token.encode()).digest()


def _token(vault: Vault, reservation_id: UUID) -> str:
    secret = vault.link_secret(f"card|{reservation_id}")
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def _code(address: str) -> segno.QRCode:
    return segno.make_qr(address, error="m")
