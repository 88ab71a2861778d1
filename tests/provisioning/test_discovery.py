"""What a network says of itself is found, and believed only as far as it is the one we know."""

import threading
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from zeroconf import ServiceInfo, Zeroconf

from provisioning import discovery
from provisioning.discovery import Found, Kind, Pins, Verdict, browse, pin, read_pins
from provisioning.errors import UnreadableError

HERE = ["127.0.0.1"]
HOME = Found(Kind.HOME_ASSISTANT, "a1b2", "Home", "192.0.2.7", 8123)


def speaks(service: str, name: str, properties: dict[str, str]) -> ServiceInfo:
    return ServiceInfo(
        service,
        f"{name}.{service}",
        port=8123,
        properties=properties,
        parsed_addresses=HERE,
        server=f"{uuid4().hex}.local.",
    )


@pytest.fixture
def network() -> Iterator[Zeroconf]:
    network = Zeroconf(interfaces=HERE)
    yield network
    network.close()


def browse_until(wanted: set[str]) -> dict[str, Found]:
    """Everything found, once these are; a busy machine may need several looks."""
    found: dict[str, Found] = {}
    for _ in range(15):
        found |= {each.identity: each for each in browse(1.5, interfaces=HERE)}
        if wanted <= found.keys():
            return found
    raise AssertionError(f"not found: {wanted - found.keys()}")


def test_home_assistant_music_assistant_and_waiting_devices_are_found(network: Zeroconf) -> None:
    mark = uuid4().hex[:8]
    said = (
        speaks("_home-assistant._tcp.local.", f"Home {mark}", {"uuid": f"ha-{mark}"}),
        speaks("_mass._tcp.local.", f"Music {mark}", {"server_id": f"ma-{mark}"}),
        speaks("_mass._tcp.local.", f"Nameless {mark}", {"version": "1"}),
        speaks("_mass._tcp.local.", f"Evil {mark}", {"server_id": f"\x1b[2J{mark}" + "x" * 150}),
    )
    for each in said:
        network.register_service(each)
    device, seen = uuid4(), threading.Event()
    waiting = threading.Thread(
        target=discovery.announce, args=(device, seen.wait), kwargs={"interfaces": HERE}
    )
    waiting.start()
    try:
        found = browse_until(
            {f"ha-{mark}", f"ma-{mark}", str(device), f"[2J{mark}".ljust(100, "x")}
        )
    finally:
        seen.set()
        waiting.join()
    assert found[f"ha-{mark}"].kind is Kind.HOME_ASSISTANT
    assert (found[f"ma-{mark}"].address, found[f"ma-{mark}"].port) == ("127.0.0.1", 8123)
    assert found[str(device)].kind is Kind.DEVICE
    assert not any(each.name.startswith("Nameless") for each in found.values())
    (evil,) = (each for each in found.values() if each.name == f"Evil {mark}")
    assert "\x1b" not in evil.identity
    assert len(evil.identity) == 100


def test_who_was_paired_is_known_again_wherever_it_moves() -> None:
    pins = pin(Pins(), HOME)
    moved = Found(HOME.kind, HOME.identity, "Other name", "192.0.2.99", 80)
    assert pins.verdict(moved) is Verdict.PAIRED
    assert len(pin(pins, moved).pins) == 1


def test_another_at_the_same_place_is_told_from_the_one_we_know() -> None:
    pins = pin(Pins(), HOME)
    impostor = Found(HOME.kind, "ffff", HOME.name, HOME.address, HOME.port)
    assert pins.verdict(impostor) is Verdict.ANOTHER
    elsewhere = Found(HOME.kind, "ffff", HOME.name, "192.0.2.8", HOME.port)
    assert pins.verdict(elsewhere) is Verdict.NEW


def test_pins_that_cannot_be_read_are_not_no_pins(tmp_path: Path) -> None:
    path = tmp_path / "pins.json"
    assert read_pins(path) == Pins()
    path.write_text(pin(Pins(), HOME).model_dump_json())
    assert read_pins(path).verdict(HOME) is Verdict.PAIRED
    path.write_text("{}garbled")
    with pytest.raises(UnreadableError):
        read_pins(path)
