"""What happened in the house, in order, each fact once, nothing lost or altered?"""

from uuid import UUID

from cloud_api.fleet.configurations import service as configurations
from cloud_api.fleet.events import FactsForked, HouseFactReceived
from cloud_api.fleet.facts import repository
from cloud_api.fleet.facts.repository import Chain
from cloud_api.fleet.facts.rules import first_contradiction, read_fact, sort_facts
from cloud_api.fleet.facts.types import Break, Read
from cloud_api.fleet.ports import Desk
from cloud_api.fleet.rules import open_from_house, refuse_other_house
from cloud_api.fleet.standing.service import ask_again
from cloud_api.fleet.types import Letter, Sender
from cloud_api.kit.db import Session
from cloud_api.kit.events import publish
from protocol.access import name_context
from protocol.envelope import EnvelopeError, Flaw, Kind, read_body
from protocol.facts import FactBatch, Receipt
from protocol.ids import HouseId
from protocol.sealing import SealError
from protocol.topics import Down

_CONFIGURED = "configured"
_NAME_LENGTH = 200


async def take_facts(
    session: Session, sender: Sender, frame: bytes, desk: Desk
) -> tuple[Letter, ...]:
    """A signed batch. New facts are kept and published as events in this same transaction.

    Answers a signed receipt of the head; after a gap also "again from". A batch that contradicts
    what is held is not taken, and is an event for a person. Raises EnvelopeError.
    """
    opened = open_from_house(sender, frame, Kind.FACTS)
    batch = read_body(opened, FactBatch)
    refuse_other_house(sender, batch.house)
    read = [read_fact(each, sender.house_id, tolerant=opened.tolerant) for each in batch.facts]
    chain = await repository.lock(session, sender.house_id)
    if chain is None:
        raise EnvelopeError(Flaw.WRONG_HOUSE)
    return await _take(session, sender, chain, read, desk)


async def _take(
    session: Session, sender: Sender, chain: Chain, batch: list[Read], desk: Desk
) -> tuple[Letter, ...]:
    order = sort_facts(batch, through=chain.through, head=chain.head)
    numbers = [fact.sequence for fact in order.repeated]
    held = await repository.held(session, sender.house_id, chain.chain, numbers)
    contradiction = first_contradiction(order.repeated, held)
    if contradiction is not None:
        await _report_fork(session, sender, contradiction, "a repeated fact differs")
        return ()
    if order.fresh:
        await _keep(session, sender, chain, order.fresh, desk)
    through, head = (
        (order.fresh[-1].sequence, order.fresh[-1].hash)
        if order.fresh
        else (chain.through, chain.head)
    )
    letters = [await _receipt(sender, through, head, desk)]
    if order.broken is Break.FORK:
        await _report_fork(session, sender, order.broken_at or 0, "the chain does not continue")
    elif order.broken is Break.GAP:
        letters += await ask_again(session, sender, through, desk)
    return tuple(letters)


async def _keep(
    session: Session, sender: Sender, chain: Chain, fresh: tuple[Read, ...], desk: Desk
) -> None:
    await repository.insert(
        session,
        sender.house_id,
        sender.organisation_id,
        chain.chain,
        fresh,
        now=desk.clock.utc_now(),
    )
    for fact in fresh:
        event = HouseFactReceived(
            house_id=sender.house_id,
            organisation_id=sender.organisation_id,
            chain=chain.chain,
            sequence=fact.sequence,
            kind=fact.kind,
            at_earliest=fact.at_earliest,
            at_latest=fact.at_latest,
            understood=fact.understood,
            body=fact.body,
            asker=_asker(sender, fact, desk),
        )
        await publish(session, event, organisation_id=sender.organisation_id)
        if fact.kind == _CONFIGURED:
            await configurations.note_fate(session, sender, fact.body, desk.clock)


def _asker(sender: Sender, fact: Read, desk: Desk) -> str | None:
    """A companion's name; None when there is none, or it was not sealed for us."""
    box, request = fact.body.get("name_box"), fact.body.get("request")
    if desk.opener is None or not isinstance(box, str) or not isinstance(request, str):
        return None
    try:
        context = name_context(sender.house_id, UUID(request))
        name = desk.opener.open(box, context=context).decode()
    except (SealError, ValueError):
        return None
    return name[:_NAME_LENGTH].replace("\x00", "")


async def _receipt(sender: Sender, through: int, head: str, desk: Desk) -> Letter:
    receipt = Receipt(house=HouseId(sender.house_id), through=through, head=head)
    frame = await desk.sealer.seal(Kind.RECEIPT, receipt.to_bytes())
    return Letter(sender.house_id, Down.RECEIPT, frame)


async def _report_fork(session: Session, sender: Sender, sequence: int, reason: str) -> None:
    if await repository.set_forked(session, sender.house_id, f"{reason} at {sequence}"):
        event = FactsForked(
            house_id=sender.house_id,
            organisation_id=sender.organisation_id,
            sequence=sequence,
            reason=reason,
        )
        await publish(session, event, organisation_id=sender.organisation_id)
