"""Is the device that speaks the house's own, and what is it told when it is not?"""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from cloud_api.fleet.events import HouseDoubled
from cloud_api.fleet.lives import repository
from cloud_api.fleet.lives.repository import Known
from cloud_api.fleet.lives.rules import judge
from cloud_api.fleet.lives.types import Doubled, Judged, Told, Verdict
from cloud_api.fleet.types import Sender
from cloud_api.kit.db import Session
from cloud_api.kit.events import publish
from cloud_api.kit.ids import new_id
from protocol.life import Life

SHOWN = timedelta(days=1)
"""A house counts as doubled for so long after a second device was heard."""

_HEARD_AGAIN_AFTER = timedelta(seconds=10)
_LOST = frozenset({Verdict.DOUBLED, Verdict.LOSER})


async def weigh(
    session: Session, sender: Sender, life: Life | None, proof: str | None, *, now: datetime
) -> Told:
    """A life has asked what is current; what its answer says of it.

    The caller holds the house's row. Two devices are told to a person, once for each that lost.
    """
    if life is None:
        return Told()  # a house of the version before
    known = await repository.find(session, sender.house_id)
    judged = judge(
        None if known is None else known.lineage, life, proven=_proves(known, life, proof), now=now
    )
    if judged.verdict is Verdict.PROVE:
        return Told(prove=await _challenge(session, sender, known, life))
    if judged.verdict is not Verdict.HOLDER or _is_stale(known, now):
        await _keep(session, sender, judged, now)
    return Told(rival=judged.among.holder if judged.verdict in _LOST else None)


async def has_lost(session: Session, house_id: UUID, life: str | None) -> bool:
    """Whether a message of this life is to be left alone."""
    return life is not None and await repository.has_lost(session, house_id, life)


async def forget(session: Session, house_id: UUID) -> None:
    """The house has a new device with a key of its own."""
    await repository.forget(session, house_id)


async def doubled(
    session: Session, house_ids: Sequence[UUID], *, now: datetime
) -> dict[UUID, Doubled]:
    """Those houses of which a second device was heard within a day."""
    return await repository.doubled(session, house_ids, after=now - SHOWN)


def _proves(known: Known | None, life: Life, proof: str | None) -> bool:
    if known is None or known.challenge is None or proof is None:
        return False
    return (known.asked, known.challenge) == (life.id, proof)


def _is_stale(known: Known | None, now: datetime) -> bool:
    return known is None or now - known.lineage.heard_at >= _HEARD_AGAIN_AFTER


async def _challenge(session: Session, sender: Sender, known: Known | None, life: Life) -> str:
    if known is not None and known.asked == life.id and known.challenge is not None:
        return known.challenge
    nonce = new_id().hex
    await repository.challenge(session, sender.house_id, life=life.id, nonce=nonce)
    return nonce


async def _keep(session: Session, sender: Sender, judged: Judged, now: datetime) -> None:
    is_double = judged.verdict in _LOST or judged.loser is not None
    await repository.keep(
        session,
        sender.house_id,
        sender.organisation_id,
        judged.among,
        loser_heard_at=now if is_double else None,
    )
    if judged.loser is not None:
        event = HouseDoubled(
            house_id=sender.house_id,
            organisation_id=sender.organisation_id,
            device=judged.among.holder,
            other=judged.loser,
        )
        await publish(session, event, organisation_id=sender.organisation_id)
