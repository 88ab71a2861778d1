"""What is left to do follows from what is there, in an order in which it can be done."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from uuid import uuid4

from hypothesis import given
from hypothesis import strategies as st

from provisioning.plan import Found, Step, missing

NOW = datetime(2026, 11, 21, tzinfo=UTC)
HOUSE = uuid4()
NOTHING = Found(
    registered=None,
    devices_missing=None,
    here=None,
    certificate_ends=None,
    certifies=True,
    broker_answers=None,
    keys_missing=None,
)
ALL = Found(
    registered=HOUSE,
    devices_missing=0,
    here=HOUSE,
    certificate_ends=NOW + timedelta(days=60),
    certifies=True,
    broker_answers=True,
    keys_missing=0,
)


def test_on_a_new_device_everything_is_left() -> None:
    assert missing(NOTHING, now=NOW) == tuple(Step)


def test_where_all_is_there_nothing_is_left() -> None:
    assert missing(ALL, now=NOW) == ()


def test_another_houses_device_must_be_claimed_and_certified() -> None:
    other = replace(ALL, here=uuid4())
    assert missing(other, now=NOW) == (Step.CLAIM, Step.CERTIFICATE, Step.BROKER)


def test_a_certificate_that_has_ended_is_none() -> None:
    assert missing(replace(ALL, certificate_ends=NOW), now=NOW) == (
        Step.CERTIFICATE,
        Step.BROKER,
    )


def test_a_cloud_that_certifies_nobody_wants_no_certificate() -> None:
    plain = replace(ALL, certifies=False, certificate_ends=None, broker_answers=None)
    assert missing(plain, now=NOW) == ()


def test_a_broker_that_does_not_answer_is_left() -> None:
    assert missing(replace(ALL, broker_answers=False), now=NOW) == (Step.BROKER,)


def test_a_lock_without_its_key_is_left() -> None:
    assert missing(replace(ALL, keys_missing=1), now=NOW) == (Step.LOCKS,)


@given(
    st.builds(
        Found,
        registered=st.sampled_from([None, HOUSE]),
        devices_missing=st.sampled_from([None, 0, 2]),
        here=st.sampled_from([None, HOUSE, uuid4()]),
        certificate_ends=st.sampled_from([None, NOW - timedelta(1), NOW + timedelta(1)]),
        certifies=st.booleans(),
        broker_answers=st.sampled_from([None, True, False]),
        keys_missing=st.sampled_from([None, 0, 1]),
    )
)
def test_steps_come_in_order_and_once(found: Found) -> None:
    steps = missing(found, now=NOW)
    order = list(Step)
    assert [order.index(each) for each in steps] == sorted({order.index(each) for each in steps})
