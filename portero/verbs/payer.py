"""How does a played Mercado Pago run as a process of its own, with a page where one pays?"""

import asyncio
import json
import secrets
import signal
from pathlib import Path

from cloud_api.kit.clock import SystemClock
from portero.simulators.checkout import PATH, checkout
from portero.simulators.kit import playing
from portero.simulators.mercadopago import MercadoPago

_COLLECTOR = 4711


def credentials(folder: Path) -> dict[str, str]:
    """What a host's account there needs; made at first use, in a 0600 file."""
    path = folder / "mercadopago.json"
    if not path.exists():
        folder.mkdir(parents=True, exist_ok=True)
        made = {
            "access_token": f"APP_USR-{secrets.token_hex(16)}",
            "webhook_secret": secrets.token_hex(24),
            "collector_id": str(_COLLECTOR),
        }
        path.touch(mode=0o600)
        path.write_text(json.dumps(made))
    known: dict[str, str] = json.loads(path.read_text())
    return known


async def pay_here(folder: Path, *, port: int) -> None:
    """Serve until SIGTERM or SIGINT; payments are forgotten then."""
    stop = asyncio.Event()
    for ending in (signal.SIGTERM, signal.SIGINT):
        asyncio.get_running_loop().add_signal_handler(ending, stop.set)
    known, clock = credentials(folder), SystemClock()
    vendor = MercadoPago(
        clock,
        access_token=known["access_token"],
        webhook_secret=known["webhook_secret"],
        collector_id=int(known["collector_id"]),
        page=f"http://127.0.0.1:{port}{PATH}",
        first_id=int(clock.utc_now().timestamp()) * 1000,
    )
    async with playing(checkout(vendor), port=port):
        await stop.wait()
