"""What does a guest see and do on a phone in the house's Wi-Fi? Real browser, house and lock."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from itertools import count
from uuid import UUID

import pytest
import pytest_asyncio
from playwright.async_api import Browser, Route

from edge_agent.simulator.ttlock.model import Conditions
from tests.edge_agent.policy_kit import FRONT
from tests.faults.lan_house import LanHouse, a_lan_house, standing_still
from tests.faults.lockd_bench import until
from tests.guest_ui.browser import NAME, Phone, a_phone
from tests.guest_ui.guest_book import (
    ADAS_LINK,
    ADAS_PIN,
    EVA,
    EVAS_LINK,
    EVAS_PIN,
    LUIS_LINK,
    the_book,
)

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]

FRONT_DOOR = f'[data-door="{FRONT}"]'
UNLOCK = f'{FRONT_DOOR} [data-move="open"]'


@dataclass
class Town:
    """The house, a browser, and the book's next number."""

    house: LanHouse
    browser: Browser
    versions: "count[int]"

    async def gives_book(self, *, revoked: tuple[UUID, ...] = ()) -> None:
        """A new book."""
        frame = the_book(self.house.bench.me, next(self.versions), revoked=revoked)
        taken = await self.house.lockd.client.take("snapshot", frame)
        assert taken.flaw is None, taken


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def town(tmp_path_factory: pytest.TempPathFactory, browser: Browser) -> AsyncIterator[Town]:
    async with a_lan_house(tmp_path_factory.mktemp("lan")) as house:
        made = Town(house, browser, count(2))
        await house.bench.door.set_conditions(Conditions(auto_lock_seconds=1))
        await made.gives_book()
        yield made


@pytest_asyncio.fixture(loop_scope="session")
async def ada(town: Town) -> AsyncIterator[Phone]:
    """Signed in by her link; nothing may be held against our pages at the end."""
    async with a_phone(town.browser, town.house.port) as phone:
        await phone.goes_to(f"/#{ADAS_LINK}")
        await phone.sees("Hello, Ada")
        yield phone
        assert phone.complaints == []


async def test_the_link_signs_in_and_leaves_no_secret_behind(ada: Phone) -> None:
    assert ADAS_LINK not in ada.page.url
    assert ADAS_LINK not in str(await ada.page.evaluate("JSON.stringify(history.state)"))
    assert await ada.page.evaluate("document.cookie") == ""
    await ada.page.reload()
    await ada.sees("Hello, Ada")


async def test_a_tap_opens_the_door_once(town: Town, ada: Phone) -> None:
    openings = len(await town.house.bench.openings())
    await ada.page.locator(UNLOCK).click()
    await ada.sees("Open.", within=FRONT_DOOR)
    assert len(await town.house.bench.openings()) == openings + 1


async def test_a_stuck_bolt_is_not_told_as_open(town: Town, ada: Phone) -> None:
    openings = len(await town.house.bench.openings())
    await until(town.house.bench.door.snapshot, lambda lock: lock.bolt == "locked")
    await town.house.bench.door.set_conditions(Conditions(jammed=True))
    await ada.page.locator(UNLOCK).click()
    await ada.sees("The door did not move: the bolt is stuck", within=FRONT_DOOR)
    await town.house.bench.door.set_conditions(Conditions(auto_lock_seconds=1))
    assert len(await town.house.bench.openings()) == openings


async def test_a_tap_held_up_too_long_is_told_as_too_late(town: Town, ada: Phone) -> None:
    """As after ten seconds of standing still: the page is made to believe it is so much earlier."""
    openings = len(await town.house.bench.openings())

    async def behind(route: Route) -> None:
        by_address = route.request.url.replace(NAME, "127.0.0.1")
        answer = await route.fetch(url=by_address)
        stay = await answer.json()
        await route.fulfill(response=answer, json={**stay, "clock": stay["clock"] - 9.0})

    await ada.page.route("**/api/stay", behind)
    await ada.page.reload()
    await ada.sees("Hello, Ada")
    with standing_still(town.house.agent):
        await ada.page.locator(UNLOCK).click()
        await asyncio.sleep(1.1)
    await ada.sees("Not opened: that took too long, please try again", within=FRONT_DOOR)
    assert len(await town.house.bench.openings()) == openings
    await ada.page.unroute_all(behavior="wait")


async def test_the_pin_is_shown_when_asked_for(ada: Phone) -> None:
    assert ADAS_PIN not in await ada.reads()
    await ada.page.get_by_role("button", name="Show").click()
    await ada.sees(ADAS_PIN)
    await ada.page.get_by_role("button", name="Hide").click()
    assert ADAS_PIN not in await ada.reads()


async def test_after_a_revocation_nothing_of_the_stay_is_left_on_the_page(town: Town) -> None:
    async with a_phone(town.browser, town.house.port) as eva:
        await eva.goes_to(f"/#{EVAS_LINK}")
        await eva.page.get_by_role("button", name="Show").click()
        await eva.sees(EVAS_PIN)
        await town.gives_book(revoked=(EVA,))
        await eva.looks_again()
        await eva.sees("this access was withdrawn")
        assert EVAS_PIN not in await eva.page.content()
        assert await eva.page.locator(UNLOCK).count() == 0
        assert "Eva" not in await eva.reads()
        await eva.goes_to(f"/#{EVAS_LINK}")
        await eva.sees("A newer message may hold a newer link")
        assert eva.complaints == []


async def test_a_wrong_link_says_so(town: Town) -> None:
    async with a_phone(town.browser, town.house.port) as stranger:
        await stranger.goes_to(f"/#{'0' * 64}")
        await stranger.sees("This link does not open anything here")
        await stranger.sees("Open the link in your message")
        assert await stranger.page.locator("button:visible").count() == 0
        assert stranger.complaints == []


async def test_whoever_scans_the_sign_learns_where_their_link_is(town: Town) -> None:
    async with a_phone(town.browser, town.house.port, locale="es-ES") as stranger:
        await stranger.goes_to("/")
        await stranger.sees("Abra el enlace de su mensaje")
        assert not await stranger.is_wider_than_its_screen()
        await stranger.page.get_by_role("link", name="Unirse a la estancia").click()
        await stranger.sees("Escanee el código QR en el móvil de quien reservó")
        assert stranger.complaints == []


async def test_a_second_phone_with_the_same_link_is_as_good_as_the_first(
    town: Town, ada: Phone
) -> None:
    async with a_phone(town.browser, town.house.port) as second:
        await second.goes_to(f"/#{ADAS_LINK}")
        await second.sees("Hello, Ada")
        await ada.page.reload()
        await ada.sees("Hello, Ada")
        await second.page.get_by_role("button", name="Sign out").click()
        await second.sees("Open the link in your message")
        await ada.page.reload()
        await ada.sees("Hello, Ada")


async def test_without_a_clipboard_the_pin_is_selected_whole(ada: Phone) -> None:
    await ada.page.get_by_role("button", name="Copy").click()
    await ada.sees("selected: hold it to copy")
    assert await ada.page.evaluate("String(getSelection()).trim()") == ADAS_PIN
    await ada.page.evaluate(
        "Object.defineProperty(navigator, 'clipboard', {value: {writeText: (t) => { window.taken = t; }}})"
    )
    await ada.page.get_by_role("button", name="Copy").click()
    await ada.sees("copied")
    assert await ada.page.evaluate("window.taken") == ADAS_PIN


async def test_a_companion_is_let_in_with_the_bookers_yes(town: Town, ada: Phone) -> None:
    stay = await ada.page.evaluate("fetch('/api/stay').then((answer) => answer.json())")
    async with a_phone(town.browser, town.house.port) as friend:
        await friend.goes_to(f"/join#{stay['join_code']}")
        await friend.page.locator("[name=name]").fill("Bruno")
        await friend.page.locator("[name=door]").check()
        await friend.page.locator("#ask button").click()
        await friend.sees("Asked. Bruno, wait for a yes")
        await ada.looks_again()
        await ada.sees("Bruno asks for")
        await ada.page.get_by_role("button", name="Allow").click()
        await friend.sees("Hello, Bruno")
        await friend.page.locator(UNLOCK).wait_for(state="visible")
        assert await friend.page.get_by_role("button", name="Show").count() == 0
        await ada.page.get_by_role("button", name="Remove").click()
        await ada.sees("ended", within="#requests")
        await friend.looks_again()
        await friend.sees("This page shows nothing any more")
        assert friend.complaints == []


async def test_a_made_up_code_is_told_before_anything_is_filled_in(town: Town) -> None:
    async with a_phone(town.browser, town.house.port, locale="es-ES") as stranger:
        await stranger.goes_to("/join#join-made-up-code-of-mine")
        await stranger.sees("Esta casa no conoce este código")
        assert not await stranger.page.locator("#ask").is_visible()
        assert stranger.complaints == []


async def test_a_guest_is_spoken_to_in_their_language_whatever_their_phone_speaks(
    town: Town,
) -> None:
    async with a_phone(town.browser, town.house.port, colours="dark") as luis:
        await luis.goes_to(f"/#{LUIS_LINK}")
        await luis.sees("Hola, Luis")
        assert await luis.page.evaluate("document.documentElement.lang") == "es"
        assert await luis.page.locator(UNLOCK).inner_text() == "Abrir"
        assert not await luis.is_wider_than_its_screen()
        assert luis.complaints == []


async def test_every_field_and_button_has_a_name_and_room_for_a_thumb(ada: Phone) -> None:
    assert not await ada.is_wider_than_its_screen()
    nameless = await ada.page.evaluate(
        """[...document.querySelectorAll("button, input, img, summary")]
           .filter((each) => each.checkVisibility())
           .filter((each) => !(each.innerText || each.alt || each.labels?.[0]?.innerText))
           .map((each) => each.outerHTML)"""
    )
    assert nameless == []
    heights = await ada.page.locator("button:visible").evaluate_all(
        "(all) => all.map((each) => each.getBoundingClientRect().height)"
    )
    assert min(heights) >= 44
    assert await ada.page.locator("h1").count() == 1


async def test_the_browser_loads_nothing_from_elsewhere(ada: Phone) -> None:
    asked = await ada.page.evaluate("performance.getEntriesByType('resource').map((e) => e.name)")
    assert asked
    assert [each for each in asked if not each.startswith(ada.house)] == []


async def test_a_secret_context_is_not_taken_for_granted(ada: Phone) -> None:
    """The pages work where a browser withholds what it keeps for secure addresses."""
    assert await ada.page.evaluate("isSecureContext") is False
