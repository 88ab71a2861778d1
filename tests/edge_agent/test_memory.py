"""What starting needed goes back, and nothing that is in use goes with it."""

from pathlib import Path

from edge_agent.memory import give_back


def _resident_kb() -> int:
    lines = Path("/proc/self/smaps_rollup").read_text().splitlines()
    return int(next(line for line in lines if line.startswith("Rss:")).split()[1])


def test_what_was_freed_is_returned_to_the_machine() -> None:
    """Many small blocks, freed in a way that leaves the C library holding them."""
    held = [bytes(bytearray(4_000)) for _ in range(20_000)]
    kept = held[::1000]
    full = _resident_kb()
    del held
    give_back()
    assert _resident_kb() < full - 50_000
    assert all(len(each) == 4_000 for each in kept)
