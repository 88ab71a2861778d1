"""Which page hangs on the house's wall? Drawn on the house's own machine, or on any other."""

from pathlib import Path

from edge_agent.app import lan_reach
from edge_agent.local_api.addresses import reachable
from edge_agent.settings import AgentSettings
from guest_ui.sign import Sign, Wifi, code_png, sign_svg
from guest_ui.texts import CATALOGUE
from portero.verbs import read
from protocol.lan import lan_address


def draw(
    out: Path, *, house: str, addresses: list[str], languages: list[str], wifi: Wifi | None
) -> str:
    """Write the sign (`.svg`) or its code alone (`.png`); one line on what it leads to.

    SystemExit with a sentence when there is no address, or one no phone could open.
    """
    unknown = set(languages) - CATALOGUE.keys()
    if unknown:
        raise SystemExit(f"--language: we speak {', '.join(CATALOGUE)}")
    try:
        found = tuple(map(lan_address, addresses)) or _own()
    except ValueError as error:
        raise SystemExit(f"--address: {error}") from None
    if not found:
        raise SystemExit("no address of this machine's own network is known: give --address")
    spoken = tuple(languages) or tuple(CATALOGUE)
    sign = Sign(found[:2], house, spoken, wifi)
    out.write_bytes(code_png(found[0]) if out.suffix == ".png" else sign_svg(sign))
    return f"wrote {out}: it leads to {' or '.join(sign.addresses)}"


def _own() -> tuple[str, ...]:
    return reachable(lan_reach(read.settings(AgentSettings)))
