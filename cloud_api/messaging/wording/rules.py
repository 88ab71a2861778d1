"""How does a template become a text, in the reader's language, and which templates are refused?

Templates are Jinja2 in a sandbox. A word that is not there is an error, never an empty place; hosts
may write variables, conditions and a few filters, nothing that loops, calls or reaches elsewhere.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import date, datetime
from decimal import Decimal
from zoneinfo import ZoneInfo

from babel import Locale, UnknownLocaleError
from babel.dates import format_date, format_datetime
from babel.numbers import format_currency, format_decimal, get_currency_precision
from jinja2 import StrictUndefined, TemplateSyntaxError, meta, nodes
from jinja2.sandbox import ImmutableSandboxedEnvironment

from cloud_api.kit.money import Money
from cloud_api.messaging.types import MessageEvent, Value
from cloud_api.messaging.wording.errors import MissingVariablesError, UnknownVariablesError
from cloud_api.messaging.wording.types import VARIABLES, Kind, Variable, Words, Written

LAST_RESORT = "en"
_PLAIN = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)
_PAGE = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=True)
_FILTERS = frozenset({"upper", "lower", "title", "capitalize", "trim"})
_ALLOWED: tuple[type[nodes.Node], ...] = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.Const,
    nodes.If,
    nodes.CondExpr,
    nodes.Compare,
    nodes.Operand,
    nodes.And,
    nodes.Or,
    nodes.Not,
    nodes.Filter,
)
_TYPES: Mapping[Kind, type | tuple[type, ...]] = {
    Kind.TEXT: str,
    Kind.LINK: str,
    Kind.NUMBER: int,
    Kind.MONEY: Money,
    Kind.DAY: date,
    Kind.MOMENT: datetime,
}
_SPARED = {
    "en": "No more messages of this kind",
    "es": "No recibir más mensajes de este tipo",
}


@dataclass(frozen=True, slots=True)
class Flaws:
    """What is wrong with a template; nothing: it may be kept. `unused` is only worth knowing."""

    unknown: tuple[str, ...] = ()
    unused: tuple[str, ...] = ()
    syntax: str | None = None

    @property
    def refused(self) -> bool:
        """May it not be kept?"""
        return self.syntax is not None or bool(self.unknown)


def flaws_of(event: MessageEvent, words: Words) -> Flaws:
    """Look through a template before it is kept."""
    known = {each.name: each for each in VARIABLES[event]}
    used: set[str] = set(words.vendor_variables)
    for source in _sources(words):
        try:
            tree = _PLAIN.parse(source)
        except TemplateSyntaxError as error:
            return Flaws(syntax=f"line {error.lineno}: {error.message}")
        if (odd := _not_allowed(tree)) is not None:
            return Flaws(syntax=odd)
        used |= meta.find_undeclared_variables(tree)
    needed = {name for name, each in known.items() if not each.optional}
    return Flaws(unknown=tuple(sorted(used - known.keys())), unused=tuple(sorted(needed - used)))


def checked(event: MessageEvent, variables: Mapping[str, Value]) -> dict[str, Value]:
    """Exactly the event's variables, optional ones as None where they were not given.

    Raises UnknownVariablesError, MissingVariablesError, and TypeError where a value is of another
    kind: all three are mistakes of the caller's.
    """
    known = {each.name: each for each in VARIABLES[event]}
    if unknown := variables.keys() - known.keys():
        raise UnknownVariablesError(event, unknown)
    missing = {
        name for name, each in known.items() if not each.optional and variables.get(name) is None
    }
    if missing:
        raise MissingVariablesError(event, missing)
    return {name: _of_its_kind(each, variables.get(name)) for name, each in known.items()}


def write(
    words: Words, event: MessageEvent, values: Mapping[str, Value], *, language: str, zone: str
) -> Written:
    """The text of checked values, written for this language and zone.

    Raises jinja2.TemplateError for a template that `flaws_of` would refuse.
    """
    told = {
        each.name: _told(values[each.name], locale_of(language), zone) for each in VARIABLES[event]
    }
    html = None if words.html is None else _PAGE.from_string(words.html).render(told)
    return Written(
        body=_tidy(_PLAIN.from_string(words.body).render(told)),
        subject=" ".join(_PLAIN.from_string(words.subject).render(told).split()),
        html=html,
        template=words.vendor_template,
        variables=tuple(told[name] for name in words.vendor_variables),
    )


def laid_out(layout: str, written: Written, *, language: str, unsubscribe_url: str = "") -> Written:
    """A mail's page inside its layout, and how to be spared, at the foot of both its forms."""
    label = _SPARED.get(language.partition("-")[0], _SPARED[LAST_RESORT])
    body = f"{written.body}\n\n{label}: {unsubscribe_url}" if unsubscribe_url else written.body
    html = written.html
    if html is not None:
        frame = _PLAIN.from_string(layout).render(
            language=language,
            direction=locale_of(language).text_direction,
            subject=_PAGE.from_string("{{ it }}").render(it=written.subject),
            content=html,
            unsubscribe_url=unsubscribe_url,
            unsubscribe_label=label,
        )
        html = frame
    return Written(body, written.subject, html, written.template, written.variables)


def languages(wanted: str) -> tuple[str, ...]:
    """In which order languages are tried: as wanted, without its region, English."""
    base = wanted.partition("-")[0].lower()
    return tuple(dict.fromkeys((wanted, base, LAST_RESORT)))


def locale_of(language: str) -> Locale:
    """How this language writes numbers and days; English for one nobody knows."""
    for each in languages(language):
        try:
            return Locale.parse(each.replace("-", "_"))
        except (UnknownLocaleError, ValueError):
            continue
    return Locale(LAST_RESORT)


def _sources(words: Words) -> Iterable[str]:
    return (words.subject, words.body, words.html or "")


def _not_allowed(tree: nodes.Template) -> str | None:
    for node in _walk(tree):
        if not isinstance(node, _ALLOWED):
            return f"line {node.lineno}: {type(node).__name__} may not be used here"
        if isinstance(node, nodes.Filter) and node.name not in _FILTERS:
            return f"line {node.lineno}: there is no filter {node.name}"
    return None


def _walk(node: nodes.Node) -> Iterator[nodes.Node]:
    yield node
    for child in node.iter_child_nodes():
        yield from _walk(child)


def _of_its_kind(variable: Variable, value: Value) -> Value:
    if value is None:
        return None
    kind = _TYPES[variable.kind]
    if not isinstance(value, kind) or (variable.kind is Kind.DAY and isinstance(value, datetime)):
        raise TypeError(f"{variable.name} is no {variable.kind}")
    if variable.kind is Kind.LINK and not str(value).startswith(("https://", "http://")):
        raise TypeError(f"{variable.name} is no address of a page")
    return value


def _told(value: Value, locale: Locale, zone: str) -> str:
    match value:
        case None:
            return ""
        case Money():
            return money_told(value, locale)
        case datetime():
            return format_datetime(value, "d MMMM y, HH:mm", tzinfo=ZoneInfo(zone), locale=locale)
        case date():
            return format_date(value, "long", locale=locale)
        case int():
            return format_decimal(value, locale=locale)
        case str():
            return value


def money_told(money: Money, locale: Locale) -> str:
    """An amount as people there write it."""
    digits = get_currency_precision(money.currency)
    return format_currency(Decimal(money.minor).scaleb(-digits), money.currency, locale=locale)


def _tidy(text: str) -> str:
    """Without the holes that left-out paragraphs make."""
    paragraphs = [each.strip() for each in text.split("\n\n")]
    return "\n\n".join(each for each in paragraphs if each)
