"""How do the owner's staff open a door from afar in these tests?"""

from datetime import timedelta

from portero.demo.client import Caller, text
from portero.demo.waiting import until
from tests.faults.lockd_bench import CLOCK
from tests.faults.whole import SOON, Whole


async def let_staff_open(whole: Whole, host: Caller) -> None:
    """A grant of the owner's own, for a day."""
    me = await host.get("/api/v1/me")
    now = CLOCK.utc_now()
    wish = {
        "house_id": whole.place.house,
        "staff_id": text(me, "principal_id"),
        "name": "Owner",
        "starts": (now - timedelta(hours=1)).isoformat(),
        "ends": (now + timedelta(days=1)).isoformat(),
    }
    await host.post("/api/v1/grants/staff", wish)
    await whole.delivered(host)


async def open_from_afar(whole: Whole, host: Caller, *, patiently: bool = False) -> str:
    """One command's outcome; patiently: one command after the other until the house answers."""
    said = list[str]()

    async def is_opened() -> bool:
        said.append(await _command(whole, host))
        return said[-1] == "opened" or not patiently

    await until(is_opened, SOON, "the house does not answer", troupe=whole.troupe)
    return said[-1]


async def _command(whole: Whole, host: Caller) -> str:
    lock = whole.place.locks["Front door"]
    path = f"/api/v1/houses/{whole.place.house}/doors/{lock}/moves"
    command = text(await host.post(path, {"move": "open", "reason": "a test"}), "command_id")
    return str((await host.get(f"/api/v1/door-commands/{command}?wait=12")).get("outcome"))
