"""Does this network's name server lead the house's name to this very house?

Many routers drop private addresses from public answers, and some networks answer what they like. So
the house asks as a phone would, goes to every address it is given, and wants its own mark back.
"""

import asyncio
import hmac
import secrets
from dataclasses import dataclass
from enum import StrEnum
from hashlib import sha256
from http import HTTPStatus
from typing import Final, Protocol

import dns.asyncresolver
import dns.exception
import dns.rdatatype
import dns.resolver
from aiohttp import ClientError, ClientSession, ClientTimeout, web

from edge_agent.local_api.problems import Problem

PATH: Final = "/.well-known/portero-here/{challenge}"
_SECONDS: Final = 5.0
_MOST_ADDRESSES: Final = 4
_CHALLENGE: Final = 32


class Verdict(StrEnum):
    """What came of it; everything but PROVEN means that HTTPS is not offered."""

    PROVEN = "proven"
    NO_ANSWER = "no_answer"
    NO_SUCH_NAME = "no_such_name"
    LEADS_ELSEWHERE = "leads_elsewhere"


class NameServer(Protocol):
    """Whom phones in this network ask."""

    async def addresses(self, name: str) -> tuple[str, ...]:
        """IPv4 and IPv6 addresses; none when there is no such name. TimeoutError, OSError."""


@dataclass(frozen=True, slots=True)
class AskedServer:
    """The name server at an address and port; no address: those this machine was told to use."""

    address: str = ""
    port: int = 53

    async def addresses(self, name: str) -> tuple[str, ...]:
        """As the port says; nothing is remembered, no search list is tried."""
        resolver = dns.asyncresolver.Resolver(configure=not self.address)
        if self.address:
            resolver.nameservers = [self.address]
            resolver.port = self.port
        resolver.cache = None
        found: list[str] = []
        for kind in (dns.rdatatype.A, dns.rdatatype.AAAA):
            try:
                answer = await resolver.resolve(f"{name}.", kind, lifetime=_SECONDS)
            except (dns.resolver.NoAnswer, dns.resolver.NXDOMAIN):
                continue
            except dns.exception.Timeout:
                raise TimeoutError from None
            except dns.exception.DNSException as error:
                raise OSError(type(error).__name__) from None
            found += [record.to_text() for record in answer]
        return tuple(found)


class Mark:
    """What only this process answers to a challenge; its key is made at start and kept nowhere."""

    def __init__(self) -> None:
        self._key = secrets.token_bytes(32)

    def of(self, challenge: str) -> str:
        """The answer, as hex."""
        return hmac.digest(self._key, challenge.encode(), sha256).hex()

    def routes(self) -> list[web.RouteDef]:
        """Method, path, handler: asked by the house itself, told to anybody, worth nothing else."""
        return [web.get(PATH, self.answer)]

    async def answer(self, request: web.Request) -> web.Response:
        """The mark for this challenge; 404 to what is none."""
        challenge = request.match_info["challenge"]
        if len(challenge) != _CHALLENGE or not challenge.isalnum() or not challenge.isascii():
            raise Problem(HTTPStatus.NOT_FOUND, "not_found")
        return web.Response(text=self.of(challenge))


async def prove(name: str, port: int, *, server: NameServer, mark: Mark) -> Verdict:
    """Ask, go to each address by plain HTTP at `port`, and compare; within twenty seconds."""
    try:
        async with asyncio.timeout(2 * _SECONDS):
            found = await server.addresses(name)
    except (TimeoutError, OSError):
        return Verdict.NO_ANSWER
    if not found:
        return Verdict.NO_SUCH_NAME
    if len(found) > _MOST_ADDRESSES:
        return Verdict.LEADS_ELSEWHERE
    async with ClientSession(timeout=ClientTimeout(total=_SECONDS)) as session:
        for address in found:
            if not await _is_this_house(session, address, port, name=name, mark=mark):
                return Verdict.LEADS_ELSEWHERE
    return Verdict.PROVEN


async def _is_this_house(
    session: ClientSession, address: str, port: int, *, name: str, mark: Mark
) -> bool:
    challenge = secrets.token_hex(_CHALLENGE // 2)
    host = f"[{address}]" if ":" in address else address
    url = f"http://{host}:{port}{PATH.format(challenge=challenge)}"
    try:
        async with session.get(url, headers={"Host": name}, allow_redirects=False) as answer:
            told = await answer.content.read(100)
    except (ClientError, TimeoutError, OSError):
        return False
    return hmac.compare_digest(told, mark.of(challenge).encode())
