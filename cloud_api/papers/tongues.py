"""How is it said in a guest's language, and which way does that run?

Catalogues are gettext's .po files beside this module, compiled in memory when a language is first
asked for. Dates, hours and amounts are written by Babel; digits stay Latin everywhere, for they
are typed into keypads and read over the phone.
"""

from dataclasses import dataclass
from datetime import date, time
from decimal import Decimal
from functools import cache
from gettext import GNUTranslations
from io import BytesIO
from pathlib import Path
from typing import Final, Literal

from babel import Locale
from babel.dates import format_date, format_time
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po
from babel.numbers import format_currency, get_currency_precision

from cloud_api.kit.money import Money
from cloud_api.papers.types import LANGUAGES

CATALOGUES: Final = Path(__file__).parent / "catalogues"
_FROM_RIGHT: Final = frozenset({"ar"})
# Isolates (Unicode TR9): what stands between them does not disturb the direction around it.
_BEGIN, _END = "\u2068", "\u2069"


@dataclass(frozen=True, slots=True)
class Tongue:
    """One language."""

    language: str
    catalogue: GNUTranslations

    @property
    def direction(self) -> Literal["ltr", "rtl"]:
        """Which way lines run."""
        return "rtl" if self.language in _FROM_RIGHT else "ltr"

    def say(self, words: str, **names: str) -> str:
        """The sentence, with what its braces name; each of those keeps its own direction."""
        isolated = {name: self.apart(value) for name, value in names.items()}
        return self.catalogue.gettext(words).format(**isolated)

    def apart(self, value: str) -> str:
        """A foreign word inside a line that runs the other way; else as it is."""
        return f"{_BEGIN}{value}{_END}" if self.direction == "rtl" else value

    def day(self, day: date) -> str:
        """Weekday, day, month and year."""
        return str(format_date(day, "full", locale=self._locale))

    def hour(self, hour: time) -> str:
        """Hour and minute."""
        return str(format_time(hour, "short", locale=self._locale))

    def amount(self, money: Money) -> str:
        """With its currency, to the minor unit."""
        digits = get_currency_precision(money.currency)
        exact = Decimal(money.minor).scaleb(-digits)
        return str(format_currency(exact, money.currency, locale=self._locale))

    @property
    def _locale(self) -> Locale:
        return Locale.parse(self.language)


def nearest(language: str | None) -> str:
    """The language of ours that a BCP 47 tag means; English where we do not speak it."""
    plain = (language or "").partition("-")[0].lower()
    return plain if plain in LANGUAGES else "en"


@cache
def tongue_of(language: str) -> Tongue:
    """One of ours, compiled once. ValueError for others."""
    if language not in LANGUAGES:
        raise ValueError(f"no catalogue for {language}")
    with (CATALOGUES / f"{language}.po").open("rb") as file:
        catalogue = read_po(file, locale=language)
    compiled = BytesIO()
    write_mo(compiled, catalogue)
    compiled.seek(0)
    return Tongue(language, GNUTranslations(compiled))
