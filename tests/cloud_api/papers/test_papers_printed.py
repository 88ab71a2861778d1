"""Every paper in every language: the guest's data on it, no missing letters, nothing fetched."""

import asyncio
import re
import shutil
import socket
import subprocess
import unicodedata
from dataclasses import replace
from datetime import UTC, date, datetime, time
from io import BytesIO
from pathlib import Path
from uuid import uuid4

import pytest
from pypdf import PdfReader

from cloud_api.kit.money import Money
from cloud_api.papers import drawing
from cloud_api.papers.errors import PaperNotMade
from cloud_api.papers.printing.service import Press
from cloud_api.papers.tongues import CATALOGUES, nearest, tongue_of
from cloud_api.papers.types import LANGUAGES, Entry, PaperKind, Reckoning, StayFacts
from cloud_api.reservations.types import Status

FACTS = StayFacts(
    reservation_id=uuid4(),
    organisation_id=uuid4(),
    organisation="Casas del Mar",
    property_name="Casa del Mar",
    address="Av. Larco 123\nLima",
    house="Beach house",
    units=("Room 1", "Room 2"),
    code="PT7K2M9Q",
    status=Status.HELD,
    confirmed=False,
    guest="Zoë Müller",
    guests=3,
    check_in=date(2027, 1, 4),
    check_out=date(2027, 1, 8),
    check_in_from=time(15),
    check_out_until=time(11),
    zone="America/Lima",
    booked_at=datetime(2026, 11, 30, 3, 0, tzinfo=UTC),
    version=1,
    language="en",
    reckoning=Reckoning(
        payments=(Entry(date(2026, 12, 1), "transfer 77", Money(12_345, "PEN")),),
        total=Money(48_000, "PEN"),
        paid=Money(12_345, "PEN"),
        due=Money(35_655, "PEN"),
    ),
)
SCRIPTS = {"ar": "ARABIC", "hi": "DEVANAGARI", "ja": "HIRAGANA", "zh": "CJK"}
needs_poppler = pytest.mark.skipif(
    shutil.which("pdffonts") is None, reason="poppler-utils is not installed here"
)


def letters(pdf: bytes) -> str:
    text = "\n".join(page.extract_text() for page in PdfReader(BytesIO(pdf)).pages)
    return unicodedata.normalize("NFKC", re.sub("[\u2066-\u2069\u200e\u200f]", "", text))


def missing_glyphs(pdf: bytes) -> int:
    """How many characters lead to glyph 0, the empty box: the press writes an encoding for them."""
    boxes = 0
    for page in PdfReader(BytesIO(pdf)).pages:
        for font in page["/Resources"]["/Font"].values():  # type: ignore[index] # a page with words has fonts
            encoding = font.get_object()["/Encoding"]
            if not isinstance(encoding, str):
                boxes += len(re.findall(rb"<[0-9a-f]{4}> 0\b", encoding.get_object().get_data()))
    return boxes


async def printed(language: str, kind: PaperKind = PaperKind.CONFIRMATION) -> bytes:
    facts = replace(FACTS, language=language)
    return await Press().pdf(drawing.paper(facts, kind, card=None))


@pytest.mark.parametrize("language", LANGUAGES)
async def test_the_confirmation_says_the_guests_data_in_this_language(language: str) -> None:
    pdf = await printed(language)
    seen = letters(pdf)
    for known in ("PT7K2M9Q", "Zoë Müller", "Casa del Mar", "Beach house", "2027"):
        assert known in seen, known
    assert missing_glyphs(pdf) == 0
    if language in SCRIPTS:
        names = {unicodedata.name(each, "").split(" ")[0] for each in seen}
        assert SCRIPTS[language] in names
    else:
        assert tongue_of(language).say("Booking confirmation") in seen


async def test_a_letter_no_font_has_is_noticed_by_this_very_test() -> None:
    page = "<html style='font-family: \"Noto Sans\"'>a\U000e0fff\uf8ff\U0010fffd</html>"
    assert missing_glyphs(await Press().pdf(page)) > 0


@needs_poppler
@pytest.mark.parametrize(
    ("language", "font"),
    [
        ("en", "Noto-Sans"),
        ("ar", "Noto-Sans-Arabic"),
        ("hi", "Noto-Sans-Devanagari"),
        ("ja", "Noto-Sans-CJK-JP"),
        ("zh", "Noto-Sans-CJK-SC"),
    ],
)
async def test_the_fonts_are_the_installed_ones_and_go_along(
    language: str, font: str, tmp_path: Path
) -> None:
    place = tmp_path / "paper.pdf"
    place.write_bytes(await printed(language))
    told = subprocess.run(  # noqa: ASYNC221, S603 - our own file; a test may wait
        ["pdffonts", place],  # noqa: S607 - wherever it is installed
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    rows = told.splitlines()[2:]
    assert any(font in row for row in rows)
    for row in rows:
        embedded = row.split()[-5]
        assert embedded == "yes", row


@needs_poppler
async def test_arabic_runs_from_the_right_and_foreign_words_in_it_from_the_left(
    tmp_path: Path,
) -> None:
    page = drawing.paper(replace(FACTS, language="ar"), PaperKind.CONFIRMATION, card=None)
    assert '<html lang="ar" dir="rtl">' in page
    place = tmp_path / "paper.pdf"
    place.write_bytes(await Press().pdf(page))
    told = subprocess.run(  # noqa: ASYNC221, S603 - our own file; a test may wait
        ["pdftotext", "-bbox", place, "-"],  # noqa: S607 - wherever it is installed
        check=True,
        capture_output=True,
        text=True,
    ).stdout
    where = {
        word: float(left) for left, word in re.findall(r'xMin="([\d.]+)"[^>]*>([^<]+)</word>', told)
    }
    assert where["Zoë"] < where["Müller"]
    label = where["الضيف"[::-1]]  # told as it is seen, from the left
    assert label > where["Zoë"]


@pytest.mark.parametrize("language", LANGUAGES)
def test_no_language_lacks_a_sentence(language: str) -> None:
    def sentences(name: str) -> dict[str, str]:
        told = (CATALOGUES / f"{name}.po").read_text()
        return dict(re.findall(r'msgid "(.+)"\nmsgstr "(.*)"', told))

    english, mine = sentences("en"), sentences(language)
    assert mine.keys() == english.keys()
    assert [words for words, said in mine.items() if not said] == []
    for words, said in mine.items():
        assert set(re.findall(r"\{\w+\}", words)) == set(re.findall(r"\{\w+\}", said)), words


def test_every_sentence_the_code_says_is_in_the_catalogues() -> None:
    folder = CATALOGUES.parent
    english = (CATALOGUES / "en.po").read_text()
    said = set(drawing.TITLES.values()) | set(drawing.STATUS_WORDS.values())
    for place in (*folder.glob("*.py"), *folder.glob("templates/*.html")):
        said |= set(re.findall(r'\b(?:say|gettext|plain)\(\s*"([^"]+)"', place.read_text()))
    assert len(said) > 25
    assert [words for words in said if f'msgid "{words}"' not in english] == []


@pytest.mark.parametrize(
    ("asked", "spoken"), [("pt-BR", "pt"), ("zh-Hant-TW", "zh"), ("nl", "en"), (None, "en")]
)
def test_a_guest_is_answered_in_the_nearest_language(asked: str | None, spoken: str) -> None:
    assert nearest(asked) == spoken


@pytest.mark.parametrize("language", LANGUAGES)
def test_amounts_are_exact_to_the_minor_unit_of_their_currency(language: str) -> None:
    tongue = tongue_of(language)

    def digits(money: Money) -> str:
        return re.sub(r"\D", "", tongue.amount(money))

    assert digits(Money(123_456_789, "EUR")) == "123456789"
    assert digits(Money(4_500, "CLP")) == "4500"
    assert digits(Money(-1, "USD")) == "001"


async def test_an_unconfirmed_booking_asks_to_be_confirmed_and_a_confirmed_one_does_not() -> None:
    asks = letters(await printed("en"))
    assert "Please confirm it in time" in asks
    settled = replace(FACTS, status=Status.CONFIRMED, confirmed=True)
    page = drawing.paper(settled, PaperKind.CONFIRMATION, card=None)
    assert "Please confirm" not in page


async def test_a_receipt_lists_what_was_paid_and_says_so_where_nothing_was() -> None:
    paid = letters(await printed("en", PaperKind.RECEIPT))
    assert "transfer 77" in paid
    assert "123.45" in paid
    nothing = replace(FACTS, reckoning=Reckoning())
    page = drawing.paper(nothing, PaperKind.RECEIPT, card=None)
    assert "No payments have been recorded." in page


def test_what_a_guest_writes_is_words_and_never_a_part_of_the_page() -> None:
    sly = replace(FACTS, guest='<img src="file:///etc/passwd">', address="<script>")
    page = drawing.paper(sly, PaperKind.CONFIRMATION, card=None)
    assert "<img" not in page
    assert "<script" not in page


async def test_the_press_fetches_nothing_from_anywhere(tmp_path: Path) -> None:
    secret = tmp_path / "secret.svg"
    secret.write_text("<svg xmlns='http://www.w3.org/2000/svg'><text>TOLD</text></svg>")
    with socket.create_server(("127.0.0.1", 0)) as listener:
        listener.setblocking(False)
        port = listener.getsockname()[1]
        page = f"""<html><head><link rel=stylesheet href="http://127.0.0.1:{port}/a.css">
            <style>@import url(http://127.0.0.1:{port}/b.css);
            @font-face {{ font-family: x; src: url(http://127.0.0.1:{port}/c.ttf) }}
            p {{ font-family: x; background: url(http://127.0.0.1:{port}/d.png) }}</style></head>
            <body><p>words<img src="http://127.0.0.1:{port}/e.png"><img src="{secret.as_uri()}">
            <object data="{secret.as_uri()}"></object>
            <a rel=attachment href="{secret.as_uri()}">x</a></body></html>"""
        pdf = await Press().pdf(page)
        with pytest.raises(BlockingIOError):
            listener.accept()
    assert "words" in letters(pdf)
    assert "TOLD" not in letters(pdf)
    assert not PdfReader(BytesIO(pdf)).attachments


async def test_a_paper_that_takes_too_long_is_given_up_and_its_press_is_stopped() -> None:
    endless = "<p>word</p>" * 200_000
    with pytest.raises(PaperNotMade):
        await Press(seconds=1.0).pdf(endless)
    async with asyncio.timeout(20):
        assert (await Press().pdf("<p>next</p>")).startswith(b"%PDF-")
