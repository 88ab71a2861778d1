"""Which loopback port is free?"""

import secrets
import socket
from collections.abc import Iterable

LOOPBACK = "127.0.0.1"
_LOWEST, _LENT_FROM = 20_000, 32_768


def is_free(port: int) -> bool:
    """True when nothing listens on the loopback port (TIME_WAIT does not count)."""
    with socket.socket(socket.AF_INET, socket.SOCK_STREAM) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind((LOOPBACK, port))
        except OSError:
            return False
    return True


def next_free(wanted: int, *, taken: Iterable[int] = ()) -> int:
    """The wanted port or the first free one above it, skipping ports already promised.

    Raises OSError when the next hundred ports are all taken.
    """
    promised = set(taken)
    for port in range(wanted, wanted + 100):
        if port not in promised and is_free(port):
            return port
    raise OSError(f"no free port between {wanted} and {wanted + 99}")


def any_free() -> int:
    """A free port below those the kernel lends to outgoing connections.

    One of the kernel's own could be lent to somebody else before it is used. Raises OSError when
    hundred in a row are taken.
    """
    for _ in range(100):
        port = _LOWEST + secrets.randbelow(_LENT_FROM - _LOWEST)
        if is_free(port):
            return port
    raise OSError(f"no free port between {_LOWEST} and {_LENT_FROM - 1}")
