"""Which words come along with Portero?

`templates/<event>/<language>/`: `subject.txt`, `body.txt` and `body.html` of the mail, `short.txt`
for everything else.
"""

from functools import cache
from pathlib import Path

from cloud_api.messaging.types import Medium, MessageEvent
from cloud_api.messaging.wording.types import Words

_FOLDER = Path(__file__).parent.parent / "templates"


@cache
def shipped(event: MessageEvent, medium: Medium, language: str) -> Words | None:
    """The words for this event in exactly this language."""
    if language not in languages_shipped():
        return None
    folder = _FOLDER / event / language
    if medium is not Medium.EMAIL:
        return Words(body=(folder / "short.txt").read_text())
    return Words(
        body=(folder / "body.txt").read_text(),
        subject=(folder / "subject.txt").read_text(),
        html=(folder / "body.html").read_text(),
    )


@cache
def languages_shipped() -> frozenset[str]:
    """In which languages all of them are there."""
    folders = [_FOLDER / event for event in MessageEvent]
    found = [{each.name for each in folder.iterdir()} for folder in folders]
    return frozenset(set.intersection(*found))


@cache
def layout() -> str:
    """The page a mail's text stands in."""
    return (_FOLDER / "layout.html").read_text()
