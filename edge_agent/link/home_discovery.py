"""How does Home Assistant find this house as a device, and what does it read there?

MQTT device discovery (https://www.home-assistant.io/integrations/mqtt/#device-discovery-payload),
since Home Assistant 2024.11. What the host did not name is announced as removed, so that an entity
of former days disappears. No PIN, no link and no key is ever among it.
"""

import json
from collections.abc import Mapping
from dataclasses import dataclass

from pydantic import JsonValue

from edge_agent.doorkeeper import HouseNews, HouseState, StayNews
from edge_agent.link.broker import Letter
from protocol.home import HomeWord
from protocol.ids import HouseId

STARTED, ENDED = "stay_started", "stay_ended"
_DIAGNOSTIC = {"entity_category": "diagnostic"}
_MOMENT = {"device_class": "timestamp"}

# Component → platform, name, further keys, and the word it needs.
_PARTS: dict[str, tuple[str, str, Mapping[str, str], HomeWord | None]] = {
    "stay_active": ("binary_sensor", "Stay active", {"device_class": "occupancy"}, None),
    "cloud_link": (
        "binary_sensor",
        "Cloud link",
        {"device_class": "connectivity", **_DIAGNOSTIC},
        None,
    ),
    "clock_trusted": ("binary_sensor", "Clock trusted", _DIAGNOSTIC, None),
    "approvals": ("sensor", "Pending approvals", {}, None),
    "facts_waiting": ("sensor", "Facts waiting", _DIAGNOSTIC, None),
    "stay_until": ("sensor", "Stay until", _MOMENT, HomeWord.TIMES),
    "next_check_in": ("sensor", "Next check-in", _MOMENT, HomeWord.TIMES),
    "first_name": ("sensor", "Guest", {}, HomeWord.FIRST_NAME),
    "pool_heating": ("binary_sensor", "Pool heating bought", {}, HomeWord.POOL_HEATING),
    "paid_in_full": ("binary_sensor", "Paid in full", {}, HomeWord.PAID_IN_FULL),
    "level": ("sensor", "Level", {}, HomeWord.LEVEL),
    "points": ("sensor", "Points", {}, HomeWord.POINTS),
}
_ON, _OFF = "ON", "OFF"


@dataclass(frozen=True, slots=True)
class Topics:
    """Where things stand on the house's own broker; `prefix` is Home Assistant's."""

    house: HouseId
    prefix: str

    @property
    def config(self) -> str:
        """Retained: what the device is made of; empty there: the device is gone."""
        return f"{self.prefix}/device/portero_{self.house.hex}/config"

    @property
    def born(self) -> str:
        """Home Assistant says `online` here when it comes up."""
        return f"{self.prefix}/status"

    @property
    def available(self) -> str:
        """Retained, and the last will."""
        return f"portero_home/{self.house}/available"

    @property
    def state(self) -> str:
        """Retained: all sensors at once."""
        return f"portero_home/{self.house}/state"

    @property
    def event(self) -> str:
        """Not retained: what is over is no news to whoever comes later."""
        return f"portero_home/{self.house}/event"


def announcement(topics: Topics, news: HouseNews) -> Letter:
    """The device with its entities."""
    parts: dict[str, JsonValue] = {key: _part(topics, key, news.tells) for key in _PARTS}
    parts["stay"] = {
        "p": "event",
        "name": "Stay",
        "unique_id": _unique(topics, "stay"),
        "state_topic": topics.event,
        "event_types": [STARTED, ENDED],
    }
    body: dict[str, JsonValue] = {
        "dev": {
            "ids": [_unique(topics, "house")],
            "name": "Portero",
            "mf": "Portero",
        },
        "o": {"name": "portero"},
        "cmps": parts,
        "avty_t": topics.available,
        "qos": 1,
    }
    return _letter(topics.config, body, retained=True)


def withdrawal(topics: Topics) -> tuple[Letter, ...]:
    """The device and what was retained of it are gone."""
    return tuple(
        Letter(each, b"", retained=True) for each in (topics.config, topics.state, topics.available)
    )


def availability(topics: Topics, *, online: bool) -> Letter:
    """Whether the sensors mean anything."""
    return Letter(topics.available, b"online" if online else b"offline", retained=True)


def states(topics: Topics, news: HouseNews, state: HouseState, *, online: bool) -> Letter:
    """All sensors. Null is unknown: of more stays than one, none is *the* guest's."""
    one = news.stays[0] if len(news.stays) == 1 else None
    ends = [each.ends for each in news.stays if each.ends is not None]
    body: dict[str, JsonValue] = {
        "stay_active": _switch(bool(news.stays)) if news.is_certain else None,
        "cloud_link": _switch(online),
        "clock_trusted": _switch(state.clock == "trusted"),
        "approvals": news.approvals,
        "facts_waiting": state.facts_through - state.facts_acknowledged,
        "stay_until": max(ends).isoformat() if ends else None,
        "next_check_in": news.next_check_in.isoformat() if news.next_check_in else None,
        "first_name": one.first_name if one else None,
        "pool_heating": _switch(one.pool_heating) if one else None,
        "paid_in_full": _switch(one.paid_in_full) if one else None,
        "level": one.level if one else None,
        "points": one.points if one else None,
    }
    return _letter(topics.state, body, retained=True)


def happening(topics: Topics, kind: str, stay: StayNews) -> Letter:
    """A stay began or ended, with what the host lets be known of it."""
    known = stay.model_dump(mode="json", exclude={"stay"}, exclude_none=True)
    return _letter(topics.event, {"event_type": kind, **known}, retained=False)


def _part(topics: Topics, key: str, tells: tuple[HomeWord, ...]) -> JsonValue:
    platform, name, more, word = _PARTS[key]
    if word is not None and word not in tells:
        return {"p": platform}
    return {
        "p": platform,
        "name": name,
        "unique_id": _unique(topics, key),
        "state_topic": topics.state,
        "value_template": f"{{{{ value_json.{key} }}}}",
        **more,
    }


def _unique(topics: Topics, key: str) -> str:
    return f"portero_{topics.house.hex}_{key}"


def _switch(on: bool | None) -> str | None:  # noqa: FBT001 - a value on its way to words
    return None if on is None else _ON if on else _OFF


def _letter(topic: str, body: dict[str, JsonValue], *, retained: bool) -> Letter:
    return Letter(topic, json.dumps(body).encode(), retained=retained)
