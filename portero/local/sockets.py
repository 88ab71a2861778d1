"""Where may a unix socket lie whose own folder is too deep? Its path has 108 bytes at most."""

import os
import tempfile
from hashlib import sha256
from pathlib import Path

LONGEST = 100
"""Of a socket's whole path; a little below what the kernel takes."""

_ROOM_FOR_NAME = 24


def socket_folder(folder: Path) -> Path:
    """The folder itself, or where that is too deep a private one that always stands for it."""
    folder = folder.absolute()
    if len(os.fsencode(folder)) + _ROOM_FOR_NAME <= LONGEST:
        return folder
    mark = sha256(os.fsencode(folder)).hexdigest()[:12]
    short = Path(tempfile.gettempdir()) / f"portero-{os.getuid()}-{mark}"
    short.mkdir(mode=0o700, exist_ok=True)
    if short.stat().st_uid != os.getuid():
        raise PermissionError(f"{short} belongs to somebody else")
    short.chmod(0o700)
    return short
