"""At which secret addresses can a folio be paid, and whose is one?"""

import base64
import hashlib
from uuid import UUID

from cloud_api.kit.db import Session
from cloud_api.kit.ids import new_id
from cloud_api.kit.money import Money
from cloud_api.kit.vault import Vault
from cloud_api.payments.errors import AmountError, LinkNotFoundError
from cloud_api.payments.ledger import service as ledger
from cloud_api.payments.links import repository
from cloud_api.payments.models import LinkRow
from cloud_api.payments.types import Folio


async def token(
    session: Session, folio: Folio, vault: Vault, *, amount: Money | None = None
) -> str:
    """The secret of the folio's link; always the same for the same amount."""
    if amount is not None and (amount.currency != folio.currency or amount.minor <= 0):
        raise AmountError
    await ledger.locked(session, folio.id)
    link = await ensure(session, folio, vault, None if amount is None else amount.minor)
    return token_of(vault, link.id)


async def by_token(session: Session, token: str) -> tuple[LinkRow, Folio]:
    """Which folio this link pays. LinkNotFoundError."""
    link = await repository.link_by_hash(session, _hash(token))
    if link is None:
        raise LinkNotFoundError
    return link, await ledger.get(session, link.folio_id)


async def ensure(session: Session, folio: Folio, vault: Vault, minor: int | None) -> LinkRow:
    """The folio's link for this amount, made when there is none; the folio is locked."""
    found = await repository.link_of(session, folio.id, minor)
    if found is not None:
        return found
    link_id = new_id()
    link = LinkRow(
        id=link_id,
        organisation_id=folio.organisation_id,
        folio_id=folio.id,
        token_hash=_hash(token_of(vault, link_id)),
        amount_minor=minor,
    )
    session.add(link)
    await session.flush()
    return link


def token_of(vault: Vault, link_id: UUID) -> str:
    """The secret of this link; always the same."""
    secret = vault.link_secret(f"payments|link|{link_id}")
    return base64.urlsafe_b64encode(secret).decode().rstrip("=")


def _hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()
