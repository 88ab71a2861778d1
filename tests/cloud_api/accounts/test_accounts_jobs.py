"""Is only that forgotten which has no use any more?"""

from datetime import timedelta

from sqlalchemy import text

from cloud_api.accounts.jobs import tidy
from cloud_api.kit.db import Database
from tests.builders import HandClock, Tenant


async def test_ended_sessions_and_old_keys_go_and_live_ones_stay(
    owner: Tenant, stranger: Tenant, database: Database, clock: HandClock
) -> None:
    body = {"name": "Casa", "region": "PE"}
    for tenant in (owner, stranger):
        await tenant.post("/properties", body, headers={"idempotency-key": "k1"})
    async with database.transaction() as session:
        await session.execute(
            text("UPDATE staff_sessions SET expires_at = :now WHERE staff_id = :staff_id"),
            {"now": clock.utc_now() + timedelta(minutes=1), "staff_id": stranger.staff_id},
        )
        await session.execute(
            text(
                "UPDATE idempotency_keys SET created_at = now() - interval '49 hours'"
                " WHERE principal = :principal"
            ),
            {"principal": f"staff:{stranger.staff_id}"},
        )
    clock.advance(timedelta(minutes=2))
    async with database.transaction() as session:
        await tidy(session, clock)
        assert list(await session.scalars(text("SELECT staff_id FROM staff_sessions"))) == [
            owner.staff_id
        ]
        assert list(await session.scalars(text("SELECT principal FROM idempotency_keys"))) == [
            f"staff:{owner.staff_id}"
        ]
