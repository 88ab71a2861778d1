"""A day or a moment is taken as it is written, and never made up from a number."""

from datetime import UTC, date, datetime

import pytest
from pydantic import BaseModel, ValidationError

from cloud_api.kit.days import Day, Moment


class Wish(BaseModel):
    day: Day = date(2026, 1, 1)
    moment: Moment = datetime(2026, 1, 1, tzinfo=UTC)


def test_as_written() -> None:
    wish = Wish.model_validate({"day": "2028-02-29", "moment": "2028-02-29T10:00:00-05:00"})
    assert wish.day == date(2028, 2, 29)
    assert wish.moment == datetime(2028, 2, 29, 15, tzinfo=UTC)


@pytest.mark.parametrize("told", [0, 1.5, "0", "1735689600", "2028-02-29T00:00:00", "", None, True])
def test_what_is_no_day(told: object) -> None:
    with pytest.raises(ValidationError):
        Wish.model_validate({"day": told})


@pytest.mark.parametrize("told", [0, 1.5, "0", "1735689600", "2028-02-29", "", None, True])
def test_what_is_no_moment(told: object) -> None:
    with pytest.raises(ValidationError):
        Wish.model_validate({"moment": told})
