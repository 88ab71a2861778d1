"""A socket's path is never too long for the kernel, and always the same for the same folder."""

from pathlib import Path

from portero.local.sockets import LONGEST, socket_folder


def test_a_short_folder_is_used_itself(tmp_path: Path) -> None:
    assert socket_folder(Path("/tmp/x")) == Path("/tmp/x")  # noqa: S108 - only a name


def test_a_deep_folder_has_a_short_private_stand_in(tmp_path: Path) -> None:
    deep = tmp_path / ("d" * 90)
    short = socket_folder(deep)
    assert short == socket_folder(deep) != socket_folder(tmp_path / ("e" * 90))
    assert len(str(short / "lock-10.control.sock")) <= LONGEST
    assert short.stat().st_mode & 0o777 == 0o700
    for made in (short, socket_folder(tmp_path / ("e" * 90))):
        made.rmdir()
