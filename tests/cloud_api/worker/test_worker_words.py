"""What does an operator read of jobs and dead letters on the command line?"""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

import pytest

from cloud_api.jobs.types import DeadLetter
from portero.verbs.worker import shown, told

_AT = datetime(2026, 3, 1, 12, tzinfo=UTC)


def test_a_dead_letter_shows_what_the_api_shows_and_no_secret() -> None:
    letter = DeadLetter(
        id=7,
        reaction="access.take_fact",
        event_id=41,
        event_name="fleet.house_fact_received",
        organisation_id=uuid4(),
        occurred_at=_AT,
        failed_at=_AT,
        tries=10,
        error="ValueError: broken at cloud_api/access/reactions.py:1 in take",
        payload={"house_id": "h", "pin": "918273", "body": {"token": "s3cret", "kind": "moved"}},
    )
    text = shown(letter)
    assert text.startswith("7  access.take_fact on fleet.house_fact_received (event 41), given up")
    assert "after 10 tries" in text
    assert "ValueError: broken" in text
    assert "moved" in text
    assert "918273" not in text
    assert "s3cret" not in text


@dataclass(frozen=True)
class Counted:
    """As a job might report."""

    expired_holds: int
    codes: tuple[str, ...]


@pytest.mark.parametrize(
    ("report", "words"),
    [
        (None, "done"),
        (3, "3"),
        ({"sessions": 4, "requests": 0}, "4 sessions, 0 requests"),
        ({}, "nothing"),
        ([], "0"),
        (["a", "b"], "2\n    a\n    b"),
        (Counted(2, ("QK7", "ZW2")), "expired holds: 2, codes: 2\n    QK7\n    ZW2"),
    ],
)
def test_a_jobs_report_is_a_line_for_people(report: object, words: str) -> None:
    assert told(report) == words
