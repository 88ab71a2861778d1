"""About how many bytes of a signed book does a grant take?

An estimate, somewhat above the truth: nothing is sealed or built to learn it. The builder measures.
"""

from protocol.house import MAX_SNAPSHOT_BYTES

# Of a grant's JSON without rights, PINs and words; of one of each. Words: two hex digits a byte.
GRANT_BYTES = 430
RIGHT_BYTES = 54
PIN_BYTES = 304
WORDS_BYTES = 50
# Of an id in the list of those revoked; of a door or player beside its stored words.
REVOKED_BYTES = 39
# The envelope's header, zone, name, hashes and what the house owes its neighbours.
FRAME_BYTES = 2_000

MOST_BYTES = MAX_SNAPSHOT_BYTES - FRAME_BYTES


def weight(*, rights: int, pins: int, words: int) -> int:
    """Of a grant with so many rights and PINs; `words`: bytes of its private words in the vault."""
    told = WORDS_BYTES + 2 * words if words else 0
    return GRANT_BYTES + RIGHT_BYTES * rights + PIN_BYTES * pins + told
