"""How do tests look at the pages as a phone does? The system's Chromium, driven by Playwright.

The house is called by name: on a loopback address a browser grants more than it does in a house.
"""

import contextlib
import shutil
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from typing import Literal

from playwright.async_api import Browser, ConsoleMessage, Page, Response, async_playwright

NAME = "portero.local"
PHONE = {"width": 390, "height": 844}
_ARGUMENTS = (
    "--no-sandbox",  # a container's root may not have one
    "--disable-gpu",
    "--disable-background-networking",
    f"--host-resolver-rules=MAP {NAME} 127.0.0.1",
)


def is_here() -> bool:
    """Is there a Chromium on this machine?"""
    return shutil.which("chromium") is not None


@contextlib.asynccontextmanager
async def a_browser() -> AsyncIterator[Browser]:
    """One process for many phones."""
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=shutil.which("chromium"), args=list(_ARGUMENTS)
        )
        try:
            yield browser
        finally:
            await browser.close()


@dataclass
class Phone:
    """One person's phone. `complaints`: whatever its browser held against our pages."""

    page: Page
    house: str
    complaints: list[str] = field(default_factory=list)

    async def goes_to(self, path: str) -> None:
        """Scan a code, or follow a link."""
        await self.page.goto(f"{self.house}{path}")

    async def sees(self, words: str, *, within: str = "body") -> None:
        """Wait until these words can be read. TimeoutError from Playwright when they never are."""
        await self.page.locator(within).get_by_text(words).first.wait_for(state="visible")

    async def looks_again(self) -> None:
        """Take the phone in hand anew; without that the page asks the house every few seconds."""
        await self.page.evaluate("document.dispatchEvent(new Event('visibilitychange'))")

    async def reads(self) -> str:
        """All that can be read."""
        return await self.page.locator("body").inner_text()

    async def is_wider_than_its_screen(self) -> bool:
        """Whether one would have to push the page sideways."""
        return bool(
            await self.page.evaluate(
                "document.documentElement.scrollWidth > document.documentElement.clientWidth"
            )
        )


@contextlib.asynccontextmanager
async def a_phone(
    browser: Browser,
    port: int,
    *,
    locale: str = "en-GB",
    colours: Literal["light", "dark"] = "light",
) -> AsyncIterator[Phone]:
    """A phone in the house's Wi-Fi with a profile of its own."""
    context = await browser.new_context(
        viewport={"width": PHONE["width"], "height": PHONE["height"]},
        locale=locale,
        color_scheme=colours,
        device_scale_factor=2,
    )
    context.set_default_timeout(15_000)
    try:
        phone = Phone(await context.new_page(), f"http://{NAME}:{port}")
        _listen(phone)
        yield phone
    finally:
        await context.close()


def _listen(phone: Phone) -> None:
    def on_console(message: ConsoleMessage) -> None:
        # A refusal is an answer; the browser writes a line of its own for each.
        if message.type in {"error", "warning"} and "Failed to load resource" not in message.text:
            phone.complaints.append(message.text)

    def on_response(response: Response) -> None:
        if response.status >= 500:
            phone.complaints.append(f"{response.status} {response.url}")

    phone.page.on("console", on_console)
    phone.page.on("pageerror", lambda error: phone.complaints.append(str(error)))
    phone.page.on("response", on_response)
