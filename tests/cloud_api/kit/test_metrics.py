"""A process without HTTP shows what it counts."""

import httpx

from cloud_api.kit import metrics
from portero.local.ports import any_free


async def test_a_worker_shows_its_counters() -> None:
    port = any_free()
    metrics.expose("127.0.0.1", port)
    metrics.PRERESERVATIONS_EXPIRED.inc()
    async with httpx.AsyncClient() as http:
        shown = (await http.get(f"http://127.0.0.1:{port}/metrics")).text
    assert "prereservations_expired_total" in shown
