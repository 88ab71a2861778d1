"""A secret heard in the house is worth nothing at the cloud, and the other way round."""

import pytest

from tests.journeys.people import LanGuest, Person
from tests.journeys.town import FRONT, NewTown, Town

pytestmark = pytest.mark.journey
_COOKIE = "portero_stay"


async def test_what_is_sniffed_in_the_house_is_refused_by_the_cloud(new_town: NewTown) -> None:
    async with new_town() as town:
        stay = await town.book()
        guest = await town.in_house(stay)
        sniffed = [
            stay.lan_secret,
            guest.http.cookies[_COOKIE],
            (await guest.get("/api/stay"))["join_code"],
        ]
        for secret in sniffed:
            await _is_nothing_at_the_cloud(town, secret)
        assert town.house.all_openings() == 0


async def test_the_clouds_secrets_are_refused_by_the_house(new_town: NewTown) -> None:
    async with new_town() as town:
        stay = await town.book()
        far = await town.far_away(stay)
        token = far.headers["authorization"].removeprefix("Bearer ")
        for secret in (stay.cloud_secret, token):
            stranger = town.lan_guest()
            assert (await stranger.sign_in(secret)).status_code in {401, 403, 422}
            await _opens_nothing(town, stranger, cookie=secret)
        assert town.house.all_openings() == 0


async def test_a_renewed_link_ends_the_lost_one_everywhere(new_town: NewTown) -> None:
    async with new_town() as town:
        lost = await town.book()
        thief, far_thief = await town.in_house(lost), await town.far_away(lost)
        renewed = await town.host.post(f"/api/v1/grants/{lost.grant}/links?renew=true")
        await town.delivered()
        await _opens_nothing(town, thief)
        assert not (await town.lan_guest().sign_in(lost.lan_secret)).is_success
        await _is_nothing_at_the_cloud(town, lost.cloud_secret)
        assert (await far_thief.try_get("/api/v1/guest/stay")).status_code == 401
        assert town.house.all_openings() == 0
        owner = town.lan_guest()
        assert (await owner.sign_in(renewed["lan_secret"])).is_success
        assert (await owner.tap(town.place.locks[FRONT]))["outcome"] == "opened"


async def _is_nothing_at_the_cloud(town: Town, secret: str) -> None:
    stranger: Person = town.person()
    refused = await stranger.try_post("/api/v1/guest/sessions", {"secret": secret})
    assert refused.status_code in {401, 403, 404}, refused.text
    stranger.headers["authorization"] = f"Bearer {secret}"
    lock = town.place.locks[FRONT]
    moved = await stranger.try_post(f"/api/v1/guest/doors/{lock}/moves", {"move": "open"})
    assert moved.status_code == 401
    assert (await stranger.try_get("/api/v1/guest/stay")).status_code == 401


async def _opens_nothing(town: Town, stranger: LanGuest, *, cookie: str | None = None) -> None:
    if cookie is not None:
        stranger.http.cookies.set(_COOKIE, cookie)
    assert (await stranger.tap(town.place.locks[FRONT]))["outcome"] == "refused"
    assert (await stranger.try_get("/api/stay")).status_code in {401, 403}
