"""How does a device on somebody's shelf become the one device of a house?"""

from datetime import datetime, timedelta
from uuid import UUID

from cloud_api.fleet.certificates import service as certificates
from cloud_api.fleet.certificates.types import Certified, Wish
from cloud_api.fleet.claims import repository
from cloud_api.fleet.claims.repository import HouseName
from cloud_api.fleet.claims.rules import house_of, spell, token_hash
from cloud_api.fleet.claims.types import ClaimToken, Enrolled
from cloud_api.fleet.errors import (
    ClaimExpiredError,
    ClaimRefusedError,
    ClaimUsedError,
    HouseUnknownError,
)
from cloud_api.fleet.events import HouseEnrolled
from cloud_api.fleet.keys import service as keys
from cloud_api.fleet.lives import service as lives
from cloud_api.fleet.models import HouseRow
from cloud_api.fleet.repository import find_house, lock_houses, mark_dirty
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.events import publish
from cloud_api.kit.ids import new_id, new_secret
from cloud_api.kit.tenancy import Scope
from cloud_api.properties import service as properties
from protocol.envelope import EnvelopeError, Kind, open_envelope, read_body
from protocol.house import HouseIdentity, house_kid

LIFETIME = timedelta(hours=1)
LONGEST_LIFETIME = timedelta(hours=24)


async def make_token(
    session: Session,
    scope: Scope,
    house_id: UUID,
    *,
    clock: Clock,
    lifetime: timedelta = LIFETIME,
) -> ClaimToken:
    """A token that one device may use once while it lives; an older unused one dies.

    At most LONGEST_LIFETIME. Raises HouseUnknownError.
    """
    lifetime = min(lifetime, LONGEST_LIFETIME)
    house = await find_house(session, scope, house_id) or await _made_just_now(
        session, scope, house_id
    )
    now = clock.utc_now()
    token = spell(house_id, new_secret())
    await repository.insert(
        session,
        claim_id=new_id(),
        organisation_id=house.organisation_id,
        house_id=house_id,
        token_hash=token_hash(token),
        now=now,
        expires_at=now + lifetime,
    )
    return ClaimToken(house_id, token, now + lifetime)


async def _made_just_now(session: Session, scope: Scope, house_id: UUID) -> HouseRow:
    """A house its owner has described, but no worker has told fleet of yet."""
    try:
        await properties.house_layout(session, house_id, scope)
    except NotFound:
        raise HouseUnknownError from None
    await lock_houses(session, {house_id: scope.organisation_id})
    made = await find_house(session, scope, house_id)
    if made is None:
        raise HouseUnknownError
    return made


async def claim(
    session: Session, *, token: str, proof: bytes, clock: Clock, wish: Wish | None = None
) -> Enrolled:
    """Make the writer of `proof` the device of the token's house, once.

    `proof` is an envelope of kind CLAIM around a HouseIdentity, signed by the very key it names:
    nobody can enrol a key that is not theirs. A device that was there before is out from now on;
    its certificates are refused, private words are sealed anew, its facts stay. The very same
    device may ask again while the token lives, for an answer that got lost. `wish`: what it asks
    to be certified. A refusal uses nothing up.

    Raises ClaimRefusedError, in which guesses and forgeries cannot be told apart; to whoever holds
    a true token ClaimUsedError or ClaimExpiredError; CertificateRequestRefusedError;
    KeysNotInstalledError.
    """
    identity = _proven(token, proof)
    in_force = await keys.in_force(session)
    named, certified = await _enrol(session, identity, token_hash(token), wish, clock)
    return Enrolled(
        house_id=identity.house,
        name=named.name,
        zone=named.zone,
        root_public_key=in_force.root_public_key,
        key_document=in_force.frame,
        certified=certified,
    )


async def _enrol(
    session: Session, identity: HouseIdentity, digest: bytes, wish: Wish | None, clock: Clock
) -> tuple[HouseName, Certified | None]:
    now = clock.utc_now()
    organisation_id = await repository.use(
        session, house_id=identity.house, token_hash=digest, now=now
    )
    if organisation_id is None:
        return await _repeat(session, identity, digest, wish, clock)
    await lock_houses(session, {identity.house: organisation_id})
    named = await repository.enrol(session, identity, organisation_id=organisation_id, now=now)
    if named is None:
        raise ClaimRefusedError
    await lives.forget(session, identity.house)
    await mark_dirty(session, identity.house)
    event = HouseEnrolled(house_id=identity.house, organisation_id=organisation_id)
    await publish(session, event, organisation_id=organisation_id)
    return named, await certificates.enrol(session, identity.house, wish=wish, clock=clock)


async def _repeat(
    session: Session, identity: HouseIdentity, digest: bytes, wish: Wish | None, clock: Clock
) -> tuple[HouseName, Certified | None]:
    """For an answer that got lost. A proof that was overheard gets no other key certified."""
    now = clock.utc_now()
    named = await repository.repeated(session, identity, token_hash=digest, now=now)
    if named is None:
        raise await _why_not(session, identity.house, digest, now)
    if wish is None:
        return named, None
    certified = await certificates.again(session, identity.house, wish=wish, clock=clock)
    if certified is None:
        raise await _why_not(session, identity.house, digest, now)
    return named, certified


async def _why_not(
    session: Session, house_id: UUID, digest: bytes, now: datetime
) -> ClaimRefusedError | ClaimUsedError | ClaimExpiredError:
    """Only who holds the token, 256 random bits, is told more than no."""
    fate = await repository.fate(session, house_id=house_id, token_hash=digest)
    if fate is None:
        return ClaimRefusedError()
    if fate.used_at is not None:
        return ClaimUsedError(used_at=fate.used_at.isoformat())
    return ClaimExpiredError() if fate.expires_at <= now else ClaimRefusedError()


def _proven(token: str, proof: bytes) -> HouseIdentity:
    """What the proof says, if the key it names signed it, for the token's house."""
    house_id = house_of(token)
    if house_id is None:
        raise ClaimRefusedError
    try:
        _, _, body = proof.partition(b"\n")
        named = HouseIdentity.from_bytes(body, tolerant=True).signing_key
        kid = house_kid(house_id)
        opened = open_envelope(proof, Kind.CLAIM, lambda found: named if found == kid else None)
        identity = read_body(opened, HouseIdentity)
    except (EnvelopeError, ValueError, RecursionError):
        raise ClaimRefusedError from None
    if identity.house != house_id or identity.signing_key != named:
        raise ClaimRefusedError
    return identity
