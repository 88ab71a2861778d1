"""What do the page tests need of this machine? One browser for all of them."""

from collections.abc import AsyncIterator

import pytest_asyncio
from playwright.async_api import Browser

from tests.guest_ui import browser as browsers

# `make test` installs Chromium where it may, and says what is left out where it may not.
collect_ignore = (
    [] if browsers.is_here() else ["test_in_a_browser.py", "test_music_in_a_browser.py"]
)


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def browser() -> AsyncIterator[Browser]:
    async with browsers.a_browser() as running:
        yield running
