"""What can the holder of a link do?"""

import secrets
from collections.abc import Sequence
from datetime import timedelta
from uuid import UUID

from cloud_api.access.emergency import service as emergency_service
from cloud_api.access.emergency.types import OfflineCode
from cloud_api.access.errors import LinkRefusedError
from cloud_api.access.grants import pins
from cloud_api.access.grants import repository as grants_repository
from cloud_api.access.grants.types import Makings
from cloud_api.access.guests import repository
from cloud_api.access.guests.rules import lan_way
from cloud_api.access.guests.types import SignedIn, StayPage
from cloud_api.access.keys.service import key_of
from cloud_api.access.models import GrantRow, GuestSessionRow, PinRow
from cloud_api.access.types import Guest, Holder
from cloud_api.fleet import service as fleet_service
from cloud_api.fleet.errors import HouseUnknownError
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.properties import service as properties_service
from protocol.access import secret_hash
from protocol.facts import FORMER_PIN

SESSION_LIFETIME = timedelta(days=30)


async def sign_in(session: Session, makings: Makings, secret: str) -> SignedIn:
    """Trade a link's secret for a session. LinkRefusedError, whatever the cause."""
    now = makings.clock.utc_now()
    grant = await repository.grant_of_link(session, secret_hash(secret))
    if grant is None or grant.ends <= now:
        raise LinkRefusedError
    token = secrets.token_urlsafe(32)
    lasts_until = now + SESSION_LIFETIME  # the stay's end is looked at anew at every use
    session.add(
        GuestSessionRow(
            token_hash=secret_hash(token),
            organisation_id=grant.organisation_id,
            grant_id=grant.id,
            generation=grant.generation,
            expires_at=lasts_until,
        )
    )
    await session.flush()
    return SignedIn(token, as_guest(grant), min(grant.ends, lasts_until))


async def authenticate(session: Session, makings: Makings, token: str) -> Guest:
    """Whose session this is. LinkRefusedError once it, the link or the stay has ended."""
    now = makings.clock.utc_now()
    grant = await repository.grant_of_session(session, secret_hash(token), now=now)
    if grant is None:
        raise LinkRefusedError
    return as_guest(grant)


async def sign_out(session: Session, token: str) -> None:
    """Forget a session; an unknown one is fine."""
    await repository.sign_out(session, secret_hash(token))


async def end_every_session(session: Session) -> None:
    """After a restored backup: sessions that were ended since must not live again."""
    await repository.forget_every(session)


async def stay_page(session: Session, makings: Makings, guest: Guest) -> StayPage:
    """Everything the guest's page shows. LinkRefusedError when the grant ended meanwhile."""
    grant = await grants_repository.peek(session, guest.grant_id)
    if grant is None:
        raise LinkRefusedError
    layout = await properties_service.house_layout(session, grant.house_id)
    rows = await grants_repository.pins_of(session, grant.id)
    pair = makings.links(grant.id, grant.generation, grant.house_id)
    is_guest = grant.holder == Holder.GUEST
    is_there = await is_house_there(session, makings.clock, guest)
    return StayPage(
        guest=guest,
        name=grant.name,
        layout=layout,
        pin=await pins.shown(session, makings, grant.id) if is_guest else None,
        pin_states={row.lock_id: row.state for row in rows if row.wanted},
        pin_reasons=await _pin_reasons(session, makings, rows),
        lan_secret=pair.lan_secret,
        join_code=makings.join_code(grant.id, grant.generation) if is_guest else None,
        key=(await key_of(session, makings.clock, grant)).state,
        house_online=is_there,
        lan=lan_way(layout.lan_addresses, pair.lan_secret, house_online=is_there),
        emergency_codes=await _offline_codes(session, makings, grant, layout.zone),
    )


async def _offline_codes(
    session: Session, makings: Makings, grant: GrantRow, zone: str
) -> tuple[OfflineCode, ...]:
    """For the stay's own guest alone, as the PIN."""
    if grant.holder != Holder.GUEST:
        return ()
    return await emergency_service.of_grant(session, makings, grant.id, zone=zone)


async def _pin_reasons(
    session: Session, makings: Makings, rows: Sequence[PinRow]
) -> dict[UUID, str]:
    """What stands beside a PIN; that a former one may still open the lock before all else."""
    mine = [row for row in rows if row.wanted]
    if not mine:
        return {}
    former = await pins.former_at(
        session,
        {row.lock_id for row in mine},
        except_grant=mine[0].grant_id,
        now=makings.clock.utc_now(),
    )
    told = {row.lock_id: row.reason for row in mine if row.reason is not None}
    return told | dict.fromkeys(former, FORMER_PIN)


async def is_house_there(session: Session, clock: Clock, guest: Guest) -> bool:
    """Can the house be asked now? One fleet has never heard of has no device yet."""
    try:
        known = await fleet_service.delivery(session, guest.scope, guest.house_id, clock=clock)
    except HouseUnknownError:
        return False
    return known.online


def as_guest(grant: GrantRow) -> Guest:
    """The holder of a grant, as endpoints know them."""
    return Guest(
        grant_id=grant.id,
        organisation_id=grant.organisation_id,
        house_id=grant.house_id,
        reservation_id=grant.reservation_id,
        holder=Holder(grant.holder),
        rights=frozenset(grant.rights),
        starts=grant.starts,
        ends=grant.ends,
        language=grant.language,
    )
