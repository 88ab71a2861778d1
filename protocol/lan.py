"""How is a house's page reached in its own network?

A LAN link is one of these addresses with the LAN secret behind `#`, which no browser sends.
"""

from ipaddress import IPv6Address, ip_address
from typing import Annotated, Final
from urllib.parse import SplitResult, urlsplit

from pydantic import AfterValidator, Field

_PORTS: Final = {"http": 80, "https": 443}
_AT_HOME: Final = (".local", ".lan", ".home", ".home.arpa", ".internal")


def lan_address(said: str) -> str:
    """The address as it is printed and linked: scheme, host, and the port unless it is the usual.

    `casa.local`, `http://192.168.1.20:8480`, `http://[fd00::20]` or `https://casa.example.org`.
    ValueError when it has a path, a query or a user; when plain HTTP would leave the house; when a
    browser could not open it.
    """
    text = said.strip().lower()
    parts = urlsplit(text if "://" in text else f"http://{text}")
    host = parts.hostname or ""
    if parts.scheme not in _PORTS or not host:
        raise ValueError("an address in the house looks like http://casa.local")
    if parts.path.strip("/") or parts.query or parts.fragment or "@" in parts.netloc:
        raise ValueError("only scheme, name and port, as in http://casa.local:8480")
    if not _is_host(host):
        raise ValueError("no name or address that a browser opens")
    if parts.scheme == "http" and not _is_at_home(host):
        raise ValueError("plain HTTP only to a private address or a name such as casa.local")
    return f"{parts.scheme}://{_bracketed(host)}{_port(parts)}"


def lan_link(address: str, secret: str) -> str:
    """The stay's link at one of the house's addresses."""
    return f"{address}/#{secret}"


type LanAddress = Annotated[str, Field(max_length=120), AfterValidator(lan_address)]
"""Checked and written in one way."""


def _port(parts: SplitResult) -> str:
    port = parts.port  # ValueError beyond 65535
    return "" if port in {None, 0, _PORTS[parts.scheme]} else f":{port}"


def _bracketed(host: str) -> str:
    return f"[{host}]" if ":" in host else host


def _is_host(host: str) -> bool:
    if ":" in host:
        return "%" not in host and _as_address(host)
    labels = host.split(".")
    return all(
        each and each.isascii() and each.replace("-", "").isalnum() and each.strip("-") == each
        for each in labels
    ) and (not labels[-1].isdigit() or _as_address(host))


def _as_address(host: str) -> bool:
    try:
        ip_address(host)
    except ValueError:
        return False
    return True


def _is_at_home(host: str) -> bool:
    if not _as_address(host):
        return "." not in host or host.endswith(_AT_HOME)
    address = ip_address(host)
    mapped = address.ipv4_mapped if isinstance(address, IPv6Address) else None
    return (mapped or address).is_private and not address.is_unspecified
