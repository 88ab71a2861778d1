"""What does Ticketmaster tell of its events, and whom does it send away?

Discovery API v2, as https://developer.ticketmaster.com/products-and-docs/apis/discovery-api/v2/
describes it. The vendor overlooks parameters it does not know; this one refuses them, so that a
slip of ours is seen.
"""

import re
from collections import defaultdict, deque
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from cloud_api.kit.clock import Clock
from portero.simulators.kit import Refusal, same, vendor

DAILY, A_SECOND = 5_000, 5
_MOST_SIZE, _DEFAULT_SIZE, _DEEP = 200, 20, 1_000
_MOMENT = re.compile(r"\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}Z")
_KNOWN = {
    "apikey",
    "venueId",
    "city",
    "countryCode",
    "startDateTime",
    "endDateTime",
    "size",
    "page",
    "sort",
    "locale",
}
_SORTS = {"date,asc", "date,desc", "name,asc", "name,desc", "relevance,desc"}


@dataclass(slots=True)
class Gig:
    """One event. `prices` are the least and the most; `status` is the vendor's word."""

    id: str
    name: str
    day: date
    venue_id: str = "KovZ1"
    venue: str = "Small Club"
    city: str = "Manchester"
    country: str = "GB"
    status: str = "onsale"
    prices: tuple[float, float] | None = None
    at: time | None = time(19, 30)
    sale_begins: datetime | None = datetime(2020, 1, 1, tzinfo=UTC)
    sale_ends: datetime | None = None

    @property
    def starts(self) -> datetime:
        """The vendor sorts and searches by it."""
        return datetime.combine(self.day, self.at or time(), UTC)

    def told(self) -> dict[str, Any]:
        """As the vendor writes it."""
        start: dict[str, Any] = {
            "localDate": self.day.isoformat(),
            "dateTBA": False,
            "timeTBA": self.at is None,
            "noSpecificTime": False,
        }
        if self.at is not None:
            start |= {"localTime": self.at.isoformat(), "dateTime": _written(self.starts)}
        sale = {"startDateTime": self.sale_begins, "endDateTime": self.sale_ends}
        told: dict[str, Any] = {
            "id": self.id,
            "name": self.name,
            "type": "event",
            "test": False,
            "url": f"https://www.ticketmaster.example/event/{self.id}",
            "locale": "en-gb",
            "dates": {
                "start": start,
                "timezone": "Europe/London",
                "status": {"code": self.status},
                "spanMultipleDays": False,
            },
            "sales": {
                "public": {"startTBD": False}
                | {name: _written(when) for name, when in sale.items() if when is not None}
            },
            "classifications": [{"primary": True, "segment": {"name": "Music"}}],
            "_embedded": {"venues": [{"id": self.venue_id, "name": self.venue, "type": "venue"}]},
        }
        if self.prices is not None:
            least, most = self.prices
            told["priceRanges"] = [
                {"type": "standard", "currency": "GBP", "min": least, "max": most}
            ]
        return told


@dataclass(slots=True)
class Ticketmaster:
    """The vendor; `app` is served by a Stage. Each key has its own day's and second's quota."""

    clock: Clock
    keys: set[str]
    gigs: list[Gig] = field(default_factory=list)
    daily: int = DAILY
    a_second: int = A_SECOND
    used: dict[tuple[str, date], int] = field(default_factory=lambda: defaultdict(int))
    sent_away: int = 0
    _recent: dict[str, deque[datetime]] = field(default_factory=lambda: defaultdict(deque))

    @property
    def app(self) -> Starlette:
        """What the stage serves."""
        return vendor(Route("/discovery/v2/events.json", self._events, methods=["GET"]))

    async def _events(self, request: Request) -> Response:
        headers = self._admitted(request)
        asked = _checked(request)
        found = sorted(self._found(asked), key=lambda each: (each.starts, each.id))
        size, page = int(asked.get("size", _DEFAULT_SIZE)), int(asked.get("page", 0))
        body: dict[str, Any] = {
            "_links": {"self": {"href": "/discovery/v2/events.json"}},
            "page": {
                "size": size,
                "totalElements": len(found),
                "totalPages": -(-len(found) // size),
                "number": page,
            },
        }
        shown = found[size * page : size * (page + 1)]
        if shown:
            body["_embedded"] = {"events": [each.told() for each in shown]}
        return JSONResponse(body, headers=headers)

    def _admitted(self, request: Request) -> dict[str, str]:
        """The headers of the quota; a Refusal for a bad key, or for one too many."""
        key = request.query_params.get("apikey", "")
        if not any(same(key, each) for each in self.keys):
            raise Refusal(_fault(401, "Invalid ApiKey", "oauth.v2.InvalidApiKey"))
        now = self.clock.utc_now()
        recent = self._recent[key]
        while recent and recent[0] <= now - timedelta(seconds=1):
            recent.popleft()
        spent = self.used[key, now.date()]
        if spent >= self.daily or len(recent) >= self.a_second:
            self.sent_away += 1
            raise Refusal(self._too_many(spent, now))
        recent.append(now)
        self.used[key, now.date()] = spent + 1
        return self._quota(spent + 1, now)

    def _too_many(self, spent: int, now: datetime) -> Response:
        if spent >= self.daily:
            said, code = (
                "Rate limit quota violation. Quota limit exceeded.",
                "policies.ratelimit.QuotaViolation",
            )
        else:
            said, code = "Spike arrest violation.", "policies.ratelimit.SpikeArrestViolation"
        return _fault(429, said, code, headers=self._quota(spent, now))

    def _quota(self, spent: int, now: datetime) -> dict[str, str]:
        midnight = datetime.combine(now.date() + timedelta(days=1), time(), UTC)
        return {
            "Rate-Limit": str(self.daily),
            "Rate-Limit-Available": str(max(0, self.daily - spent)),
            "Rate-Limit-Over": "0",
            "Rate-Limit-Reset": str(int(midnight.timestamp()) * 1000),
        }

    def _found(self, asked: Mapping[str, str]) -> list[Gig]:
        first, last = (_read(asked.get(name)) for name in ("startDateTime", "endDateTime"))
        return [
            each
            for each in self.gigs
            if asked.get("venueId", each.venue_id) == each.venue_id
            and asked.get("city", each.city).casefold() == each.city.casefold()
            and asked.get("countryCode", each.country) == each.country
            and (first is None or each.starts >= first)
            and (last is None or each.starts <= last)
        ]


def _checked(request: Request) -> Mapping[str, str]:
    asked = dict(request.query_params)
    if len(asked) != len(request.query_params.multi_items()) or set(asked) - _KNOWN:
        raise _wrong("DIS1000", "Query param is not known here, or given twice")
    size, page = asked.get("size", str(_DEFAULT_SIZE)), asked.get("page", "0")
    if not (size.isdigit() and 1 <= int(size) <= _MOST_SIZE):
        raise _wrong("DIS1034", f"Query param 'size' must be 1 to {_MOST_SIZE}")
    if not page.isdigit() or int(size) * int(page) >= _DEEP:
        raise _wrong(
            "DIS1035", "API Limits Exceeded: Max paging depth exceeded. (page * size) < 1000"
        )
    for name in ("startDateTime", "endDateTime"):
        if name in asked and not _MOMENT.fullmatch(asked[name]):
            raise _wrong("DIS1015", f"Query param with date must be of valid format: {name}")
    if asked.get("sort", "date,asc") not in _SORTS:
        raise _wrong("DIS1025", "Query param 'sort' is not a known order")
    return asked


def _wrong(code: str, detail: str) -> Refusal:
    error = {"code": code, "detail": detail, "status": "400"}
    return Refusal(JSONResponse({"errors": [error]}, status_code=400))


def _fault(
    status: int, said: str, code: str, *, headers: Mapping[str, str] | None = None
) -> Response:
    body = {"fault": {"faultstring": said, "detail": {"errorcode": code}}}
    return JSONResponse(body, status_code=status, headers=dict(headers or {}))


def _written(moment: datetime) -> str:
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")


def _read(written: str | None) -> datetime | None:
    return None if written is None else datetime.fromisoformat(written)
