"""How much, in which currency, without ever a float?"""

from dataclasses import dataclass
from typing import Annotated

from pydantic import Field

# Fits PostgreSQL bigint and JavaScript's exact integers.
MOST_MINOR = 2**53 - 1

type Currency = Annotated[str, Field(pattern="^[A-Z]{3}$", description="ISO 4217 code")]
type Minor = Annotated[
    int,
    Field(
        strict=True,
        ge=-MOST_MINOR,
        le=MOST_MINOR,
        description="amount in the currency's minor unit",
    ),
]


class CurrencyMismatchError(ValueError):
    """Two amounts of different currencies met; a programming error, never a guest's."""


@dataclass(frozen=True, slots=True)
class Money:
    """An exact amount: `minor` units (cents, or whole units where there are none)."""

    minor: Minor
    currency: Currency

    def __add__(self, other: "Money") -> "Money":
        if self.currency != other.currency:
            raise CurrencyMismatchError(f"{self.currency} + {other.currency}")
        return Money(self.minor + other.minor, self.currency)

    def __mul__(self, times: int) -> "Money":
        return Money(self.minor * times, self.currency)
