"""Which property does the demo show: one house, two rooms behind one front door, also let whole?"""

import json
from dataclasses import asdict, dataclass
from pathlib import Path
from uuid import UUID

from portero.demo.client import Caller, text
from portero.demo.ground import OWNER_EMAIL

ZONE = "America/Lima"
LOCK_NAMES = ("Front door", "Garden room", "Sea room")
SPEAKER = "living_room"


@dataclass(frozen=True, slots=True)
class Place:
    """Ids of what was made, as text."""

    house: str
    units: dict[str, str]
    locks: dict[str, str]
    player: str

    @property
    def house_id(self) -> UUID:
        """The house."""
        return UUID(self.house)


async def log_in(host: Caller, password: str) -> None:
    """The owner logs in; the caller keeps the token."""
    body = {"email": OWNER_EMAIL, "password": password}
    session = await host.post("/api/v1/sessions", body)
    host.headers["authorization"] = f"Bearer {text(session, 'token')}"


async def seed(host: Caller, folder: Path) -> Place:
    """Make the property once; a second start finds it again."""
    kept = folder / "place.json"
    if kept.exists():
        return Place(**json.loads(kept.read_text()))
    place = await _make(host)
    kept.write_text(json.dumps(asdict(place), indent=2))
    return place


async def _make(host: Caller) -> Place:
    owned = await host.post("/api/v1/properties", {"name": "Casa del Mar", "region": "PE"})
    house = await host.post(
        f"/api/v1/properties/{text(owned, 'id')}/houses",
        # From midnight, so that a booking for today opens the door at once.
        {"name": "Beach house", "zone": ZONE, "check_in_from": "00:00", "check_out_until": "00:00"},
    )
    at = f"/api/v1/houses/{text(house, 'id')}"
    rooms = LOCK_NAMES[1:]
    spaces = {name: text(await host.post(f"{at}/spaces", {"name": name}), "id") for name in rooms}
    locks = {LOCK_NAMES[0]: await _lock(host, at, LOCK_NAMES[0], None)}
    for name in rooms:
        locks[name] = await _lock(host, at, name, spaces[name])
    units = {name: await _unit(host, at, name, 2, [spaces[name]]) for name in rooms}
    units["Whole house"] = await _unit(host, at, "Whole house", 4, list(spaces.values()))
    player = await host.post(
        f"{at}/players",
        {"name": "Living room", "vendor": "music_assistant", "speaker": SPEAKER},
    )
    return Place(text(house, "id"), units, locks, text(player, "id"))


async def _lock(host: Caller, at: str, name: str, space: str | None) -> str:
    body = {"name": name, "vendor": "ttlock", "space_id": space}
    return text(await host.post(f"{at}/locks", body), "id")


async def _unit(host: Caller, at: str, name: str, sleeps: int, spaces: list[str]) -> str:
    body = {
        "name": name,
        "capacity": sleeps,
        "space_ids": spaces,
        "base_price": {"minor": 18_000 * sleeps, "currency": "PEN"},
    }
    return text(await host.post(f"{at}/units", body), "id")
