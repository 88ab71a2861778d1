"""Do money, codes, logs and pages keep to what they promise?"""

import io
import json

import pytest
import structlog
from hypothesis import given
from hypothesis import strategies as st
from pydantic import TypeAdapter, ValidationError

from cloud_api.kit import logs
from cloud_api.kit.errors import Problem, problem_document
from cloud_api.kit.health import Finding, Health, overall
from cloud_api.kit.ids import READABLE, human_code, new_secret
from cloud_api.kit.money import CurrencyMismatchError, Money
from cloud_api.kit.paging import Window, page_of
from cloud_api.kit.text import Email, Line

minors = st.integers(min_value=-(10**9), max_value=10**9)


@given(minors, minors)
def test_money_adds_exactly(a: int, b: int) -> None:
    assert Money(a, "PEN") + Money(b, "PEN") == Money(a + b, "PEN")


def test_money_of_two_currencies_does_not_add() -> None:
    with pytest.raises(CurrencyMismatchError):
        Money(1, "PEN") + Money(1, "USD")


@pytest.mark.parametrize("value", [1.5, "12.34", True, None, 2**53])
def test_money_from_outside_is_whole_and_exact(value: object) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Money).validate_json(json.dumps({"minor": value, "currency": "PEN"}))


def test_a_code_uses_the_given_choice_and_no_confusing_letters() -> None:
    assert human_code("RES", length=3, choose=lambda letters: letters[0]) == "RES222"
    assert not set("0O1IL") & set(READABLE)


def test_secrets_do_not_repeat() -> None:
    assert len({new_secret() for _ in range(100)}) == 100


@given(total=st.integers(0, 50), limit=st.integers(1, 20))
def test_following_next_visits_everything_once(total: int, limit: int) -> None:
    seen: list[int] = []
    offset: int | None = 0
    while offset is not None:
        window = Window(limit=limit, offset=offset)
        items = list(range(total))[offset : offset + limit]
        seen.extend(items)
        offset = page_of(items, total=total, window=window).next
    assert seen == list(range(total))


def test_extra_members_of_a_problem_cannot_replace_the_standard_ones() -> None:
    document = problem_document(status=409, code="x", title="X", extra={"status": 200, "more": 1})
    assert (document["status"], document["more"]) == (409, 1)
    assert Problem().document()["code"] == "internal_error"


@pytest.mark.parametrize(
    ("found", "worst"),
    [
        ([], Health.HEALTHY),
        ([Health.HEALTHY, Health.DEGRADED], Health.DEGRADED),
        ([Health.DEGRADED, Health.UNHEALTHY, Health.HEALTHY], Health.UNHEALTHY),
    ],
)
def test_the_worst_finding_decides(found: list[Health], worst: Health) -> None:
    assert overall({str(n): Finding(each) for n, each in enumerate(found)}) is worst


def test_logs_are_json_lines_without_secrets() -> None:
    stream = io.StringIO()
    logs.configure(stream=stream)
    structlog.get_logger().info(
        "grant_applied",
        house="h1",
        password="canary-1",
        x_api_key="canary-2",
        nested={"lan_link_secret": "canary-3", "list": [{"pin": "canary-4"}], "Cookie": "canary-5"},
    )
    logs.configure(level="WARNING")
    line = json.loads(stream.getvalue())
    assert (line["event"], line["house"], line["password"]) == ("grant_applied", "h1", "***")
    assert "canary" not in stream.getvalue()
    assert line["nested"]["list"] == [{"pin": "***"}]


def test_words_that_only_contain_a_secret_word_are_kept() -> None:
    assert logs.redact({"spinning": 1, "shopping": 2}) == {"spinning": 1, "shopping": 2}


@pytest.mark.parametrize("text", ["", " ", "a\x00", "a\nb", "\x1b[31m", "\ud800", "x" * 201])
def test_a_line_holds_no_control_characters(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Line).validate_python(text)


@pytest.mark.parametrize("text", ["", "a", "a@b", "a b@c.d", "@c.d", "a@.d", "a@c..d"])
def test_what_is_no_mail_address_is_refused(text: str) -> None:
    with pytest.raises(ValidationError):
        TypeAdapter(Email).validate_python(text)


def test_a_mail_address_is_lower_cased() -> None:
    assert TypeAdapter(Email).validate_python(" Ana@Example.ORG ") == "ana@example.org"
