"""What can an operator ask of prices at the command line?"""

import json
from uuid import uuid4

import pytest

from portero.verbs.prices import seed_prices, show_prices
from tests.cloud_api.pricing.counter import Counter


@pytest.fixture(autouse=True)
def _configured(monkeypatch: pytest.MonkeyPatch, database_dsn: str) -> None:
    """The operator's shell knows the cloud's database."""
    monkeypatch.setenv("PORTERO_DATABASE_DSN", database_dsn)
    monkeypatch.setenv("PORTERO_SECRET_KEY", "a secret of this test only, long enough")
    monkeypatch.setenv("PORTERO_ENVIRONMENT", "development")


async def test_a_property_begins_with_the_offered_hours_and_keeps_what_was_told(
    counter: Counter,
) -> None:
    place = counter.hotel.property_id
    assert json.loads(await show_prices(place))["late_check_out"] == []
    told = [{"weekday": 0, "allowed": False, "kind": "percent", "cut": "0"}]
    await counter.configure(early_check_in=told)
    seeded = json.loads(await seed_prices(place))
    assert seeded["late_check_out"] == seeded["offered_hours"]
    assert seeded["early_check_in"] == told
    assert json.loads(await seed_prices(place)) == json.loads(await show_prices(place)) == seeded


async def test_a_property_without_anything_on_sale_is_said() -> None:
    with pytest.raises(SystemExit, match="nothing on sale"):
        await show_prices(uuid4())
