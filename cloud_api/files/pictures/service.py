"""How is a picture made safe to keep and small enough to show?

Everything a camera wrote beside the picture (where it was taken, when, by which device) is left
out; the picture is turned as the camera meant it. Decoding runs in a thread, and only after the
header has said how large it will be.
"""

import asyncio
import io
from typing import Final

from PIL import Image, ImageOps, UnidentifiedImageError

from cloud_api.files.errors import PictureRefused
from cloud_api.files.types import MediaType

MOST_PIXELS: Final = 50_000_000
THUMBNAIL: Final = (400, 300)
_FORMATS: Final = {
    MediaType.JPEG: "JPEG",
    MediaType.PNG: "PNG",
    MediaType.WEBP: "WEBP",
    MediaType.GIF: "GIF",
}
# A JPEG of a phone may carry a second picture (depth, preview) that nobody sees moving.
_MAY_MOVE: Final = frozenset({MediaType.PNG, MediaType.WEBP, MediaType.GIF})
_QUALITY: Final = 90
_PLAIN_MODES: Final = frozenset({"1", "L", "P", "RGB", "RGBA", "LA"})


async def cleaned(content: bytes, media_type: MediaType) -> bytes:
    """The same picture without anything beside it. Raises PictureRefused."""
    return await asyncio.to_thread(_cleaned, content, media_type)


async def thumbnail(content: bytes, media_type: MediaType) -> bytes:
    """400 x 300 WebP, cut from the middle. Raises PictureRefused."""
    return await asyncio.to_thread(_thumbnail, content, media_type)


def _cleaned(content: bytes, media_type: MediaType) -> bytes:
    picture = _opened(content, media_type)
    if media_type is MediaType.JPEG and picture.mode not in {"L", "RGB"}:
        picture = picture.convert("RGB")
    elif picture.mode == "P":
        picture = picture.convert("RGBA")
    # Pixels alone: whatever else was in the file is not carried over.
    bare = Image.new(picture.mode, picture.size)
    bare.paste(picture)
    kept = io.BytesIO()
    bare.save(kept, format=_FORMATS[media_type], quality=_QUALITY)
    return kept.getvalue()


def _thumbnail(content: bytes, media_type: MediaType) -> bytes:
    picture = ImageOps.fit(_opened(content, media_type).convert("RGB"), THUMBNAIL)
    small = io.BytesIO()
    picture.save(small, format="WEBP", quality=80)
    return small.getvalue()


def _opened(content: bytes, media_type: MediaType) -> Image.Image:
    try:
        picture = Image.open(io.BytesIO(content), formats=[_FORMATS[media_type]])
        _refuse(picture, media_type)
        picture.load()
        turned = ImageOps.exif_transpose(picture)
    except PictureRefused:
        raise
    except (
        UnidentifiedImageError,
        Image.DecompressionBombError,
        Image.DecompressionBombWarning,
        OSError,
        SyntaxError,
        ValueError,
        IndexError,
        MemoryError,
    ):
        raise PictureRefused("it is broken") from None
    return turned if turned.mode in _PLAIN_MODES else turned.convert("RGB")


def _refuse(picture: Image.Image, media_type: MediaType) -> None:
    width, height = picture.size
    if width * height > MOST_PIXELS:
        raise PictureRefused("it is too large", extra={"most_pixels": MOST_PIXELS})
    if media_type in _MAY_MOVE and getattr(picture, "n_frames", 1) > 1:
        raise PictureRefused("it moves")
