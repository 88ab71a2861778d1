"""What is done with each message that comes up, good or bad?"""

from collections.abc import Awaitable, Callable
from datetime import timedelta

from cloud_api.fleet.commands import service as commands
from cloud_api.fleet.facts import service as facts
from cloud_api.fleet.inbox import repository
from cloud_api.fleet.music import service as music
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.standing import service as standing
from cloud_api.fleet.types import Letter, Sender
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from protocol.envelope import EnvelopeError, Flaw
from protocol.topics import Up, parse_up

type Take = Callable[[Session, Sender, bytes, Desk], Awaitable[tuple[Letter, ...]]]

HEAD_BYTES = 128
KEPT_A_MINUTE = 20
KEPT = timedelta(days=14)
_TOPIC_LENGTH = 200
_NUL = b"\\u0000"
_MINUTE = timedelta(minutes=1)

_TAKERS: dict[Up, Take] = {
    Up.STATUS: standing.take_status,
    Up.ACK: standing.take_ack,
    Up.CURRENT: standing.take_query,
    Up.NONCE: commands.take_nonce,
    Up.OUTCOME: commands.take_outcome,
    Up.MUSIC: music.take_answer,
    Up.FACTS: facts.take_facts,
}


async def take(session: Session, topic: str, payload: bytes, desk: Desk) -> tuple[Letter, ...]:
    """One uplink message; answers what to publish once the transaction has committed.

    Safe to give any number of times, in any order. Raises EnvelopeError when the message is
    refused: then nothing of it may be kept, and `report_bad` is called in a fresh transaction.
    """
    place = parse_up(topic)
    if place is None:
        raise EnvelopeError(Flaw.MALFORMED, "the topic is none of ours")
    if _NUL in payload:
        raise EnvelopeError(Flaw.BAD_BODY, "no text of ours holds a NUL")
    house_id, channel = place
    sender = await repository.sender(session, house_id)
    if sender is None:
        raise EnvelopeError(Flaw.UNKNOWN_KEY, "no device of this house is enrolled")
    return await _TAKERS[channel](session, sender, payload, desk)


async def report_bad(
    session: Session, topic: str, payload: bytes, error: EnvelopeError, clock: Clock
) -> None:
    """Count a refused message, keep its beginning, say why. Bounded, whatever comes."""
    now = clock.utc_now()
    place = parse_up(topic)
    house_id = None if place is None else place[0]
    await repository.count_bad(session, house_id, error.flaw.value, now=now)
    await repository.keep_bad(
        session,
        house_id=house_id,
        topic=topic[:_TOPIC_LENGTH].replace("\x00", ""),
        flaw=error.flaw.value,
        detail=str(error)[:_TOPIC_LENGTH].replace("\x00", ""),
        payload=payload,
        head_bytes=HEAD_BYTES,
        now=now,
        minute_ago=now - _MINUTE,
        most=KEPT_A_MINUTE,
    )


async def prune(session: Session, clock: Clock) -> None:
    """Forget old refused messages; the counts stay."""
    await repository.prune(session, before=clock.utc_now() - KEPT)
