"""How does a stay become a page, in its guest's language?"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from jinja2 import Environment, FileSystemLoader, StrictUndefined
from markupsafe import Markup

from cloud_api.papers.tongues import Tongue, tongue_of
from cloud_api.papers.types import Entry, PaperKind, Reckoning, StayFacts
from cloud_api.reservations.types import Status

_FOLDER: Final = Path(__file__).parent / "templates"
TITLES: Final = {PaperKind.CONFIRMATION: "Booking confirmation", PaperKind.RECEIPT: "Receipt"}
STATUS_WORDS: Final = {
    Status.HELD: "Held",
    Status.PENDING: "Pending",
    Status.UNDER_REVIEW: "Under review",
    Status.CONFIRMED: "Confirmed",
    Status.REJECTED: "Rejected",
    Status.CANCELLED: "Cancelled",
    Status.EXPIRED: "Expired",
    Status.COMPLETED: "Completed",
    Status.NO_SHOW: "Not arrived",
}
_PLEASE_CONFIRM: Final = (
    "This booking is not confirmed yet. Please confirm it in time, or its nights become free again."
)

type Rows = list[tuple[str, str]]


@dataclass(frozen=True, slots=True)
class Part:
    """A heading or a paragraph of a contract."""

    words: str
    heading: bool = False


def paper(facts: StayFacts, kind: PaperKind, *, card: str | None) -> str:
    """The page of a confirmation or a receipt; `card` is the QR code as SVG."""
    tongue = tongue_of(facts.language)
    return _page(
        facts,
        tongue,
        title=tongue.say(TITLES[kind]),
        note=tongue.say(_PLEASE_CONFIRM) if _asks(facts, kind) else None,
        rows=_rows(facts, tongue),
        sections=_sections(facts.reckoning, tongue) if kind is PaperKind.RECEIPT else (),
        remark=_remark(facts, kind, tongue),
        card=card if kind is PaperKind.CONFIRMATION else None,
    )


def contract(facts: StayFacts, parts: Sequence[Part]) -> str:
    """The page of a contract whose words are filled in already."""
    tongue = tongue_of(facts.language)
    rows = [(tongue.say("Booking number"), facts.code), (tongue.say("Guest"), facts.guest)]
    return _page(facts, tongue, title=tongue.say("Contract"), rows=rows, text=parts)


def _page(
    facts: StayFacts,
    tongue: Tongue,
    *,
    title: str,
    rows: Rows,
    note: str | None = None,
    sections: Sequence[tuple[str, Sequence[Entry]]] = (),
    text: Sequence[Part] = (),
    remark: str | None = None,
    card: str | None = None,
) -> str:
    template, style = _furniture()
    return template.get_template("paper.html").render(
        tongue=tongue,
        style=Markup(style),  # noqa: S704 - our own file
        host=facts.organisation,
        address=facts.address,
        title=title,
        code=facts.code,
        note=note,
        rows=rows,
        sections=sections,
        text=text,
        remark=remark,
        card=None if card is None else Markup(card),  # noqa: S704 - drawn by us
    )


def _asks(facts: StayFacts, kind: PaperKind) -> bool:
    waits = facts.status in {Status.HELD, Status.PENDING, Status.UNDER_REVIEW}
    return kind is PaperKind.CONFIRMATION and waits


def _rows(facts: StayFacts, tongue: Tongue) -> Rows:
    say = tongue.say
    arrival = say(
        "{date}, from {time}",
        date=tongue.day(facts.check_in),
        time=tongue.hour(facts.check_in_from),
    )
    departure = say(
        "{date}, until {time}",
        date=tongue.day(facts.check_out),
        time=tongue.hour(facts.check_out_until),
    )
    booked = tongue.day(facts.booked_at.astimezone(ZoneInfo(facts.zone)).date())
    return [
        (say("Booking number"), facts.code),
        (say("Status"), say(STATUS_WORDS[facts.status])),
        (say("Booked on"), booked),
        (say("Guest"), facts.guest),
        (say("Number of guests"), str(facts.guests)),
        (say("House"), f"{facts.property_name} · {facts.house}"),
        (say("Unit"), ", ".join(facts.units)),
        (say("Arrival"), arrival),
        (say("Departure"), departure),
        (say("Nights"), str(facts.nights)),
        *_amounts(facts.reckoning, tongue),
    ]


def _amounts(reckoning: Reckoning, tongue: Tongue) -> Rows:
    named = (
        ("Total", reckoning.total),
        ("Paid", reckoning.paid),
        ("Balance due", reckoning.due),
    )
    return [(tongue.say(name), tongue.amount(money)) for name, money in named if money is not None]


def _sections(reckoning: Reckoning, tongue: Tongue) -> list[tuple[str, Sequence[Entry]]]:
    named = (("Charges", reckoning.charges), ("Payments", reckoning.payments))
    return [(tongue.say(name), entries) for name, entries in named if entries]


def _remark(facts: StayFacts, kind: PaperKind, tongue: Tongue) -> str:
    if kind is PaperKind.RECEIPT and not facts.reckoning.payments:
        return tongue.say("No payments have been recorded.")
    return tongue.say("All times are local to the house.")


@cache
def _furniture() -> tuple[Environment, str]:
    environment = Environment(
        loader=FileSystemLoader(_FOLDER), autoescape=True, undefined=StrictUndefined
    )
    return environment, (_FOLDER / "paper.css").read_text()
