"""With which words is an event told, and what does an organisation say differently?"""

from collections.abc import Mapping
from datetime import UTC, date, datetime
from uuid import UUID

from jinja2 import TemplateError

from cloud_api.kit import audit
from cloud_api.kit.audit import Deed
from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.metrics import MESSAGES_FELL_BACK
from cloud_api.kit.money import Money
from cloud_api.kit.tenancy import Scope
from cloud_api.messaging.models import TemplateRow
from cloud_api.messaging.types import Medium, MessageEvent, Value
from cloud_api.messaging.wording import repository, shelf
from cloud_api.messaging.wording.errors import TemplateInvalid, TemplateUnknownVariables
from cloud_api.messaging.wording.rules import Flaws, flaws_of, laid_out, languages, write
from cloud_api.messaging.wording.schemas import PreviewIn, PreviewOut, TemplateIn, TemplateOut
from cloud_api.messaging.wording.types import VARIABLES, Chosen, Kind, Place, Words, Written


async def written_for(
    session: Session,
    organisation_id: UUID,
    event: MessageEvent,
    medium: Medium,
    values: Mapping[str, Value],
    *,
    language: str,
    zone: str,
) -> tuple[Written, str]:
    """The text for somebody, and the language it is in.

    A language there are no words in is answered in English, and counted. Words of an organisation's
    own that cannot be used any more give way to those that come along.
    """
    chosen = await choose(session, organisation_id, event, medium, language)
    if chosen.fell_back:
        MESSAGES_FELL_BACK.labels(event, medium).inc()
    told_in = chosen.language if chosen.fell_back else language
    try:
        written = write(chosen.words, event, values, language=told_in, zone=zone)
    except TemplateError:
        chosen = _shipped(event, medium, language)
        told_in = chosen.language if chosen.fell_back else language
        written = write(chosen.words, event, values, language=told_in, zone=zone)
    return written, told_in


async def choose(
    session: Session, organisation_id: UUID, event: MessageEvent, medium: Medium, language: str
) -> Chosen:
    """The organisation's words or those that come along, in the best language there is."""
    wanted = languages(language)
    own = await repository.own(session, organisation_id, event, medium, wanted)
    for each in wanted:
        if each in own:
            return Chosen(_words(own[each]), each, _other(each, language), own=True)
        if (found := shelf.shipped(event, medium, each)) is not None:
            return Chosen(found, each, _other(each, language), own=False)
    raise LookupError(f"no words for {event}")


async def keep(session: Session, scope: Scope, place: Place, wanted: TemplateIn) -> TemplateOut:
    """Write an organisation's own words. Raises TemplateInvalid, TemplateUnknownVariables."""
    words = wanted.words(place.medium)
    flaws = _usable(place.event, words)
    await repository.keep(session, scope.organisation_id, place, words)
    await _on_record(session, scope, Deed.TEMPLATE_CHANGED, place)
    return TemplateOut.of(place, words, own=True, unused=flaws.unused)


async def restore(session: Session, scope: Scope, place: Place) -> None:
    """Say it as it came along again. Raises NotFound."""
    if not await repository.drop(session, scope, place):
        raise NotFound
    await _on_record(session, scope, Deed.TEMPLATE_RESTORED, place)


async def show(session: Session, scope: Scope, event: MessageEvent | None) -> list[TemplateOut]:
    """All words there are, the organisation's own in the place of those that come along."""
    own = {
        Place(row.event, row.medium, row.language): _words(row)
        for row in await repository.all_own(session, scope, event)
    }
    events = [event] if event is not None else list(MessageEvent)
    shipped = {
        Place(each, medium, language): words
        for each in events
        for medium in Medium
        for language in sorted(shelf.languages_shipped())
        if (words := shelf.shipped(each, medium, language)) is not None
    }
    return [
        TemplateOut.of(place, words, own=place in own, unused=flaws_of(place.event, words).unused)
        for place, words in sorted((shipped | own).items())
    ]


async def preview(session: Session, scope: Scope, asked: PreviewIn) -> PreviewOut:
    """How a draft, or what would be said now, reads with example values.

    Raises TemplateInvalid, TemplateUnknownVariables.
    """
    language = asked.language
    if asked.draft is None:
        chosen = await choose(
            session, scope.organisation_id, asked.event, asked.medium, asked.language
        )
        words, language = chosen.words, chosen.language
    else:
        words = asked.draft.words(asked.medium)
    flaws = _usable(asked.event, words)
    values = examples(asked.event)
    if unknown := asked.variables.keys() - values.keys():
        raise TemplateUnknownVariables(extra={"unknown": sorted(unknown), "known": sorted(values)})
    values |= asked.variables
    written = write(words, asked.event, values, language=language, zone="UTC")
    if asked.medium is Medium.EMAIL:
        written = laid_out(shelf.layout(), written, language=language)
    return PreviewOut.of(written, language=language, unused=flaws.unused)


async def seed(session: Session, organisation_id: UUID) -> int:
    """Give an organisation copies of its own to edit, where it has none; how many were written."""
    made = 0
    for event in MessageEvent:
        for medium in Medium:
            for language in sorted(shelf.languages_shipped()):
                words = shelf.shipped(event, medium, language)
                if words is not None:
                    made += await repository.keep(
                        session,
                        organisation_id,
                        Place(event, medium, language),
                        words,
                        replace=False,
                    )
    return made


def examples(event: MessageEvent) -> dict[str, Value]:
    """A value for each of the event's words, to look at a template by."""
    kinds: dict[Kind, Value] = {
        Kind.NUMBER: 2,
        Kind.MONEY: Money(12_345, "USD"),
        Kind.DAY: date(2030, 12, 5),
        Kind.MOMENT: datetime(2030, 12, 5, 15, tzinfo=UTC),
        Kind.LINK: "https://example.org/stay",
    }
    return {each.name: kinds.get(each.kind, f"<{each.name}>") for each in VARIABLES[event]}


def _usable(event: MessageEvent, words: Words) -> Flaws:
    flaws = flaws_of(event, words)
    if flaws.syntax is not None:
        raise TemplateInvalid(flaws.syntax)
    if flaws.unknown:
        known = [each.name for each in VARIABLES[event]]
        raise TemplateUnknownVariables(extra={"unknown": list(flaws.unknown), "known": known})
    return flaws


def _shipped(event: MessageEvent, medium: Medium, language: str) -> Chosen:
    for each in languages(language):
        if (found := shelf.shipped(event, medium, each)) is not None:
            return Chosen(found, each, _other(each, language), own=False)
    raise LookupError(f"no words for {event}")


def _other(found: str, wanted: str) -> bool:
    return found.partition("-")[0] != wanted.partition("-")[0].lower()


def _words(row: TemplateRow) -> Words:
    return Words(
        body=row.body,
        subject=row.subject,
        html=row.html,
        vendor_template=row.vendor_template,
        vendor_variables=tuple(row.vendor_variables),
    )


async def _on_record(session: Session, scope: Scope, deed: Deed, place: Place) -> None:
    await audit.record(
        session,
        scope,
        action=deed,
        object_type="template",
        object_id="/".join(place),
    )
