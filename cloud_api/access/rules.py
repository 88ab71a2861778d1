"""When does a stay begin and end, what may its guest do, and which PINs are fit to use?"""

import hashlib
import hmac
import itertools
from collections.abc import Callable, Collection, Iterable
from datetime import UTC, date, datetime, time, timedelta
from uuid import UUID
from zoneinfo import ZoneInfo

from cloud_api.access.types import LinkPair, StayWindow
from cloud_api.accounts.types import Permission
from cloud_api.properties.types import GuestsMay, ThingPlace
from protocol.access import DELEGABLE, Right, Verb
from protocol.facts import FORMER_PIN, PinState

PIN_DIGITS = 6
# As many as one grant can carry on the wire (protocol.access.Grant).
MOST_PINS = 32
MOST_RIGHTS = 100
_SHORTEST_REPEAT = 3
_YEAR_DIGITS = 4
_TELLING_DIGITS = 3

type ChooseDigit = Callable[[str], str]
"""Takes an alphabet, answers one of its letters."""


def stay_window(
    check_in: date, check_out: date, *, from_local: time, until_local: time, zone: str
) -> StayWindow:
    """The UTC window of local hours, also across a change of the clocks.

    Where a local time exists twice, the stay begins at the first and ends at the second; where it
    does not exist, the instant of the change stands for it. ValueError when nothing is left.
    """
    starts = _first_instant(datetime.combine(check_in, from_local), ZoneInfo(zone))
    ends = _last_instant(datetime.combine(check_out, until_local), ZoneInfo(zone))
    if starts >= ends:
        raise ValueError("the stay would end before it begins")
    return StayWindow(starts, ends)


def _first_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    early = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    return early if _reads(early, zone) == wall else _change(wall, zone)


def _last_instant(wall: datetime, zone: ZoneInfo) -> datetime:
    late = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    return late if _reads(late, zone) == wall else _change(wall, zone)


def _change(wall: datetime, zone: ZoneInfo) -> datetime:
    """The instant at which the clocks jumped over `wall` (PEP 495: fold picks either offset)."""
    before = wall.replace(tzinfo=zone, fold=1).astimezone(UTC)
    after = wall.replace(tzinfo=zone, fold=0).astimezone(UTC)
    while after - before > timedelta(seconds=1):
        middle = before + (after - before) / 2
        if _reads(middle, zone) < wall:
            before = middle
        else:
            after = middle
    return after.replace(microsecond=0)


def _reads(instant: datetime, zone: ZoneInfo) -> datetime:
    return instant.astimezone(zone).replace(tzinfo=None, fold=0)


def guest_rights(
    *, locks: Iterable[UUID], players: Iterable[UUID], may_approve: bool
) -> tuple[str, ...]:
    """What a stay allows at these doors and players, in a stable order."""
    rights = [Right(verb, lock) for lock in locks for verb in (Verb.DOOR_OPEN, Verb.DOOR_LOCK)]
    for player in players:
        rights += [
            Right(verb, player)
            for verb in (Verb.MUSIC_CONTROL, Verb.MUSIC_VOLUME, Verb.MUSIC_QUEUE)
        ]
    if may_approve:
        rights.append(Right(Verb.ACCESS_APPROVE))
    return tuple(str(right) for right in rights)


def home_rights(things: Iterable[ThingPlace]) -> tuple[str, ...]:
    """What a stay allows with these things, as their host has set it, in a stable order."""
    verbs = {GuestsMay.READ: Verb.HOME_READ, GuestsMay.USE: Verb.HOME_USE}
    return tuple(
        str(Right(verbs[each.guests_may], each.id)) for each in things if each.guests_may in verbs
    )


_STAFF_MAY = {
    Verb.DOOR_OPEN: Permission.DOORS_OPEN,
    Verb.DOOR_LOCK: Permission.DOORS_OPEN,
    Verb.HOME_READ: Permission.DOORS_OPEN,
    Verb.HOME_USE: Permission.DOORS_OPEN,
    Verb.ACCESS_APPROVE: Permission.ACCESS_WRITE,
    Verb.ACCESS_OVERRIDE: Permission.ACCESS_WRITE,
}


def staff_rights(wished: Iterable[str], permissions: Collection[str]) -> tuple[str, ...]:
    """Of these, what somebody with these permissions may hold on a grant; never more."""
    kept = []
    for text in wished:
        right = Right.parse(text)
        needed = None if right is None else _STAFF_MAY.get(right.verb)
        if needed is not None and needed in permissions:
            kept.append(text)
    return tuple(kept)


def companion_rights(parent: Iterable[str], wants: Iterable[str]) -> tuple[str, ...]:
    """The parent's own delegable rights whose verb is wished for; never more."""
    wished = set(wants)
    kept = []
    for text in parent:
        right = Right.parse(text)
        if right and is_delegable(text) and right.verb.value in wished:
            kept.append(text)
    return tuple(kept)


def is_delegable(text: str) -> bool:
    """May this right be passed on at all?"""
    right = Right.parse(text)
    return right is not None and right.verb in DELEGABLE


def is_trivial(digits: str) -> bool:
    """One digit, a run up or down, or a repeated pattern: what people try first."""
    steps = {(int(b) - int(a)) % 10 for a, b in itertools.pairwise(digits)}
    if len(steps) == 1 and steps <= {0, 1, 9}:
        return True
    return any(
        len(digits) % size == 0 and digits == digits[:size] * (len(digits) // size)
        for size in range(1, min(_SHORTEST_REPEAT, len(digits) // 2) + 1)
    )


def reads_as_date(digits: str) -> bool:
    """Birthdays and anniversaries: six digits as day, month, year in any usual order, or a year."""
    if len(digits) == _YEAR_DIGITS:
        return digits[:2] in {"19", "20"}
    orders = {6: ("%d%m%y", "%m%d%y", "%y%m%d"), 8: ("%d%m%Y", "%m%d%Y", "%Y%m%d")}
    return any(_parses(digits, order) for order in orders.get(len(digits), ()))


def _parses(digits: str, order: str) -> bool:
    try:
        return datetime.strptime(digits, order).strftime(order) == digits  # noqa: DTZ007 - a day
    except ValueError:
        return False


def is_personal(digits: str, known: Iterable[str]) -> bool:
    """Part of a phone number, or holding a house number: what a stranger may know of the guest."""
    for text in known:
        number = "".join(each for each in text if each.isdecimal())
        if digits in number or (len(number) >= _TELLING_DIGITS and number in digits):
            return True
    return False


def new_pin(choose: ChooseDigit, *, length: int = PIN_DIGITS) -> str:
    """Random digits that are not trivial, are no date and do not begin with 0."""
    while True:
        digits = choose("123456789") + "".join(choose("0123456789") for _ in range(length - 1))
        if not is_trivial(digits) and not reads_as_date(digits):
            return digits


def link_place(grant_id: UUID, generation: int) -> str:
    """What a link's secret is derived from."""
    return f"{grant_id}|{generation}"


def join_place(grant_id: UUID, generation: int) -> str:
    """What the secret in a companion's invitation is derived from."""
    return f"join|{grant_id}|{generation}"


def links(secret: bytes, house_id: UUID) -> LinkPair:
    """Both secrets. The house's one cannot be turned back into the cloud's."""
    lan = hmac.digest(secret, f"lan|{house_id}".encode(), hashlib.sha256)
    return LinkPair(cloud_secret=secret.hex(), lan_secret=lan.hex())


_TOLD = {
    PinState.WANTED: "It will be written into the lock before the stay.",
    PinState.WRITTEN: "The lock has taken it; that it holds it is not proven yet.",
    PinState.READ_BACK: "It is in the lock, as read back from it.",
    PinState.FIRST_USED: "It is in the lock and has been used.",
    PinState.REMOVED: "It is gone from the lock.",
    PinState.REMOVAL_UNCONFIRMED: "It is not proven gone: it counts as working until it is.",
    PinState.FAILED: "It is not in the lock. Somebody should look at the lock.",
}
_TOLD_BECAUSE = {
    FORMER_PIN: "A former guest's PIN is not proven gone from this lock: it may still open it.",
    "lock_cannot_tell": "The lock has taken it; this lock cannot show its codes.",
    "box_does_not_open": "The house cannot read it: its keys were replaced.",
    "window_too_short": "The stay is too short for a PIN at this lock.",
}
_FULL = frozenset({"code_table_full", "table_full"})


def pin_words(state: str, reason: str | None) -> str:
    """Where a PIN stands, in plain words for whoever is not at home in ours."""
    told = PinState(state)
    if reason in _FULL:
        return "The lock has no room for another PIN. Remove old ones from it."
    if reason in _TOLD_BECAUSE and told is not PinState.REMOVAL_UNCONFIRMED:
        return _TOLD_BECAUSE[reason]
    if told is PinState.WANTED and reason is not None:
        return "It is not in the lock yet; the house keeps trying."
    return _TOLD[told]
