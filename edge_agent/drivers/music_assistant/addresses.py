"""Which media addresses may go to the server?"""

import re

from edge_agent.errors import PickAnother

LONGEST = 500

# A provider, one of our four kinds, an id without blanks. What guests find by search fits.
_ADDRESS = re.compile(r"(?P<provider>[\w.-]+)://(?P<kind>track|album|artist|playlist)/(?P<id>\S+)")
_NOT_PROVIDERS = frozenset({"http", "https", "ftp", "file", "rtsp", "rtmp", "data"})


def checked_address(uri: str) -> str:
    """The address itself, or PickAnother.

    The server would fetch any web or file address it is given; guests may only name what its
    providers hold. `builtin` tracks are such addresses in disguise.
    """
    match = _ADDRESS.fullmatch(uri) if len(uri) <= LONGEST else None
    if match is None or match["provider"].casefold() in _NOT_PROVIDERS:
        raise PickAnother("bad_address")
    hidden_fetch = "://" in match["id"] or ".." in match["id"].split("/")
    if hidden_fetch or (match["provider"].startswith("builtin") and match["kind"] != "playlist"):
        raise PickAnother("bad_address")
    return uri
