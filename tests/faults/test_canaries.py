"""E11: secrets that people, house and cloud hold are found nowhere in clear.

A booking, its links and PIN, unlocks near and far, a companion, and the paths on which things go
wrong, each with secrets in the wrong place. Then every log, every message that crossed the broker,
every table and the house's files are searched.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit
from uuid import uuid4

import aiomqtt
import pytest

from portero.demo.client import Caller, text
from portero.demo.ground import DATABASE
from portero.demo.waiting import until
from portero.verbs.simulated import key_file, token_file
from tests.faults.canaries import Secret, files, found, tables
from tests.faults.figures import Figure, Scale
from tests.faults.whole import PASSWORD, SOON, Whole

pytestmark = [
    pytest.mark.fault,
    pytest.mark.timeout(600),
    pytest.mark.xdist_group("whole system"),
]

FORGED = 'x\r\n{"event": "forged-line"}\x1b[31m'
"""A name that would be a log line of its own."""


@dataclass
class Planted:
    """What must not be found, and everything that crossed the broker meanwhile."""

    secrets: list[Secret] = field(default_factory=list)
    traffic: list[bytes] = field(default_factory=list)

    def hide(self, name: str, value: object) -> str:
        """One more to look for."""
        assert isinstance(value, str)
        assert len(value) >= 4, name
        self.secrets.append(Secret(name, value))
        return value


async def test_no_secret_is_anywhere_in_clear(whole: Whole, scale: Scale) -> None:
    planted = Planted()
    _hide_standing_secrets(whole, planted)
    async with _overhearing(whole, planted), whole.host() as host:
        planted.hide("owner's session", host.headers["authorization"].removeprefix("Bearer "))
        await _a_stay(whole, host, planted)
        await _what_goes_wrong(whole, host, planted)
        await asyncio.sleep(1.0)
    wrong = [
        *found(planted.secrets, files(whole.troupe.logs)),
        *found(planted.secrets, files(whole.ground.folder / "broker")),
        *found(planted.secrets, {"MQTT": b"\n".join(planted.traffic)}),
        *found(planted.secrets, tables(whole.ground.postgres.dsn(DATABASE))),
        *found(_stays(planted), files(whole.ground.folder / "lockd")),
        *found(_stays(planted), files(whole.ground.folder / "agent")),
        *_forged_lines(whole),
    ]
    figure = Figure("E11 secret canaries", scale.seed, tried=len(planted.secrets))
    figure.violations = len(wrong)
    figure.notes["messages overheard"] = len(planted.traffic)
    figure.publish(scale)
    assert wrong == []
    assert len(planted.traffic) > 10


async def test_the_search_finds_what_is_there(whole: Whole) -> None:
    """What proves that the search can fail: words that surely are in logs, tables and traffic."""
    house = [Secret("house", whole.place.house)]
    assert found(house, files(whole.troupe.logs))
    assert found(house, tables(whole.ground.postgres.dsn(DATABASE)))
    assert found([Secret("pin", "493817")], {"log": b'pin=493817 "at"'})
    assert found([Secret("pin", "493817")], {"dump": b"\\x343933383137"})
    assert not found([Secret("pin", "493817")], {"log": b"12:01:02.493817Z 1493817"})
    assert found([Secret("key", "00ff" * 8)], {"file": b"..." + b"\x00\xff" * 8})


def _hide_standing_secrets(whole: Whole, planted: Planted) -> None:
    """Those of the machines: passwords, keys of locks, of the house, of the cloud."""
    devices, keys = whole.ground.folder / "devices", whole.ground.folder / "keys"
    planted.hide("owner's password", PASSWORD)
    planted.hide("cloud's secret key", whole.ground.secrets.secret_key)
    planted.hide("music token", token_file(devices).read_text().strip())
    material = json.loads(key_file(devices, 1).read_text())
    planted.hide("lock's AES key", material["aesKeyStr"])
    house = json.loads((whole.ground.folder / "lockd" / "house.json").read_text())
    planted.hide("house's signing seed", house["signing_seed"])
    planted.hide("house's sealing seed", house["sealing_seed"])
    for number, seed in enumerate(_seeds(keys)):
        planted.hide(f"key file {number}", seed)


def _seeds(keys: Path) -> list[str]:
    """Every long hex text in a private key file."""
    private = [
        each for each in keys.rglob("*") if each.is_file() and each.stat().st_mode & 0o77 == 0
    ]
    texts = [each.read_text() for each in private if each.suffix != ".pub"]
    words = [word for each in texts for word in each.replace('"', " ").split()]
    return [word for word in words if len(word) == 64 and set(word) <= set("0123456789abcdef")]


async def _a_stay(whole: Whole, host: Caller, planted: Planted) -> None:
    """Booked, signed in near and far, opened, and joined by a companion."""
    booking = await whole.confirmed(host, "Sea room", first=0, nights=2)

    async def is_granted() -> bool:
        return bool(await whole.grants_of(host, booking))

    await until(is_granted, SOON, "no grant was made", troupe=whole.troupe)
    await whole.delivered(host)
    [grant] = await whole.grants_of(host, booking)
    links = await host.post(f"/api/v1/grants/{grant['id']}/links")
    pin = planted.hide("PIN", links["pin"])
    assert pin.isdigit()
    lan_secret = planted.hide("LAN secret", links["lan_secret"])
    cloud_secret = planted.hide("link secret", urlsplit(text(links, "cloud_url")).fragment)
    async with whole.somebody(whole.ground.lan_url) as lan:
        session = await lan.try_post("/api/session", {"secret": lan_secret})
        for name, value in session.cookies.items():
            planted.hide(f"LAN cookie {name}", value)
        await _open(lan, whole)
        await _companion(whole, lan, planted)
    async with whole.somebody(whole.ground.cloud_url) as far:
        signed_in = await far.post("/api/v1/guest/sessions", {"secret": cloud_secret})
        token = planted.hide("guest's session", signed_in["token"])
        far.headers["authorization"] = f"Bearer {token}"
        lock = whole.place.locks["Front door"]
        moved = await far.post(f"/api/v1/guest/doors/{lock}/moves", {"move": "open"})
        told = await far.get(f"/api/v1/guest/commands/{moved['command_id']}?wait=12")
        assert told["outcome"] == "opened", told


async def _open(lan: Caller, whole: Whole) -> None:
    attempt = str(uuid4())
    lock = whole.place.locks["Front door"]
    clock = (await lan.get("/api/stay"))["clock"]
    assert isinstance(clock, float)
    wish = {"move": "open", "attempt": attempt, "not_after": clock + 10}
    await lan.post(f"/api/doors/{lock}/moves", wish)
    told = await lan.get(f"/api/attempts/{attempt}?wait=20")
    assert told["outcome"] == "opened", told


async def _companion(whole: Whole, lan: Caller, planted: Planted) -> None:
    stay = await lan.get("/api/stay")
    async with whole.somebody(whole.ground.lan_url) as friend:
        wish = {"code": text(stay, "join_code"), "name": FORGED[:1] + "Bruno", "wants": []}
        joined = await friend.try_post("/api/join", {**wish, "wants": ["music:control"]})
        waiting = planted.hide("companion's secret", joined.json()["secret"])
        path = f"/api/requests/{joined.json()['request']}/decision"
        await lan.post(path, {"approve": True})
        await friend.try_post("/api/session", {"secret": waiting})


async def _what_goes_wrong(whole: Whole, host: Caller, planted: Planted) -> None:
    """Secrets in wrong places: bodies, headers, queries, paths and names, at both doors."""
    wrong = planted.hide("wrong secret", "ca4a41e0" * 8)
    key = await host.post("/api/v1/api-keys", {"name": "till", "role": "read_only"})
    planted.hide("API key", next(v for k, v in key.items() if k in {"key", "token", "secret"}))
    claim = await host.post(f"/api/v1/houses/{whole.place.house}/claim-token")
    token = planted.hide("claim token", claim["token"])
    for url in (whole.ground.cloud_url, whole.ground.lan_url):
        async with whole.somebody(url) as thief:
            await _rattle(thief, wrong)
    async with whole.somebody(whole.ground.cloud_url) as thief:
        await thief.try_post("/api/v1/claims", {"token": token, "proof": "not a proof"})
        await thief.try_post("/api/v1/sessions", {"email": "owner@demo.example", "password": wrong})
        contact = {"name": FORGED, "email": f"{wrong}@", "phone": FORGED}
        await thief.try_post("/api/v1/holds", {"unit_ids": [FORGED], "contact": contact})


async def _rattle(thief: Caller, wrong: str) -> None:
    for path in ("/api/session", "/api/v1/guest/sessions", "/api/join", "/api/v1/guest/join"):
        for body in ({"secret": wrong}, {"code": wrong}, {"secret": [wrong]}, {wrong: wrong}):
            await thief.try_post(path, body)
        await thief.http.post(path, content=f'{{"secret": "{wrong}'.encode())
    for path in ("/api/stay", "/api/v1/guest/stay", f"/api/{wrong}", "/healthz", "/metrics"):
        headers = {"authorization": f"Bearer {wrong}", "cookie": f"session={wrong}"}
        await thief.http.get(f"{path}?secret={wrong}", headers=headers)


@asynccontextmanager
async def _overhearing(whole: Whole, planted: Planted) -> AsyncIterator[None]:
    """Somebody with every right at the broker listens to everything."""
    client = aiomqtt.Client(
        "127.0.0.1",
        whole.ground.ports.broker,
        identifier="overhearing",
        protocol=aiomqtt.ProtocolVersion.V5,
    )
    async with client, asyncio.TaskGroup() as group:
        await client.subscribe("#", qos=1)
        listening = group.create_task(_listen(client, planted), name="overhear")
        yield
        listening.cancel()


async def _listen(client: aiomqtt.Client, planted: Planted) -> None:
    with suppress(aiomqtt.MqttError):
        async for message in client.messages:
            planted.traffic.append(str(message.topic).encode() + b" " + bytes(message.payload))


def _stays(planted: Planted) -> list[Secret]:
    """The house keeps its own keys; what guests hold it has no need to keep."""
    guests = {"PIN", "LAN secret", "link secret", "guest's session", "wrong secret"}
    return [each for each in planted.secrets if each.name in guests or "companion" in each.name]


def _forged_lines(whole: Whole) -> list[str]:
    """A stranger's words never begin a line of a log."""
    return [
        f"forged line in {name}"
        for name, log in files(whole.troupe.logs).items()
        if any(line.startswith(b'{"event": "forged') for line in log.splitlines())
        or b"\x1b[31m" in log
    ]
