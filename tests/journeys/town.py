"""What stands in a journey: cloud, broker and one house of real parts, and the people in it?"""

import asyncio
import shutil
import tempfile
from collections.abc import AsyncIterator, Callable, Mapping
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit
from uuid import UUID
from zoneinfo import ZoneInfo

import httpx

from portero.local.broker import BrokerKind, LocalBroker
from portero.local.ports import any_free
from protocol.ids import HouseId
from protocol.topics import Down, down
from provisioning import ceremony
from tests.builders import JsonDict
from tests.journeys.cloud_half import OWNER, PASSWORD, CloudHalf
from tests.journeys.house_half import HouseHalf
from tests.journeys.people import LanGuest, Person
from tests.journeys.stage import Stage, until
from tests.journeys.wire import Valve
from tests.journeys.world import World

FRONT = "Front door"


@dataclass(frozen=True)
class Plan:
    """What to build. `rooms` are let one by one and as a whole behind one front door."""

    rooms: tuple[str, ...] = ("Sea room",)
    zone: str = "America/Lima"
    check_in_from: str = "00:00"
    check_out_until: str = "00:00"
    start: datetime | None = None
    broker: BrokerKind | None = None
    valve: bool = False
    vendors: Mapping[str, str] = field(default_factory=dict)
    world: World | None = None


@dataclass(frozen=True)
class Place:
    """Ids of a house, as text."""

    owned: str
    house: str
    units: dict[str, str]
    locks: dict[str, str]


@dataclass(frozen=True)
class Stay:
    """A confirmed booking whose grant has reached the house."""

    reservation: str
    grant: str
    lan_secret: str
    cloud_secret: str
    pin: str


@dataclass
class Town:
    """Everything, and shorthand for what every journey does."""

    plan: Plan
    world: World
    stage: Stage
    stack: AsyncExitStack
    broker: LocalBroker
    cloud: CloudHalf
    house: HouseHalf
    root_keys: Path
    valve: Valve
    host: Person = field(init=False)
    place: Place = field(init=False)
    _looker: LanGuest | None = None

    def person(self) -> Person:
        """Somebody far away, not signed in."""
        return Person(self._http(self.cloud.url))

    def lan_guest(self) -> LanGuest:
        """Somebody in the house's Wi-Fi, not signed in."""
        return LanGuest(self._http(self.house.lan_url), {"origin": self.house.lan_url})

    async def log_in(self) -> Person:
        """The owner, by password."""
        owner = self.person()
        session = await owner.post("/api/v1/sessions", {"email": OWNER, "password": PASSWORD})
        owner.headers["authorization"] = f"Bearer {session['token']}"
        return owner

    def today(self) -> date:
        return self.world.utc_now().astimezone(ZoneInfo(self.plan.zone)).date()

    async def ask(
        self, unit: str, check_in: date, check_out: date, *, quote: str | None = None
    ) -> httpx.Response:
        """Anybody asks for nights through the public API, for a price they were quoted or not."""
        contact = {"name": "Camila", "email": "camila@journeys.example", "language": "es"}
        wish = {
            "unit_ids": [self.place.units[unit]],
            "check_in": check_in.isoformat(),
            "check_out": check_out.isoformat(),
            "guests": 1,
            "channel": "web",
            "contact": contact,
            "quote": quote,
        }
        return await self.person().try_post("/api/v1/holds", wish)

    async def confirm(self, unit: str, check_in: date, check_out: date) -> str:
        """Held by a guest and confirmed by the host; the reservation's id."""
        held = await self.ask(unit, check_in, check_out)
        assert held.status_code == 201, held.text
        reservation = str(held.json()["id"])
        payment = {"payment": {"note": "paid at the desk", "amount": None}}
        await self.host.post(f"/api/v1/reservations/{reservation}/confirm", payment)
        return reservation

    async def book(self, unit: str = "Sea room", *, nights: int = 2) -> Stay:
        """From today, confirmed, and proved by the house to have arrived."""
        today = self.today()
        reservation = await self.confirm(unit, today, today + timedelta(days=nights))
        return await self.stay_of(reservation)

    async def stay_of(self, reservation: str) -> Stay:
        """The stay of a confirmed booking, once its grant is made and delivered."""
        grants: list[JsonDict] = []

        async def is_granted() -> bool:
            path = f"/api/v1/grants/of-reservation/{reservation}"
            grants[:] = (await self.host.get(path))["grants"]
            return bool(grants)

        await until(is_granted, "no grant was made")
        await self.delivered()
        grant = str(grants[0]["id"])
        links = await self.host.post(f"/api/v1/grants/{grant}/links")
        secret = urlsplit(links["cloud_url"]).fragment
        return Stay(reservation, grant, links["lan_secret"], secret, links["pin"])

    async def delivery(self) -> JsonDict:
        return await self.host.get(f"/api/v1/houses/{self.place.house}/delivery")

    async def delivered(self) -> JsonDict:
        """Wait until the house has proved to hold what the cloud wants."""

        async def is_so() -> bool:
            return bool((await self.delivery())["state"] == "delivered")

        await until(is_so, "the house did not acknowledge")
        return await self.delivery()

    async def in_house(self, stay: Stay) -> LanGuest:
        """The stay's guest, signed in on the LAN."""
        guest = self.lan_guest()
        answer = await guest.sign_in(stay.lan_secret)
        assert answer.status_code == 201, answer.text
        return guest

    async def has_pin(self, stay: Stay) -> None:
        """Wait until the front door holds the stay's PIN, by its own table."""

        async def has() -> bool:
            return stay.pin in {code.digits for code in self.house.doors[FRONT].codes()}

        await until(has, "the PIN did not reach the lock")

    async def far_away(self, stay: Stay) -> Person:
        """The stay's guest, signed in at the cloud."""
        guest = self.person()
        signed_in = await guest.post("/api/v1/guest/sessions", {"secret": stay.cloud_secret})
        guest.headers["authorization"] = f"Bearer {signed_in['token']}"
        return guest

    async def health(self) -> JsonDict:
        """The house's own word on itself."""
        if self._looker is None:
            self._looker = self.lan_guest()
        return await self._looker.get("/healthz")

    async def facts(self, kind: str) -> list[JsonDict]:
        """Bodies of the house's facts of this kind as the cloud has them, oldest first."""
        path = f"/api/v1/houses/{self.place.house}/facts?kind={kind}&limit=100"
        return [each["body"] for each in reversed((await self.host.get(path))["items"])]

    def topic(self, channel: Down) -> str:
        """Where the house hears this channel."""
        return down(HouseId(UUID(self.place.house)), channel)

    async def ask_to_open(self, guest: Person, door: str) -> str:
        """A guest far away taps Unlock; the command's id."""
        lock = self.place.locks[door]
        asked = await guest.post(f"/api/v1/guest/doors/{lock}/moves", {"move": "open"})
        return str(asked["command_id"])

    async def end_of(self, guest: Person, command: str) -> JsonDict:
        """What became of a command, as its guest is told."""
        return await guest.get(f"/api/v1/guest/commands/{command}?wait=12")

    async def house_hears_nothing(self) -> None:
        """Cloud and broker stop."""
        await self.cloud.stop()
        await asyncio.to_thread(self.broker.stop)

    async def house_hears_again(self) -> None:
        await asyncio.to_thread(self.broker.start)
        await self.cloud.start()

    def _http(self, url: str) -> httpx.AsyncClient:
        client = httpx.AsyncClient(base_url=url, timeout=30.0)
        self.stack.push_async_callback(client.aclose)
        return client


type NewTown = Callable[..., AbstractAsyncContextManager[Town]]
"""Called with the fields of a Plan."""


@asynccontextmanager
async def raised(plan: Plan, *, dsn: str, folder: Path) -> AsyncIterator[Town]:
    """Build it and start it all; nothing is left at the end."""
    async with asyncio.TaskGroup() as group, AsyncExitStack() as stack:
        sockets = Path(tempfile.mkdtemp(prefix="pj-"))  # a unix socket's path must be short
        stack.callback(shutil.rmtree, sockets)
        town = _laid_out(
            plan, dsn=dsn, folder=folder, sockets=sockets, stage=Stage(group), stack=stack
        )
        stack.callback(town.broker.stop)
        stack.push_async_callback(town.stage.stop_all)
        stack.push_async_callback(town.cloud.stop)
        await asyncio.to_thread(town.broker.start)
        if plan.valve:
            await stack.enter_async_context(town.valve.open())
            town.house.broker_port = town.valve.port
        await town.cloud.start()
        town.host = await town.log_in()
        town.place = await _furnished(town)
        await town.house.build(stack, town.place.locks, plan.zone)
        stack.push_async_callback(town.house.stop)
        await enrol(town, town.house, town.place.house)
        await town.house.start()
        await town.delivered()
        yield town


def _laid_out(
    plan: Plan, *, dsn: str, folder: Path, sockets: Path, stage: Stage, stack: AsyncExitStack
) -> Town:
    world = plan.world or World(plan.start)
    keys = folder / "keys"
    ceremony.hold(root_folder=keys / "root", cloud_folder=keys / "cloud", now=world.utc_now())
    broker = LocalBroker(folder / "broker", port=any_free(), kind=plan.broker)
    cloud = CloudHalf(stage, world, dsn, broker.port, keys / "cloud", vendors=plan.vendors)
    house = HouseHalf(stage, world, folder / "house", sockets, broker.port)
    valve = Valve(broker.port)
    return Town(plan, world, stage, stack, broker, cloud, house, keys / "root", valve)


async def _furnished(town: Town) -> Place:
    plan, host = town.plan, town.host
    owned = await host.post("/api/v1/properties", {"name": "Casa del Mar", "region": "PE"})
    hours = {"check_in_from": plan.check_in_from, "check_out_until": plan.check_out_until}
    made = await host.post(
        f"/api/v1/properties/{owned['id']}/houses",
        {"name": "Beach house", "zone": plan.zone, **hours},
    )
    at = f"/api/v1/houses/{made['id']}"
    spaces = {
        room: str((await host.post(f"{at}/spaces", {"name": room}))["id"]) for room in plan.rooms
    }
    locks = {FRONT: await _lock(host, at, FRONT, None)}
    locks |= {room: await _lock(host, at, room, spaces[room]) for room in plan.rooms}
    units = {room: await _unit(host, at, room, [spaces[room]]) for room in plan.rooms}
    if len(plan.rooms) > 1:
        units["Whole house"] = await _unit(host, at, "Whole house", list(spaces.values()))
    return Place(str(owned["id"]), str(made["id"]), units, locks)


async def _lock(host: Person, at: str, name: str, space: str | None) -> str:
    body = {"name": name, "vendor": "ttlock", "space_id": space}
    return str((await host.post(f"{at}/locks", body))["id"])


async def _unit(host: Person, at: str, name: str, spaces: list[str]) -> str:
    body = {
        "name": name,
        "capacity": 2 * len(spaces),
        "space_ids": spaces,
        "base_price": {"minor": 18_000, "currency": "PEN"},
    }
    return str((await host.post(f"{at}/units", body))["id"])


async def enrol(town: Town, half: HouseHalf, house: str) -> None:
    """The device claims its house, over HTTP, with a one-time token."""
    root_public = (town.cloud.keys / "root.pub").read_text().strip()
    proof = half.make_identity(house, root_public)

    async def is_known() -> bool:
        return (await town.host.try_get(f"/api/v1/houses/{house}/delivery")).is_success

    await until(is_known, "fleet did not hear of the house")
    token = await town.host.post(f"/api/v1/houses/{house}/claim-token")
    await town.person().post("/api/v1/claims", {"token": token["token"], "proof": proof})


async def another_house(town: Town) -> Place:
    """A second house of the same owner, claimed by a device that is never switched on."""
    place = await _furnished(town)
    other = HouseHalf(
        town.stage, town.world, town.house.folder / place.house, town.house.sockets, 1
    )
    other.data.mkdir(parents=True)
    await enrol(town, other, place.house)
    return place
