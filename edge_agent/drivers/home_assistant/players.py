"""How does a media player of Home Assistant read in our own words, and what can it do?"""

from enum import IntFlag

from edge_agent.drivers.home_assistant.states import UNAVAILABLE, EntityState
from edge_agent.ports import PlaybackState, PlayerReading, QueueOption, Transport

DOMAIN = "media_player"


class Can(IntFlag):
    """Bits of `supported_features` that we use."""

    PAUSE = 1
    VOLUME_SET = 4
    VOLUME_MUTE = 8
    PREVIOUS = 16
    NEXT = 32
    PLAY_MEDIA = 512
    STOP = 4096
    CLEAR = 8192
    PLAY = 16384
    BROWSE = 131072
    GROUPING = 524288
    ENQUEUE = 2097152
    SEARCH = 4194304


TRANSPORT: dict[Transport, tuple[str, Can]] = {
    Transport.PLAY: ("media_play", Can.PLAY),
    Transport.PAUSE: ("media_pause", Can.PAUSE),
    Transport.STOP: ("media_stop", Can.STOP),
    Transport.NEXT: ("media_next_track", Can.NEXT),
    Transport.PREVIOUS: ("media_previous_track", Can.PREVIOUS),
}

ENQUEUE: dict[QueueOption, str] = {
    QueueOption.PLAY: "play",
    QueueOption.REPLACE: "replace",
    QueueOption.NEXT: "next",
    QueueOption.ADD: "add",
}
"""What Home Assistant has a word for; it cannot replace only what comes next."""

_STATES = {
    "playing": PlaybackState.PLAYING,
    "buffering": PlaybackState.PLAYING,
    "paused": PlaybackState.PAUSED,
    UNAVAILABLE: PlaybackState.NOT_CONNECTED,
}


def reading(state: EntityState) -> PlayerReading:
    """A player as told by a living link.

    Its picture is left out: the address holds a token of the server and leads nowhere for guests.
    """
    volume = state.number("volume_level")
    return PlayerReading(
        player=state.entity,
        name=state.text("friendly_name") or state.entity,
        state=_STATES.get(state.state, PlaybackState.IDLE),
        volume=None if volume is None else round(volume * 100),
        muted=state.flag("is_volume_muted"),
        title=state.text("media_title"),
        artist=state.text("media_artist"),
        image_url=None,
        group=tuple(m for m in state.texts("group_members") if m != state.entity),
        stale=False,
    )
