"""How do sealed contents rest on this machine's disk?

One file a content, under two letters of its random name. It is written beside its place, forced to
the disk, and moved there in one step; then the folder is forced too.
"""

import asyncio
import os
import re
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

from cloud_api.files.errors import ObjectGoneError, StoreSilentError

_NAME = re.compile(r"[0-9a-f]{32}")


class LocalStore:
    """A folder of ours alone."""

    def __init__(self, folder: Path) -> None:
        self._folder = folder

    async def put(self, name: str, sealed: bytes) -> None:
        """Durable when it returns."""
        await _in_thread(self._put, name, sealed)

    async def get(self, name: str) -> bytes:
        """What was put."""
        return await asyncio.to_thread(self._get, name)

    async def delete(self, name: str) -> None:
        """Durably gone when it returns."""
        await _in_thread(self._delete, name)

    async def names(self, *, before: datetime) -> Sequence[str]:
        """What was last written before this instant."""
        return await asyncio.to_thread(self._names, before)

    def _put(self, name: str, sealed: bytes) -> None:
        place = self._place(name)
        place.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        beside = place.with_suffix(".new")
        handle = os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(handle, "wb") as file:
            file.write(sealed)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(place)
        _force(place.parent)
        _force(self._folder)

    def _get(self, name: str) -> bytes:
        try:
            return self._place(name).read_bytes()
        except FileNotFoundError:
            raise ObjectGoneError from None
        except OSError as error:
            raise StoreSilentError(type(error).__name__) from None

    def _delete(self, name: str) -> None:
        place = self._place(name)
        place.unlink(missing_ok=True)
        place.with_suffix(".new").unlink(missing_ok=True)
        if place.parent.is_dir():
            _force(place.parent)

    def _names(self, before: datetime) -> list[str]:
        return [
            place.stem
            for place in sorted(self._folder.glob("*/*"))
            if _NAME.fullmatch(place.stem) and _written(place) < before
        ]

    def _place(self, name: str) -> Path:
        if not _NAME.fullmatch(name):
            raise ValueError("names in the store are random, and ours")
        return self._folder / name[:2] / name


async def _in_thread(do: Callable[..., None], *values: object) -> None:
    try:
        await asyncio.to_thread(do, *values)
    except OSError as error:
        raise StoreSilentError(type(error).__name__) from None


def _written(place: Path) -> datetime:
    try:
        return datetime.fromtimestamp(place.stat().st_mtime, UTC)
    except FileNotFoundError:
        return datetime.max.replace(tzinfo=UTC)


def _force(folder: Path) -> None:
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
