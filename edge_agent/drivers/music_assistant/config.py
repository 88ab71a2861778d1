"""Where is the house's Music Assistant, and how patient are we with it?"""

from dataclasses import dataclass, field
from datetime import timedelta


@dataclass(frozen=True, slots=True)
class MusicAssistantConfig:
    """One server. `url` is its base address; the token belongs to a plain user of that server.

    `answer_limit` bounds each command, `ready_limit` the whole way from dialling to the first
    list of players. `volume_spacing` keeps two volume commands of one player apart, because the
    server lets closer ones overtake. `refusals_until_host`: a server just restarted may refuse a
    good token once or twice; from this many in a row on, a person must look.
    """

    url: str
    token: str = field(repr=False)
    answer_limit: timedelta = timedelta(seconds=10)
    ready_limit: timedelta = timedelta(seconds=20)
    close_limit: timedelta = timedelta(seconds=1)
    first_pause: timedelta = timedelta(milliseconds=500)
    longest_pause: timedelta = timedelta(seconds=30)
    volume_spacing: timedelta = timedelta(milliseconds=60)
    commands_at_once: int = 16
    refusals_until_host: int = 3
