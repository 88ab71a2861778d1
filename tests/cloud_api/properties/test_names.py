"""Can two things of one kind and one name stand in one house?"""

import asyncio

import pytest

from tests.builders import JsonDict, SmallHotel

_PRICE = {"minor": 9000, "currency": "PEN"}


def _another(house: SmallHotel, kind: str, name: str) -> JsonDict:
    space = str(house.room_spaces[0])
    wanted: dict[str, JsonDict] = {
        "locks": {"name": name, "vendor": "ttlock"},
        "players": {"name": name, "vendor": "music_assistant"},
        "units": {"name": name, "capacity": 1, "base_price": _PRICE, "space_ids": [space]},
    }
    return wanted[kind]


@pytest.mark.parametrize("kind", ["locks", "players", "units"])
async def test_a_taken_name_is_refused_to_a_new_one_a_renamed_one_and_one_from_the_archive(
    house: SmallHotel, kind: str
) -> None:
    tenant, at = house.tenant, f"/houses/{house.house_id}/{kind}"
    first = await tenant.made(at, _another(house, kind, "Garden"))
    second = await tenant.made(at, _another(house, kind, "Terrace"))
    refused = [
        await tenant.post(at, _another(house, kind, "GARDEN")),
        await tenant.patch(f"/{kind}/{second['id']}", {"name": "garden "}),
    ]
    assert (await tenant.delete(f"/{kind}/{first['id']}")).status_code == 204
    # The archive keeps names to itself.
    renamed = await tenant.patch(f"/{kind}/{second['id']}", {"name": "Garden"})
    assert renamed.status_code == 200, renamed.text
    refused.append(await tenant.patch(f"/{kind}/{first['id']}", {"archived": False}))
    assert [(each.status_code, each.json()["code"]) for each in refused] == [
        (409, "name_taken")
    ] * 3
    other = {"name": "Patio", "archived": False}
    assert (await tenant.patch(f"/{kind}/{first['id']}", other)).status_code == 200


async def test_of_many_who_take_one_name_at_once_one_gets_it(house: SmallHotel) -> None:
    at = f"/houses/{house.house_id}/locks"
    async with asyncio.TaskGroup() as tasks:
        asked = [
            tasks.create_task(house.tenant.post(at, _another(house, "locks", "Garden")))
            for _ in range(6)
        ]
    answers = [each.result() for each in asked]
    assert sorted(each.status_code for each in answers) == [201] + [409] * 5
    assert {each.json()["code"] for each in answers if each.status_code == 409} == {"name_taken"}
