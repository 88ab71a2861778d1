"""What does Ticketmaster say happens in town?

Discovery API v2, https://developer.ticketmaster.com/products-and-docs/apis/discovery-api/v2/:
`GET /discovery/v2/events.json`, the key in the query; no `_embedded` where nothing is found;
pages only while size * page < 1000; 5000 requests a day and 5 a second, told in `Rate-Limit`
headers. It has no number for how popular an event is.
"""

import math
from collections.abc import Iterator, Mapping
from datetime import UTC, date, datetime, time, timedelta

from cloud_api.kit.db import Json
from cloud_api.kit.outgoing import Answer, Ask, NotJsonError, Outgoing, OutgoingError
from cloud_api.pricing.demand.rules import PAGE_SIZE
from cloud_api.pricing.demand.types import (
    Allowance,
    EventStatus,
    Happening,
    Question,
    Told,
    Trouble,
    Untold,
)

VENDOR = "ticketmaster"
DEFAULT_URL = "https://app.ticketmaster.com"
_PATH = "/discovery/v2/events.json"
_SECONDS = 15.0
_OK, _UNAUTHORISED, _FORBIDDEN, _TOO_MANY = 200, 401, 403, 429
# Too fast rather than too often: the vendor does not say how long, and it is not long.
_A_MOMENT = timedelta(minutes=1)
_MOST_DEAR = 1_000_000_000
_LONGEST_TEXT = 500
_LONGEST_URL = 2_000
_LONGEST_ID = 100


async def ask(outgoing: Outgoing, question: Question, *, now: datetime) -> Told | Untold:
    """One page of events, by exactly one request."""
    request = Ask(
        "GET",
        outgoing.base(VENDOR, DEFAULT_URL) + _PATH,
        headers={"accept": "application/json"},
        params=_params(question),
        seconds=_SECONDS,
    )
    try:
        answer = await outgoing.ask(request)
    except OutgoingError:
        return Untold(Trouble.UNREACHABLE)
    return _read(answer, now=now)


def _params(question: Question) -> dict[str, str]:
    cursor = question.cursor
    last = cursor.until - timedelta(days=1)
    place = (
        {"venueId": question.vendor_venue_id}
        if question.vendor_venue_id
        else {"city": question.city, "countryCode": question.country}
    )
    return {
        "apikey": question.api_key,
        **place,
        "startDateTime": f"{cursor.first.isoformat()}T00:00:00Z",
        "endDateTime": f"{last.isoformat()}T23:59:59Z",
        "size": str(PAGE_SIZE),
        "page": str(cursor.page),
        "sort": "date,asc",
        "locale": "*",
    }


def _read(answer: Answer, *, now: datetime) -> Told | Untold:
    allowance = _allowance(answer, now=now)
    if answer.status in {_UNAUTHORISED, _FORBIDDEN}:
        return Untold(Trouble.KEY_REFUSED, allowance)
    if answer.status == _TOO_MANY:
        return Untold(Trouble.TOO_MANY, allowance)
    if answer.status != _OK:
        return Untold(Trouble.NOT_UNDERSTOOD, allowance)
    try:
        body = answer.object()
    except NotJsonError:
        return Untold(Trouble.NOT_UNDERSTOOD, allowance)
    page = _object(body.get("page"))
    total, pages = page.get("totalElements"), page.get("totalPages")
    if not isinstance(total, int) or not isinstance(pages, int):
        return Untold(Trouble.NOT_UNDERSTOOD, allowance)
    return Told(tuple(_happenings(body)), total, pages, allowance)


def _allowance(answer: Answer, *, now: datetime) -> Allowance:
    limit = _number(answer.headers.get("rate-limit"))
    left = _number(answer.headers.get("rate-limit-available"))
    if answer.status != _TOO_MANY:
        return Allowance(limit, left)
    # Milliseconds since 1970; believed only where it is a time ahead, within a day or so.
    reset = _number(answer.headers.get("rate-limit-reset")) or 0
    until = now + _A_MOMENT
    if left == 0 and now.timestamp() < reset / 1000 < (now + timedelta(hours=25)).timestamp():
        until = max(until, datetime.fromtimestamp(reset / 1000, UTC))
    return Allowance(limit, left, until)


def _happenings(body: Mapping[str, Json]) -> Iterator[Happening]:
    for each in _list(_object(body.get("_embedded")).get("events")):
        found = _happening(_object(each))
        if found is not None:
            yield found


def _happening(told: Mapping[str, Json]) -> Happening | None:
    """None for what has no name or no day yet: nothing can be priced by it."""
    dates = _object(told.get("dates"))
    start = _object(dates.get("start"))
    vendor_id, day = _text(told.get("id"), _LONGEST_ID), _day(start.get("localDate"))
    name = _text(told.get("name"))
    if not vendor_id or not name or day is None:
        return None
    venue = _object(next(iter(_list(_object(told.get("_embedded")).get("venues"))), None))
    sale = _object(_object(told.get("sales")).get("public"))
    least, most = _prices(told.get("priceRanges"))
    return Happening(
        vendor_id=vendor_id,
        name=name,
        day=day,
        status=_status(_object(dates.get("status")).get("code")),
        url=_url(told.get("url")),
        starts=_time(start.get("localTime")),
        venue=_text(venue.get("name")),
        venue_id=_text(venue.get("id"), _LONGEST_ID),
        sale_begins=_moment(sale.get("startDateTime")),
        sale_ends=_moment(sale.get("endDateTime")),
        least_price=least,
        most_price=most,
    )


def _prices(told: Json) -> tuple[int | None, int | None]:
    ranges = [_object(each) for each in _list(told)]
    least = [price for each in ranges if (price := _whole(each.get("min"))) is not None]
    most = [price for each in ranges if (price := _whole(each.get("max"))) is not None]
    return min(least, default=None), max(most, default=None)


def _whole(price: Json) -> int | None:
    """In whole units, rounded up: 100.50 is dearer than 100."""
    if isinstance(price, bool) or not isinstance(price, int | float) or not math.isfinite(price):
        return None
    return math.ceil(price) if 0 <= price <= _MOST_DEAR else None


def _status(told: Json) -> EventStatus:
    known = {each.value for each in EventStatus}
    code = told.lower() if isinstance(told, str) else ""
    return EventStatus(code) if code in known else EventStatus.UNKNOWN


def _object(told: Json) -> Mapping[str, Json]:
    return told if isinstance(told, dict) else {}


def _list(told: Json) -> list[Json]:
    return told if isinstance(told, list) else []


def _text(told: Json, longest: int = _LONGEST_TEXT) -> str:
    return told.replace("\x00", "").strip()[:longest] if isinstance(told, str) else ""


def _url(told: Json) -> str:
    """Only what leads to a page."""
    url = _text(told, _LONGEST_URL)
    return url if url.startswith(("https://", "http://")) else ""


def _number(told: str | None) -> int | None:
    return int(told) if told is not None and told.isascii() and told.isdigit() else None


def _day(told: Json) -> date | None:
    try:
        return date.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None


def _time(told: Json) -> time | None:
    try:
        return time.fromisoformat(told).replace(tzinfo=None) if isinstance(told, str) else None
    except ValueError:
        return None


def _moment(told: Json) -> datetime | None:
    try:
        found = datetime.fromisoformat(told) if isinstance(told, str) else None
    except ValueError:
        return None
    return found if found is not None and found.tzinfo is not None else None
