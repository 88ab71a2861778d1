"""What has one person booked and paid?"""

from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from cloud_api.clients import service as clients
from cloud_api.kit.db import Session
from cloud_api.kit.paging import Window
from cloud_api.kit.tenancy import Scope
from cloud_api.kit.vault import Vault
from cloud_api.payments.people import service as money
from cloud_api.payments.schemas import PaymentOut
from cloud_api.payments.types import PaymentState, ProviderName
from cloud_api.reservations import service as reservations
from cloud_api.reservations.people import service as bookings
from cloud_api.reservations.people.service import Whose
from cloud_api.reservations.service import Filter
from cloud_api.reservations.types import Booking


@dataclass(frozen=True, slots=True)
class PaymentsWanted:
    """Which payments; None: all. `made_from` counts, `made_until` does not."""

    state: PaymentState | None = None
    provider: ProviderName | None = None
    made_from: datetime | None = None
    made_until: datetime | None = None


async def stays(
    session: Session,
    scope: Scope,
    client_id: UUID,
    wanted: Filter,
    window: Window,
    *,
    sort: str | None,
) -> tuple[list[Booking], int]:
    """One page of the bookings under this person's name. Raises NotFound."""
    await clients.get_client(session, client_id, scope)
    return await reservations.page(session, scope, wanted, window, sort=sort)


async def payments(
    session: Session,
    scope: Scope,
    vault: Vault,
    client_id: UUID,
    *,
    wanted: PaymentsWanted,
    window: Window,
    sort: str | None,
) -> tuple[list[PaymentOut], int]:
    """One page of what they paid, and of what was paid for their stays. Raises NotFound."""
    await clients.get_client(session, client_id, scope)
    own = await bookings.of_person(session, Whose(scope.organisation_id, client_id, (), ()))
    asked = money.Filter(
        state=wanted.state,
        provider=wanted.provider,
        payer=(client_id, own),
        made_from=wanted.made_from,
        made_until=wanted.made_until,
    )
    return await money.page(session, scope, vault, asked, window, sort=sort)
