"""How does a test keep discounts at the desk, and see what a stay gets?"""

from dataclasses import dataclass
from uuid import uuid4

from tests.builders import JsonDict, SmallHotel

# A Wednesday, and the Friday after it.
WEDNESDAY = "2027-03-10"
FRIDAY = "2027-03-12"


def usd(minor: int) -> JsonDict:
    return {"minor": minor, "currency": "USD"}


def pen(minor: int) -> JsonDict:
    return {"minor": minor, "currency": "PEN"}


def percent(value: str, *, cap: JsonDict | None = None) -> JsonDict:
    return {"percent": value, **({} if cap is None else {"cap": cap})}


def somebody(**facts: object) -> JsonDict:
    """A guest we know: born in November, has neither booked nor stayed."""
    return {"client_id": str(uuid4()), "birth_month": 11, **facts}


@dataclass(frozen=True)
class Desk:
    """The owner, with one property, before a stay of 400.00 USD for two."""

    hotel: SmallHotel

    async def code(self, **fields: object) -> JsonDict:
        """A code of 10 % in the one property, unless said otherwise."""
        body = {
            "code": "SUN",
            "off": percent("10"),
            "property_ids": [str(self.hotel.property_id)],
            **fields,
        }
        return await self.hotel.tenant.made("/discount-codes", body)

    async def automatic(self, **fields: object) -> JsonDict:
        """A promotion of 10 % for everybody, unless said otherwise."""
        body = {
            "name": "Promotion",
            "trigger": "global_promotion",
            "off": percent("10"),
            **fields,
        }
        return await self.hotel.tenant.made("/automatic-discounts", body)

    async def level(self, achievement_id: str, **fields: object) -> None:
        """What guests get whom somebody of this level sent: 10 %, unless said otherwise."""
        answer = await self.hotel.tenant.put(
            f"/referral-discounts/{achievement_id}", {"percent": "10", **fields}
        )
        assert answer.status_code == 200, answer.text

    async def trial(self, **fields: object) -> JsonDict:
        """What a stay gets: on a Wednesday in March, asked in January, unless said otherwise."""
        body = {
            "property_id": str(self.hotel.property_id),
            "check_in": WEDNESDAY,
            "check_out": "2027-03-14",
            "today": "2027-01-15",
            "guests": 2,
            "currency": "USD",
            "base_total_minor": 30_000,
            "subtotal_minor": 40_000,
            **fields,
        }
        answer = await self.hotel.tenant.post("/discounts/trial", body)
        assert answer.status_code == 200, answer.text
        found: JsonDict = answer.json()
        return found

    async def amount(self, **fields: object) -> int:
        """How much a stay gets off, in cents."""
        applied = (await self.trial(**fields))["applied"]
        return 0 if applied is None else int(applied["amount"]["minor"])

    async def reasons(self, **fields: object) -> dict[str, str]:
        """What became of each discount, by its name."""
        return {each["name"]: each["reason"] for each in (await self.trial(**fields))["considered"]}
