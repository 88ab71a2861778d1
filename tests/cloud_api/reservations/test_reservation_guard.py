"""Does the database itself refuse what must never be stored, whoever writes it?"""

from collections.abc import Iterator
from uuid import UUID, uuid4

import psycopg
import pytest
from psycopg.errors import CheckViolation, ExclusionViolation, NotNullViolation

HOUSE = uuid4()


@pytest.fixture
def connection(owner_dsn: str) -> Iterator["psycopg.Connection[tuple[object, ...]]"]:
    with psycopg.connect(owner_dsn, autocommit=True) as opened:
        yield opened


type Connection = "psycopg.Connection[tuple[object, ...]]"


def _reservation(connection: Connection, **other: object) -> UUID:
    values = {
        "id": uuid4(),
        "organisation_id": HOUSE,
        "property_id": HOUSE,
        "house_id": HOUSE,
        "code": uuid4().hex,
        "kind": "stay",
        "status": "confirmed",
        "check_in": "2027-01-01",
        "check_out": "2027-01-03",
        "guests": 2,
        "channel": "web",
        "contact_name": "Ana",
        "language": "en",
        "standing": False,
        **other,
    }
    names = ", ".join(values)
    marks = ", ".join(["%s"] * len(values))
    connection.execute(
        f"INSERT INTO reservations ({names}) VALUES ({marks})".encode(),  # noqa: S608 - the test's own names
        list(values.values()),
    )
    return values["id"]  # type: ignore[return-value] # a UUID, made above


def _occupy(connection: Connection, space: UUID, nights: str | None, *, live: bool = True) -> None:
    connection.execute(
        "INSERT INTO occupancies (reservation_id, space_id, nights, live)"
        " VALUES (%s, %s, %s::daterange, %s)",
        [_reservation(connection), space, nights, live],
    )


@pytest.mark.parametrize(
    "nights",
    [
        "empty",
        "[2027-01-01,2027-01-01)",
        "[2027-01-01,)",
        "(,2027-01-01)",
        "(,)",
        "[2027-01-01,infinity)",
        "[-infinity,2027-01-01)",
        "[2027-01-01,2028-02-06)",
    ],
)
def test_empty_endless_and_too_long_nights_cannot_be_stored(
    connection: Connection, nights: str
) -> None:
    with pytest.raises(CheckViolation):
        _occupy(connection, uuid4(), nights)


def test_four_hundred_nights_can_be_stored(connection: Connection) -> None:
    _occupy(connection, uuid4(), "[2027-01-01,2028-02-05)")


def test_nights_cannot_be_missing(connection: Connection) -> None:
    with pytest.raises(NotNullViolation):
        _occupy(connection, uuid4(), None)


def test_two_live_bookings_cannot_share_a_night_of_a_space(connection: Connection) -> None:
    space = uuid4()
    _occupy(connection, space, "[2027-01-01,2027-01-05)")
    for nights in ("[2027-01-04,2027-01-05)", "[2026-12-30,2027-01-02)", "[2027-01-01,2027-01-05)"):
        with pytest.raises(ExclusionViolation):
            _occupy(connection, space, nights)


def test_back_to_back_another_space_and_ended_bookings_are_free(connection: Connection) -> None:
    space = uuid4()
    _occupy(connection, space, "[2027-01-01,2027-01-05)", live=False)
    _occupy(connection, space, "[2027-01-01,2027-01-05)")
    _occupy(connection, space, "[2027-01-05,2027-01-06)")
    _occupy(connection, space, "[2026-12-31,2027-01-01)")
    _occupy(connection, uuid4(), "[2027-01-01,2027-01-05)")


@pytest.mark.parametrize(
    "wrong",
    [
        {"check_out": "2027-01-01"},
        {"check_out": "2026-12-31"},
        {"check_out": "2028-02-06"},
        {"check_out": "infinity"},
        {"guests": 0},
        {"guests": -1},
        {"kind": "maintenance"},
        {"kind": "party"},
        {"status": "unknown"},
        {"expires_at": "2027-01-01T00:00Z"},
        {"paid_minor": 100},
    ],
)
def test_a_booking_that_makes_no_sense_cannot_be_stored(
    connection: Connection, wrong: dict[str, object]
) -> None:
    with pytest.raises(CheckViolation):
        _reservation(connection, **wrong)
