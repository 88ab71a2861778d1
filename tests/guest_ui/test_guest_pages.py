"""Are the pages whole, and is everything said in both languages?"""

import re
from importlib.resources import files
from string import Formatter

import pytest

from guest_ui import assets
from guest_ui.texts import CATALOGUE, ENGLISH
from protocol.access import Refusal
from protocol.facts import PinState
from protocol.live import Outcome

SCRIPTS = [path for path in assets() if path.endswith(".js")]
PAGES = ["/", "/join", "/sign"]


@pytest.mark.parametrize("language", sorted(CATALOGUE))
def test_every_language_says_the_same_things(language: str) -> None:
    words = CATALOGUE[language]
    assert words.keys() == ENGLISH.keys()
    for key, sentence in words.items():
        assert _blanks(sentence) == _blanks(ENGLISH[key]), key


@pytest.mark.parametrize("refusal", list(Refusal))
def test_every_refusal_has_a_sentence(refusal: Refusal) -> None:
    assert ENGLISH[f"refusal.{refusal.value}"]


@pytest.mark.parametrize("outcome", list(Outcome))
def test_every_outcome_has_a_sentence(outcome: Outcome) -> None:
    assert ENGLISH[f"outcome.{outcome.value}"]


@pytest.mark.parametrize("state", list(PinState))
def test_every_state_of_a_pin_has_words(state: PinState) -> None:
    assert ENGLISH[f"pin.{state.value}"]


def test_no_text_is_kept_that_no_page_says() -> None:
    pages = "".join(asset.content.decode() for path, asset in assets().items() if _speaks(path))
    pages += (files("guest_ui") / "sign.py").read_text()
    families = {"refusal", "reason", "outcome", "pin", "want", "request", "music", "door.bolt"}
    unused = [
        key
        for key in ENGLISH
        if f'"{key}"' not in pages
        and key.rpartition(".")[0] not in families
        and not re.search(rf"`{re.escape(key.rpartition('.')[0])}\.\$", pages)
    ]
    assert unused == []


def test_every_text_a_page_names_exists() -> None:
    for path in [*PAGES, *SCRIPTS]:
        source = assets()[path].content.decode()
        named = re.findall(r'data-text="([\w.]+)"', source) + re.findall(
            r'text\("([\w.]+)"', source
        )
        assert [key for key in named if key not in ENGLISH] == [], path


@pytest.mark.parametrize("path", [*PAGES, *SCRIPTS, "/static/portero.css"])
def test_nothing_is_loaded_from_elsewhere(path: str) -> None:
    source = assets()[path].content.decode()
    assert not re.search(r"https?://|//[a-z]+\.[a-z]", source)


@pytest.mark.parametrize("path", PAGES)
def test_pages_hold_no_inline_script_or_style_and_load_what_exists(path: str) -> None:
    source = assets()[path].content.decode()
    assert not re.search(r"<script(?![^>]*src=)|\son\w+=|\sstyle=|<style", source)
    loaded = re.findall(r'(?:src|href)="(/[^"]+)"', source)
    assert loaded
    assert set(loaded) <= assets().keys()


@pytest.mark.parametrize("path", SCRIPTS)
def test_scripts_build_no_html_from_words_and_evaluate_none(path: str) -> None:
    source = assets()[path].content.decode()
    assert not re.search(r"innerHTML|outerHTML|insertAdjacentHTML|document\.write|eval\(", source)


@pytest.mark.parametrize("path", SCRIPTS)
def test_scripts_import_only_what_is_served(path: str) -> None:
    source = assets()[path].content.decode()
    assert set(re.findall(r'from "([^"]+)"', source)) <= assets().keys()


def _blanks(sentence: str) -> set[str]:
    return {name for _, name, _, _ in Formatter().parse(sentence) if name}


def _speaks(path: str) -> bool:
    return path in PAGES or path in SCRIPTS
