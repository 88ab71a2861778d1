"""Where is the house's Home Assistant, and how patient are we with it?"""

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class HomeAssistantConfig:
    """One server. `url` is its base address; the token belongs to a plain user of that server.

    `players` names the media players that are the house's; empty: all of them. `things` names the
    entities people may be given rights to; none without being named. `answer_limit` bounds each
    command, `confirm_limit` the wait for a thing's state to follow, `ready_limit` the whole way
    from dialling to the first list of states; `heartbeat` is the pause between two proofs that a
    silent link lives. `refusals_until_host`: from this many refused tokens in a row on, a person
    must look.
    """

    url: str
    token: str = field(repr=False)
    players: tuple[str, ...] = ()
    things: tuple[str, ...] = ()
    confirm_limit: timedelta = timedelta(seconds=5)
    answer_limit: timedelta = timedelta(seconds=10)
    ready_limit: timedelta = timedelta(seconds=20)
    close_limit: timedelta = timedelta(seconds=1)
    heartbeat: timedelta = timedelta(seconds=20)
    first_pause: timedelta = timedelta(milliseconds=500)
    longest_pause: timedelta = timedelta(seconds=30)
    volume_spacing: timedelta = timedelta(milliseconds=60)
    refusals_until_host: int = 3
