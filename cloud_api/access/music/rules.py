"""What is meant by a house's word on a wish for music that it did not carry out?"""

from cloud_api.access.errors import MusicFailedError, MusicNotTakenError, NoSuchMusicError

_NO_SUCH = frozenset({"no_such_media", "no_such_player", "no_queue", "queue_empty"})
_NOT_TAKEN = frozenset(
    {
        "others_wait",
        "enough_waiting",
        "explicit_not_here",
        "bad_address",
        "unplayable",
        "value_refused",
        "volume_out_of_range",
        "bad_query",
        "bad_page",
    }
)


def failure(reason: str) -> type[NoSuchMusicError | MusicNotTakenError | MusicFailedError]:
    """No such thing, another may do, or, for any other word, the house tried and failed."""
    if reason in _NO_SUCH:
        return NoSuchMusicError
    return MusicNotTakenError if reason in _NOT_TAKEN else MusicFailedError
