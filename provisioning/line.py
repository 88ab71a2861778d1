"""Does the broker let this device in?"""

import socket
import ssl
from pathlib import Path
from urllib.parse import urlsplit

from provisioning.device import AUTHORITY, CERTIFICATE, KEY

_PORT = 8883
_SECONDS = 10.0


def address(broker_url: str) -> tuple[str, int]:
    """Host and port of `mqtts://host:port`. ValueError when it is something else."""
    parts = urlsplit(broker_url)
    if parts.scheme != "mqtts" or not parts.hostname:
        raise ValueError("a house's broker reads mqtts://host:port")
    return parts.hostname, parts.port or _PORT


def knock(broker_url: str, folder: Path) -> str | None:
    """None when the broker takes our certificate; else why not.

    Nothing of MQTT is said, so an agent that is on the line keeps it. TLS 1.2, in which a refusal
    is part of the handshake; with 1.3 it would come at some later time.
    """
    try:
        host, port = address(broker_url)
        context = ssl.create_default_context(cafile=str(folder / AUTHORITY))
        context.load_cert_chain(folder / CERTIFICATE, folder / KEY)
        context.maximum_version = ssl.TLSVersion.TLSv1_2
        with (
            socket.create_connection((host, port), timeout=_SECONDS) as plain,
            context.wrap_socket(plain, server_hostname=host),
        ):
            return None
    except (OSError, ValueError) as error:
        return str(error) or type(error).__name__
