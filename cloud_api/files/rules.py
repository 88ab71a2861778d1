"""What is this content, and may it be kept for this purpose?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Final

from cloud_api.files.errors import FileTooLarge, FileTypeRefused
from cloud_api.files.types import MEGABYTE, MOST_BYTES, PICTURES, MediaType, Purpose

_UNSAID = frozenset({"", "application/octet-stream", "binary/octet-stream"})
# How browsers and phones also call them.
_ALSO: Final[Mapping[str, MediaType]] = {
    "image/jpg": MediaType.JPEG,
    "image/pjpeg": MediaType.JPEG,
    "image/x-png": MediaType.PNG,
    "application/x-pdf": MediaType.PDF,
}


@dataclass(frozen=True, slots=True)
class Policy:
    """What may be kept for one purpose."""

    media_types: frozenset[MediaType]
    most_bytes: int


_STILL = frozenset({MediaType.JPEG, MediaType.PNG, MediaType.WEBP})
POLICIES: Final[Mapping[Purpose, Policy]] = {
    Purpose.VOUCHER: Policy(PICTURES | {MediaType.PDF}, 10 * MEGABYTE),
    Purpose.ID_DOCUMENT: Policy(_STILL, 5 * MEGABYTE),
    Purpose.PHOTO: Policy(PICTURES, MOST_BYTES),
    Purpose.EVIDENCE: Policy(PICTURES | {MediaType.PDF}, MOST_BYTES),
    Purpose.PAPER: Policy(frozenset({MediaType.PDF}), MOST_BYTES),
    Purpose.CONTRACT: Policy(frozenset({MediaType.PDF}), MOST_BYTES),
    Purpose.EXPORT: Policy(frozenset({MediaType.JSON}), MOST_BYTES),
}


def sniff(content: bytes) -> MediaType | None:
    """What the first bytes say; None for anything we do not know."""
    if content.startswith(b"\xff\xd8\xff"):
        return MediaType.JPEG
    if content.startswith(b"\x89PNG\r\n\x1a\n"):
        return MediaType.PNG
    if content[:4] == b"RIFF" and content[8:12] == b"WEBP":
        return MediaType.WEBP
    if content[:6] in {b"GIF87a", b"GIF89a"}:
        return MediaType.GIF
    if content.startswith(b"%PDF-"):
        return MediaType.PDF
    return MediaType.JSON if content.startswith(b"{") else None


def judge(purpose: Purpose, content: bytes, said: str | None) -> MediaType:
    """What it is, if it may be kept. The content decides; what was said may not contradict it.

    Raises FileTypeRefused and FileTooLarge.
    """
    policy = POLICIES[purpose]
    if len(content) > policy.most_bytes:
        raise FileTooLarge(extra={"most_bytes": policy.most_bytes})
    found = sniff(content)
    if found is None or found not in policy.media_types or _contradicts(said, found):
        raise FileTypeRefused(extra={"allowed": sorted(policy.media_types)})
    return found


def _contradicts(said: str | None, found: MediaType) -> bool:
    plain = (said or "").partition(";")[0].strip().lower()
    return plain not in _UNSAID and _ALSO.get(plain, plain) != found
