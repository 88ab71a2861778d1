"""When should a guest use the house's own page instead of the cloud's?"""

from collections.abc import Sequence
from typing import Final

from cloud_api.access.guests.types import LanWay
from protocol.lan import lan_link

PATIENCE_SECONDS: Final = 4
"""A tap that the cloud has not answered by then is quicker told to the house itself."""

_WORDS: Final = {
    ("house_offline", "en"): (
        "The house is out of the cloud's reach. In the house, on its Wi-Fi, this link works."
    ),
    ("house_offline", "es"): (
        "La casa está fuera del alcance de la nube. En la casa, en su wifi, funciona este enlace."
    ),
    ("cloud_slow", "en"): "This takes long. In the house, on its Wi-Fi, this link is quicker.",
    ("cloud_slow", "es"): "Esto tarda. En la casa, en su wifi, este enlace es más rápido.",
}


def lan_way(addresses: Sequence[str], secret: str, *, house_online: bool) -> LanWay | None:
    """Where and why; None while nobody has said where the house's page is found."""
    if not addresses:
        return None
    return LanWay(
        links=tuple(lan_link(each, secret) for each in addresses),
        reason="cloud_slow" if house_online else "house_offline",
        offer_after_seconds=PATIENCE_SECONDS if house_online else 0,
    )


def lan_words(way: LanWay, language: str) -> str:
    """For people; English where we do not speak theirs."""
    return _WORDS.get((way.reason, language[:2].lower())) or _WORDS[way.reason, "en"]
