"""How does a test let things happen in town, and see what we make of them?"""

from dataclasses import dataclass
from datetime import date, timedelta

from cloud_api.kit.db import Database
from cloud_api.kit.errands import AnyErrand
from cloud_api.kit.jobs import Tools
from cloud_api.pricing.demand import service
from portero.simulators.kit import Stage
from portero.simulators.ticketmaster import Gig, Ticketmaster
from tests.builders import HandClock, JsonDict, SmallHotel, Tenant

KEY = "a-key-of-this-test"
# How long a worker waits between two looks.
PACE = timedelta(seconds=2)


@dataclass
class Town:
    """Manchester, watched for the one property of the hotel; nothing happens there yet."""

    hotel: SmallHotel
    database: Database
    clock: HandClock
    tools: Tools
    vendor: Ticketmaster
    stage: Stage
    errand: AnyErrand
    place: JsonDict

    @property
    def tenant(self) -> Tenant:
        return self.hotel.tenant

    def day(self, ahead: int = 30) -> date:
        return self.clock.utc_now().date() + timedelta(days=ahead)

    def gig(self, number: int = 1, *, ahead: int = 30, **other: object) -> Gig:
        """Something will happen, a month ahead unless said otherwise."""
        told: JsonDict = {"name": f"Band {number}", **other}
        made = Gig(id=f"G{number:04}", day=self.day(ahead), **told)
        self.vendor.gigs.append(made)
        return made

    async def venue(self, **fields: object) -> JsonDict:
        """A hall that is minded: the Arena, 40 points, known to the vendor as ARENA."""
        body = {
            "place_id": self.place["id"],
            "name": "Arena",
            "vendor_id": "ARENA",
            "bonus": 40,
            **fields,
        }
        return await self.tenant.made("/demand/venues", body)

    async def round(self) -> int:
        """One look of a worker; how many requests went out."""
        return await self.errand.round(self.database.transaction, self.tools)

    async def ask(self) -> int:
        """Look until nothing is due now; how many requests went out."""
        asked = 0
        while more := await self.round():
            asked += more
            self.clock.advance(PACE)
        return asked

    async def ask_again(self) -> int:
        """As soon as it is due again."""
        self.clock.advance(timedelta(minutes=11))
        return await self.ask()

    async def alert(self) -> int:
        async with self.database.transaction() as session:
            return await service.alert(session, now=self.clock.utc_now())

    async def retire(self) -> int:
        async with self.database.transaction() as session:
            return await service.retire(session, now=self.clock.utc_now())

    async def listed(self, **params: str | int) -> list[JsonDict]:
        answer = await self.tenant.get("/price-suggestions", **params)
        assert answer.status_code == 200, answer.text
        found: list[JsonDict] = answer.json()["items"]
        return found

    async def titles(self, **params: str | int) -> list[str]:
        return [each["title"] for each in await self.listed(**params)]

    async def only(self) -> JsonDict:
        (found,) = await self.listed()
        return found

    async def decide(self, suggestion: JsonDict, verb: str) -> JsonDict:
        answer = await self.tenant.post(f"/price-suggestions/{suggestion['id']}/{verb}")
        assert answer.status_code == 200, answer.text
        found: JsonDict = answer.json()
        return found

    async def special_dates(self) -> list[JsonDict]:
        found: list[JsonDict] = (await self.tenant.get("/special-dates")).json()["items"]
        return found

    async def account(self) -> JsonDict:
        found: JsonDict = (await self.tenant.get("/demand/account")).json()
        return found
