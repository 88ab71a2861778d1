"""What does the demo tell? A booking opens a door, music is asked for, the cloud goes away."""

from dataclasses import dataclass, field
from datetime import date, timedelta
from typing import cast
from uuid import uuid4
from zoneinfo import ZoneInfo

import httpx

from cloud_api.kit.clock import SystemClock
from edge_agent.simulator.ttlock.control import Door
from portero.demo.client import Answer, Caller, caller, text
from portero.demo.ground import Ground
from portero.demo.processes import Troupe
from portero.demo.seed import ZONE, Place
from portero.demo.till import items, link, page_to_pay, press_pay, told
from portero.demo.voice import Voice, expect
from portero.demo.waiting import until, until_answers
from portero.verbs.simulated import control_socket

_SOON = 20.0
_ROOM = "Sea room"
_OTHER_ROOM = "Garden room"


@dataclass
class Stage:
    """All that runs, and the people who call it."""

    ground: Ground
    troupe: Troupe
    host: Caller
    place: Place
    voice: Voice
    links: dict[str, str] = field(default_factory=dict)


@dataclass
class Tale:
    """What the story remembers from step to step."""

    stage: Stage
    quote: str = ""
    reservation: str = ""
    code: str = ""
    grant: str = ""
    lan: Caller | None = None
    companion: Caller | None = None
    waiting: str = ""
    request: str = ""
    opened: int = 0
    before: int = 0

    @property
    def front_door(self) -> str:
        """The front door's lock."""
        return self.stage.place.locks["Front door"]

    @property
    def record(self) -> Door:
        """The front door's own record, which our software cannot write."""
        return Door(control_socket(self.stage.ground.folder / "devices", 1))


async def tell(stage: Stage) -> None:
    """The whole story. StoryError at the first step that is not as told."""
    tale, step = Tale(stage), stage.voice.step
    tale.before = await _openings(tale)
    await _tidy(stage, _ROOM)
    stage.voice.title("A booking opens one door")
    await step("Camila asks what the Sea room costs tonight", lambda: _price(tale))
    await step("She holds it for that price", lambda: _book(tale))
    await step("By the host's link she pays at a played Mercado Pago", lambda: _pay(tale))
    await step("The money confirms her booking; the host does nothing", lambda: _certain(tale))
    await step("The key reaches the house, and the house signs for it", lambda: _delivered(tale))
    await step("In the house's Wi-Fi, Camila signs in with her link", lambda: _sign_in(tale))
    await step("She taps Unlock: the front door opens", lambda: _unlock(tale))
    await step("From the taxi she asks through the cloud: it opens too", lambda: _remote(tale))
    await step("The Garden room next door stays shut for her", lambda: _other_room(tale))
    stage.voice.title("A companion asks for music")
    await step("Bruno scans her code and asks", lambda: _ask(tale))
    await step("Camila says yes, in the house", lambda: _approve(tale))
    await step("Bruno starts a song", lambda: _music(tale))
    stage.voice.title("The cloud goes away")
    await step("Cloud, worker, courier and broker stop", lambda: _cloud_away(tale))
    await step("The door still opens", lambda: _unlock(tale))
    await step("The cloud comes back and learns what happened", lambda: _cloud_back(tale))
    stage.voice.title("Check-out")
    await step("Camila leaves; the host checks her out, the house hears of it", lambda: _out(tale))
    await step("The door stays shut", lambda: _shut(tale))


async def leave_key(stage: Stage) -> None:
    """A guest who stays, so that somebody at the keyboard has a door to open."""
    tale = Tale(stage)
    await _tidy(stage, _OTHER_ROOM, spare_keys=True)
    found = await _alive(stage, _OTHER_ROOM)
    if found:
        tale.reservation = text(found[0], "id")
    else:
        held = await _hold(stage, _OTHER_ROOM, "Diego")
        tale.reservation = text(held, "id")
        paid = {"payment": {"note": "paid at the desk", "amount": None}}
        await stage.host.post(f"/api/v1/reservations/{tale.reservation}/confirm", paid)
    await _delivered(tale)
    links = await stage.host.post(f"/api/v1/grants/{tale.grant}/links")
    stage.links["Diego"] = f"{stage.ground.lan_url}/#{text(links, 'lan_secret')}"
    stage.links["his PIN"] = text(links, "pin")


async def leave_bill(stage: Stage) -> None:
    """A guest who holds a room weeks from now, so that somebody at the keyboard can pay."""
    first = await _free_from(stage, _OTHER_ROOM, _today() + timedelta(days=14))
    if first is None:
        return
    quote = await _quote(stage, _OTHER_ROOM, first)
    held = await _hold(stage, _OTHER_ROOM, "Elena", first=first, quote=text(quote, "token"))
    path = await link(stage.host, text(held, "id"))
    stage.links["Elena pays"] = await page_to_pay(stage.ground, stage.troupe, path)
    stage.links["she sees"] = f"{stage.ground.cloud_url}{path}"


async def _free_from(stage: Stage, room: str, first: date) -> date | None:
    """The first of the next weeks in which the room has the two nights."""
    for week in range(20):
        stay = _stay(stage, room, first + timedelta(weeks=week))
        asked = f"unit_id={stage.place.units[room]}&guests=2"
        dates = f"check_in={stay['check_in']}&check_out={stay['check_out']}"
        found = await stage.host.get(f"/api/v1/availability?{asked}&{dates}")
        if items(found, "units")[0].get("free"):
            return first + timedelta(weeks=week)
    return None


async def _tidy(stage: Stage, room: str, *, spare_keys: bool = False) -> None:
    """What an earlier evening left in the room is ended first; keys that still open, if wanted."""
    for booking in await _alive(stage, room):
        if spare_keys and await _key(stage, text(booking, "id")):
            continue
        arrived = booking.get("status") == "confirmed" and booking.get("kind") == "stay"
        end = "check-out" if arrived else "cancel"
        await stage.host.post(f"/api/v1/reservations/{text(booking, 'id')}/{end}")


async def _alive(stage: Stage, room: str) -> list[Answer]:
    """What holds the room tonight; other nights are the host's own business."""
    unit, today = stage.place.units[room], _today()
    tonight = f"from={today}&to={today + timedelta(days=1)}"
    path = f"/api/v1/reservations?unit_id={unit}&{tonight}&status=held&status=confirmed"
    return items(await stage.host.get(path), "items")


async def _quote(stage: Stage, room: str, first: date) -> Answer:
    return await caller(stage.ground.cloud_url).post("/api/v1/quotes", _stay(stage, room, first))


async def _hold(
    stage: Stage, room: str, name: str, *, first: date | None = None, quote: str | None = None
) -> Answer:
    body = {
        **_stay(stage, room, first or _today()),
        "channel": "web",
        "contact": {"name": name, "email": f"{name.lower()}@demo.example", "language": "es"},
        "quote": quote,
    }
    return await caller(stage.ground.cloud_url).post("/api/v1/holds", body)


def _stay(stage: Stage, room: str, first: date) -> dict[str, object]:
    return {
        "unit_ids": [stage.place.units[room]],
        "check_in": first.isoformat(),
        "check_out": (first + timedelta(days=2)).isoformat(),
        "guests": 2,
    }


def _today() -> date:
    return SystemClock().utc_now().astimezone(ZoneInfo(ZONE)).date()


async def _price(tale: Tale) -> str:
    quote = await _quote(tale.stage, _ROOM, _today())
    tale.quote = text(quote, "token")
    return (
        f"{told(quote.get('total'))} for two nights, in writing until {text(quote, 'expires_at')}"
    )


async def _book(tale: Tale) -> str:
    held = await _hold(tale.stage, _ROOM, "Camila", quote=tale.quote)
    tale.reservation, tale.code = text(held, "id"), text(held, "code")
    return f"held as {tale.code} until {text(held, 'expires_at')}"


async def _pay(tale: Tale) -> str:
    stage = tale.stage
    path = await link(stage.host, tale.reservation)
    url = await page_to_pay(stage.ground, stage.troupe, path)
    owed = (await caller(stage.ground.cloud_url).get(path)).get("due_now")
    await press_pay(url)
    return f"{told(owed)} now, the rest is due later"


async def _certain(tale: Tale) -> str:
    clock = SystemClock()
    began = clock.monotonic()

    async def is_confirmed() -> bool:
        found = await tale.stage.host.get(f"/api/v1/reservations/{tale.reservation}")
        return found.get("status") == "confirmed"

    await until(is_confirmed, _SOON, "the money confirmed nothing", troupe=tale.stage.troupe)
    return f"paid → confirmed in {clock.monotonic() - began:.2f} s"


async def _delivered(tale: Tale) -> str:
    clock = SystemClock()
    began = clock.monotonic()

    async def is_delivered() -> bool:
        tale.grant = await _key(tale.stage, tale.reservation)
        if not tale.grant:
            return False
        delivery = await tale.stage.host.get(f"/api/v1/houses/{tale.stage.place.house}/delivery")
        return delivery.get("state") == "delivered"

    await until(is_delivered, _SOON, "the house did not acknowledge", troupe=tale.stage.troupe)
    return f"confirmed → acknowledged in {clock.monotonic() - began:.2f} s"


async def _key(stage: Stage, reservation: str) -> str:
    """The grant of the guest who booked; empty where there is none or it was revoked."""
    path = f"/api/v1/grants/of-reservation/{reservation}"
    grants = items(await stage.host.get(path), "grants")
    alive = [
        each for each in grants if each.get("holder") == "guest" and each.get("state") == "active"
    ]
    return text(alive[0], "id") if alive else ""


async def _sign_in(tale: Tale) -> str:
    links = await tale.stage.host.post(f"/api/v1/grants/{tale.grant}/links")
    url = tale.stage.ground.lan_url
    tale.lan = caller(url, origin=url)
    await tale.lan.post("/api/session", {"secret": text(links, "lan_secret")})
    stay = await tale.lan.get("/api/stay")
    doors = [text(door, "name") for door in items(stay, "doors")]
    return f"she sees: {', '.join(doors)}"


async def _unlock(tale: Tale) -> str:
    clock = SystemClock()
    began = clock.monotonic()
    outcome = await _move(tale, tale.front_door)
    expect(text(outcome, "outcome") == "opened", f"the house answered {outcome}")
    tale.opened += 1
    shown = await _openings(tale)
    expect(shown == tale.opened, f"the lock's own record shows {shown} openings")
    return f"{clock.monotonic() - began:.2f} s from tap to open; the lock's own record agrees"


async def _remote(tale: Tale) -> str:
    clock = SystemClock()
    links = await tale.stage.host.post(f"/api/v1/grants/{tale.grant}/links")
    secret = text(links, "cloud_url").partition("#")[2]
    anybody = caller(tale.stage.ground.cloud_url)
    session = await anybody.post("/api/v1/guest/sessions", {"secret": secret})
    camila = caller(tale.stage.ground.cloud_url, token=text(session, "token"))
    began = clock.monotonic()
    moving = await camila.post(f"/api/v1/guest/doors/{tale.front_door}/moves", {"move": "open"})
    ended = await camila.get(f"/api/v1/guest/commands/{text(moving, 'command_id')}?wait=12")
    expect(ended.get("outcome") == "opened", f"the house answered {ended}")
    tale.opened += 1
    shown = await _openings(tale)
    expect(shown == tale.opened, f"the lock's own record shows {shown} openings")
    return f"{clock.monotonic() - began:.2f} s there and back, decided by the house"


async def _other_room(tale: Tale) -> str:
    outcome = await _move(tale, tale.stage.place.locks["Garden room"])
    expect(text(outcome, "outcome") == "refused", f"the house answered {outcome}")
    return f"refused: {outcome.get('refusal')}"


async def _ask(tale: Tale) -> None:
    stay = await _lan(tale).get("/api/stay")
    url = tale.stage.ground.lan_url
    tale.companion = caller(url, origin=url)
    wish = {
        "code": text(stay, "join_code"),
        "name": "Bruno",
        "wants": ["music:control", "music:queue"],
    }
    joined = await tale.companion.post("/api/join", wish)
    tale.waiting, tale.request = text(joined, "secret"), text(joined, "request")


async def _approve(tale: Tale) -> None:
    await _lan(tale).post(f"/api/requests/{tale.request}/decision", {"approve": True})
    expect(tale.companion is not None, "nobody asked")
    await cast("Caller", tale.companion).post("/api/session", {"secret": tale.waiting})


async def _music(tale: Tale) -> str:
    bruno = cast("Caller", tale.companion)
    players = items(await bruno.get("/api/players"), "players")
    expect(len(players) == 1, f"he sees {len(players)} players")
    player = text(players[0], "player")
    library = items(await bruno.get("/api/music/library?limit=1"), "media")
    wish = {"uri": text(library[0], "uri"), "media_type": "track", "option": "play"}
    await bruno.post(f"/api/players/{player}/media", wish)

    async def plays() -> bool:
        state = items(await bruno.get("/api/players"), "players")[0].get("state")
        return state == "playing"

    await until(plays, _SOON, "the player does not play", troupe=tale.stage.troupe)
    return f"playing {text(library[0], 'name')}"


async def _cloud_away(tale: Tale) -> None:
    for name in ("courier", "worker", "cloud"):
        tale.stage.troupe.dismiss(name)
    tale.stage.ground.broker.stop()


async def _cloud_back(tale: Tale) -> str:
    tale.stage.ground.broker.start()
    for name in ("cloud", "worker", "courier"):
        tale.stage.troupe.start(name, name)
    url = tale.stage.ground.cloud_url
    await until_answers(f"{url}/healthz", tale.stage.troupe)

    async def knows() -> bool:
        path = f"/api/v1/houses/{tale.stage.place.house}/facts?kind=acted&limit=1"
        known = (await tale.stage.host.get(path)).get("total")
        return isinstance(known, int) and known >= tale.before + tale.opened

    await until(knows, 45.0, "the facts did not arrive", troupe=tale.stage.troupe)
    return "every opening is on record in the cloud"


async def _out(tale: Tale) -> str:
    clock = SystemClock()
    began = clock.monotonic()
    reason = {"reason": "left early"}
    await tale.stage.host.post(f"/api/v1/reservations/{tale.reservation}/check-out", reason)

    async def is_over() -> bool:
        response = await _lan(tale).http.get("/api/stay", headers=_lan(tale).headers)
        return response.status_code in {httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN}

    await until(is_over, _SOON, "the house still knows her", troupe=tale.stage.troupe)
    return f"known in the house after {clock.monotonic() - began:.2f} s"


async def _shut(tale: Tale) -> str:
    body = {"move": "open", "attempt": str(uuid4()), "not_after": 0}  # no stay, no clock to ask
    answer = await _lan(tale).try_post(f"/api/doors/{tale.front_door}/moves", body)
    words = answer.json()
    refused = answer.status_code >= httpx.codes.BAD_REQUEST or words.get("outcome") == "refused"
    expect(refused, f"the house answered {answer.status_code} {words}")
    expect(await _openings(tale) == tale.opened, "the lock's own record shows another opening")
    return f"refused: {words.get('refusal') or words.get('code')}"


async def _openings(tale: Tale) -> int:
    """How often the front door opened since the story began, by the lock's own record."""
    moved = [each for each in await tale.record.movements() if each.bolt == "unlocked"]
    return len(moved) - tale.before


async def _move(tale: Tale, lock: str) -> Answer:
    attempt = str(uuid4())
    clock = (await _lan(tale).get("/api/stay"))["clock"]
    expect(isinstance(clock, float), "the house did not tell its clock")
    body = {"move": "open", "attempt": attempt, "not_after": cast("float", clock) + 10}
    await _lan(tale).post(f"/api/doors/{lock}/moves", body)
    return await _lan(tale).get(f"/api/attempts/{attempt}?wait=20")


def _lan(tale: Tale) -> Caller:
    expect(tale.lan is not None, "nobody has signed in")
    return cast("Caller", tale.lan)
