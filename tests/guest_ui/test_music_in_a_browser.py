"""What do a guest's music and a host's sign look like on a phone? Real browser, the house's own API.

lockd and the music server stand in at their ports; by name, not by a loopback address.
"""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass, replace

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from edge_agent.actions.home import Home
from edge_agent.actions.music import Music, MusicDevices
from edge_agent.doorkeeper import MusicPermit
from edge_agent.local_api.server import lan_application, listening
from protocol.access import Role
from protocol.ids import HouseId
from protocol.music import MusicRules
from protocol.signing import Signer
from tests.edge_agent.doorman import CLOUD_KID, Doorman
from tests.edge_agent.guests import BOOKER_SECRET, Guests
from tests.edge_agent.local_api.conftest import CONFIG, well
from tests.edge_agent.policy_kit import HOUSE
from tests.edge_agent.speakers_here import SpeakersHere, a_player
from tests.guest_ui.browser import Phone, a_phone

pytestmark = [pytest.mark.asyncio(loop_scope="session"), pytest.mark.timeout(60)]

LOUDNESS = "#music input[type=range]"


@dataclass
class Room:
    """A house with music, and a phone in it."""

    guests: Guests
    doorman: Doorman
    speakers: SpeakersHere
    phone: Phone

    def rules(self, rules: MusicRules, *, leads: bool = True) -> None:
        """From now on."""
        change = {"rules": rules, "leads": leads}
        self.doorman.permit_answer = self.doorman.permit_answer.model_copy(update=change)

    def waiting(self) -> list[str]:
        return self.speakers.queued.get("speaker-1", [])


@pytest_asyncio.fixture(scope="module", loop_scope="session")
async def house_with_music(browser: Browser) -> AsyncIterator[Room]:
    guests = Guests(house_name="Casa del Mar")
    doorman = Doorman.of(HouseId(HOUSE), Signer.from_seed(CLOUD_KID, b"\x07" * 32))
    doorman.permit_answer = MusicPermit(
        allowed=True, grant=guests.grant, ceiling=60, players=(guests.rights(),)
    )
    speakers = SpeakersHere(readings={"speaker-1": a_player("speaker-1")})
    devices = MusicDevices(speakers, speakers, speakers, speakers, None, speakers)
    application = lan_application(
        replace(CONFIG, addresses=("http://portero.local",)),
        guests=guests,
        music=Music(doorman, devices),
        home=Home(doorman, None),
        health=well,
        now=asyncio.get_running_loop().time,
    )
    async with (
        listening(CONFIG, application) as port,
        a_phone(browser, port) as phone,
    ):
        await phone.goes_to(f"/#{BOOKER_SECRET}")
        await phone.sees("Hello, Ana")
        await phone.sees("Casa del Mar")
        await phone.sees("Living room")
        yield Room(guests, doorman, speakers, phone)
        assert phone.complaints == []


@pytest_asyncio.fixture(loop_scope="session")
async def room(house_with_music: Room) -> Room:
    """As on the first day, and the page opened anew: no test leans on another."""
    room = house_with_music
    room.rules(MusicRules())
    room.guests.role = Role.GUEST
    room.speakers.queued.clear()
    room.speakers.readings["speaker-1"] = a_player("speaker-1")
    await room.phone.goes_to("/")
    await room.phone.sees("Living room")
    return room


async def test_a_volume_that_stops_says_why(room: Room) -> None:
    await room.phone.sees("No louder than 60 % now, for the neighbours")
    async with room.phone.page.expect_response("**/volume"):
        await room.phone.page.locator(LOUDNESS).fill("90")
    await room.phone.sees("Held at 60 %: quiet hours, or what the neighbours are owed")
    assert await room.phone.page.locator(LOUDNESS).input_value() == "60"
    assert room.speakers.readings["speaker-1"].volume == 60


async def test_shelves_are_looked_through_by_kind_and_page(room: Room) -> None:
    page = room.phone.page
    await page.get_by_role("button", name="Albums").click()
    await room.phone.sees("some album · Someone", within="#music-found")
    await page.get_by_role("button", name="Tracks").click()
    await room.phone.sees("song 19", within="#music-found")
    await page.get_by_role("button", name="More").click()
    await room.phone.sees("song 39", within="#music-found")
    assert await page.locator("#music-found li:not(.more)").count() == 40


async def test_the_queue_shows_whose_it_is_and_a_full_one_says_so(room: Room) -> None:
    page = room.phone.page
    room.rules(MusicRules(waiting_each=1))
    await page.locator("[name=query]").fill("sun")
    await page.locator("[name=query]").press("Enter")
    await room.phone.sees("sun track", within="#music-found")
    for wanted in ("sun track", "sun album"):
        line = page.locator("#music-found li", has_text=wanted)
        await line.get_by_role("button", name="Add").click()
    await page.get_by_text("What comes next").click()
    await room.phone.sees("yours", within="details ul")
    await room.phone.sees("now", within="details ul")
    line = page.locator("#music-found li", has_text="sun artist")
    await line.get_by_role("button", name="Add").click()
    await room.phone.sees("enough of yours is waiting already")
    assert len(room.waiting()) == 2


async def test_taking_turns_is_said_to_who_would_jump_the_queue(room: Room) -> None:
    room.rules(MusicRules(take_turns=True), leads=False)
    await room.phone.page.get_by_role("button", name="Playlists").click()
    line = room.phone.page.locator("#music-found li", has_text="some playlist")
    await line.get_by_role("button", name="Play").click()
    await room.phone.sees("here everybody takes turns; add it to the queue instead")
    assert room.waiting() == []


async def test_nothing_of_it_is_wider_than_the_phone(room: Room) -> None:
    assert not await room.phone.is_wider_than_its_screen()
    heights = await room.phone.page.locator("button:visible").evaluate_all(
        "(all) => all.map((each) => each.getBoundingClientRect().height)"
    )
    assert min(heights) >= 44


async def test_a_host_draws_the_sign_and_prints_it_alone(room: Room) -> None:
    page = room.phone.page
    await room.phone.goes_to("/sign")
    await room.phone.sees("The sign is printed by the host")
    room.guests.role = Role.STAFF
    await room.phone.goes_to("/")
    await page.get_by_role("link", name="Print the sign for the house").click()
    await page.locator("[name=wifi]").fill("Guests")
    await page.locator("[name=password]").fill("wifi-canary-9")
    await page.get_by_role("button", name="Draw").click()
    await page.locator("#drawn svg path").first.wait_for(state="visible")
    assert await page.locator("#drawn svg path").count() == 3
    assert "wifi-canary-9" not in await page.locator("#drawn").inner_html()
    async with page.expect_download() as saved:
        await page.get_by_role("button", name="PNG").click()
    assert (await (await saved.value).path()).read_bytes().startswith(b"\x89PNG")
    await page.emulate_media(media="print")
    assert await page.locator("#drawn svg").is_visible()
    assert not await page.locator("#wanted").is_visible()
    await page.emulate_media(media="screen")
    assert not await room.phone.is_wider_than_its_screen()
