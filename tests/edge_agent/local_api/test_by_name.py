"""Is HTTPS offered under the house's name exactly where that name leads to it, with its own key?"""

import asyncio
import json
import ssl
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import dns.flags
import dns.message
import dns.rdatatype
import dns.rrset
import httpx
import pytest
from aiohttp import web
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID
from structlog.testing import capture_logs

from edge_agent.actions.home import Home
from edge_agent.actions.music import Music
from edge_agent.local_api.by_name.keeper import Name, NameKeeper
from edge_agent.local_api.by_name.keys import HandOver, Held, NameKeys
from edge_agent.local_api.by_name.proof import AskedServer, Mark, Verdict, prove
from edge_agent.local_api.server import Lan, lan_application, open_lan
from portero.local.ports import any_free
from protocol.access import Role
from tests.edge_agent.doorman import Doorman
from tests.edge_agent.guests import BOOKER_SECRET, Guests, a_tap
from tests.edge_agent.local_api.conftest import CONFIG, well

NAME = "casa.example.org"
LATELY = datetime.now(UTC).replace(microsecond=0)  # noqa: TID251 - browsers judge by it


@dataclass
class Resolver(asyncio.DatagramProtocol):
    """The name server of a network; `answers`: name and kind to addresses. `mute`: it is away."""

    answers: dict[tuple[str, str], list[str]] = field(default_factory=dict)
    mute: bool = False
    asked: list[str] = field(default_factory=list)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.DatagramTransport)
        self._transport = transport

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        question = dns.message.from_wire(data)
        wanted = question.question[0]
        name, kind = str(wanted.name).rstrip("."), dns.rdatatype.to_text(wanted.rdtype)
        self.asked.append(name)
        if self.mute:
            return
        answer = dns.message.make_response(question)
        answer.flags |= dns.flags.RA
        found = self.answers.get((name, kind))
        if found:
            answer.answer.append(dns.rrset.from_text(wanted.name, 60, "IN", kind, *found))
        elif not any(name == known for known, _ in self.answers):
            answer.set_rcode(dns.rcode.NXDOMAIN)
        self._transport.sendto(answer.to_wire(), addr)


@dataclass
class Place:
    """A house with a plain port, its network's name server, and where certificates come from."""

    lan: Lan
    keeper: NameKeeper
    keys: NameKeys
    resolver: Resolver
    folder: Path
    tls_port: int = 0

    async def listen(self, context: ssl.SSLContext) -> None:
        assert self.tls_port == 0, "it listens once"
        self.tls_port = await self.lan.also_by_tls(context, 0)

    async def turn(self, now: datetime = LATELY) -> None:
        await self.keeper.turn(now, self.listen)

    def issued(self, chain: bytes) -> None:
        (self.folder / "issued.pem").write_bytes(chain)


@dataclass
class Authority:
    """A public authority, as far as this test's browsers know."""

    key: ec.EllipticCurvePrivateKey
    root: x509.Certificate

    def sign(
        self, csr: str, *, starts: datetime = LATELY, days: float = 90, name: str = NAME
    ) -> bytes:
        request = x509.load_pem_x509_csr(csr.encode())
        assert request.is_signature_valid
        builder = (
            x509.CertificateBuilder()
            .subject_name(request.subject)
            .issuer_name(self.root.subject)
            .public_key(request.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(starts - timedelta(hours=1))
            .not_valid_after(starts + timedelta(days=days))
            .add_extension(x509.SubjectAlternativeName([x509.DNSName(name)]), critical=False)
        )
        leaf = builder.sign(self.key, hashes.SHA256())
        return leaf.public_bytes(serialization.Encoding.PEM)

    def trusted(self) -> ssl.SSLContext:
        """A browser that knows this authority and no other."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
        context.load_verify_locations(
            cadata=self.root.public_bytes(serialization.Encoding.PEM).decode()
        )
        return context


@pytest.fixture(scope="module")
def authority() -> Authority:
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "test root")])
    root = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(1)
        .not_valid_before(LATELY - timedelta(days=1))
        .not_valid_after(LATELY + timedelta(days=1000))
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    return Authority(key, root)


@pytest.fixture
async def resolver() -> AsyncIterator[tuple[Resolver, int]]:
    loop = asyncio.get_running_loop()
    made = Resolver({(NAME, "A"): ["127.0.0.1"]})
    transport, _ = await loop.create_datagram_endpoint(lambda: made, ("127.0.0.1", 0))
    try:
        yield made, transport.get_extra_info("sockname")[1]
    finally:
        transport.close()


@pytest.fixture
async def place(
    tmp_path: Path, guests: Guests, doorman: Doorman, resolver: tuple[Resolver, int]
) -> AsyncIterator[Place]:
    folder, port = tmp_path / "by-name", any_free()
    keys = NameKeys(folder, NAME)
    keeper = NameKeeper(
        Name(NAME, port, 8443),
        keys=keys,
        issuer=HandOver(folder),
        server=AskedServer("127.0.0.1", resolver[1]),
        mark=Mark(),
    )
    config = replace(CONFIG, port=port, names=frozenset({NAME, "portero.local"}))
    application = lan_application(
        config,
        guests=guests,
        music=Music(doorman, None),
        home=Home(doorman, None),
        health=well,
        now=asyncio.get_running_loop().time,
        by_name=keeper,
    )
    async with open_lan(config, application) as lan:
        yield Place(lan, keeper, keys, resolver[0], folder)


@asynccontextmanager
async def browser_at(place: Place, trust: ssl.SSLContext) -> AsyncIterator[httpx.AsyncClient]:
    """By the name, which a phone's own resolver would have led here."""

    async def named(request: httpx.Request) -> None:
        request.extensions["sni_hostname"] = NAME
        request.headers["Host"] = f"{NAME}:{place.tls_port}"

    async with httpx.AsyncClient(
        base_url=f"https://127.0.0.1:{place.tls_port}",
        verify=trust,
        timeout=10,
        event_hooks={"request": [named]},
    ) as client:
        yield client


async def test_a_name_that_leads_here_with_a_certificate_is_offered_and_speaks_https(
    place: Place, authority: Authority, guests: Guests
) -> None:
    await place.turn()
    assert (place.keeper.verdict, place.keeper.offered) == (Verdict.PROVEN, None)
    wanted = json.loads((place.folder / "request.json").read_text())
    assert (wanted["name"], wanted["expires"]) == (NAME, None)
    place.issued(authority.sign(wanted["csr"]))
    await place.turn()
    assert place.keeper.offered == f"https://{NAME}:8443"
    async with browser_at(place, authority.trusted()) as phone:
        signed_in = await phone.post("/api/session", json={"secret": BOOKER_SECRET})
        assert signed_in.status_code == 201
        assert "secure" in signed_in.headers["set-cookie"].lower()
        cookie = {"Cookie": signed_in.headers["set-cookie"].split(";")[0]}
        tap = await phone.post(f"/api/doors/{guests.front}/moves", json=a_tap(), headers=cookie)
        assert tap.status_code == 202
        drawn = await phone.get("/api/join.svg", headers=cookie)
        assert drawn.status_code == 200
        guests.role = Role.STAFF
        offered = (await phone.get("/api/sign", headers=cookie)).json()["addresses"]
        assert f"https://{NAME}:8443" in offered


async def test_plain_http_stays_and_leads_nowhere_else(place: Place, authority: Authority) -> None:
    await until_offered(place, authority)
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{place.lan.port}") as phone:
        page = await phone.get("/")
        assert (page.status_code, "strict-transport-security" in page.headers) == (200, False)
        signed_in = await phone.post("/api/session", json={"secret": BOOKER_SECRET})
        assert "secure" not in signed_in.headers["set-cookie"].lower()


async def test_a_page_that_came_by_http_is_foreign_to_https(
    place: Place, authority: Authority
) -> None:
    await until_offered(place, authority)
    async with browser_at(place, authority.trusted()) as phone:
        for scheme, status in (("http", 403), ("https", 201)):
            origin = {"Origin": f"{scheme}://{NAME}:{place.tls_port}"}
            answer = await phone.post(
                "/api/session", json={"secret": BOOKER_SECRET}, headers=origin
            )
            assert answer.status_code == status


async def test_a_browser_that_does_not_know_the_authority_is_not_deceived(
    place: Place, authority: Authority
) -> None:
    await until_offered(place, authority)
    stranger = ssl.create_default_context()
    async with browser_at(place, stranger) as phone:
        with pytest.raises(httpx.ConnectError, match="CERTIFICATE_VERIFY_FAILED"):
            await phone.get("/")


@pytest.mark.parametrize(
    ("answers", "verdict"),
    [
        ({}, Verdict.NO_SUCH_NAME),  # a router that drops private addresses
        ({(NAME, "AAAA"): ["::1"]}, Verdict.LEADS_ELSEWHERE),  # nobody listens there
        ({(NAME, "A"): ["127.0.0.1"], (NAME, "AAAA"): ["::1"]}, Verdict.LEADS_ELSEWHERE),
        ({(NAME, "A"): [f"127.0.0.{n}" for n in range(1, 6)]}, Verdict.LEADS_ELSEWHERE),
    ],
)
async def test_where_the_name_does_not_lead_here_nothing_is_asked_for_or_offered(
    place: Place, answers: dict[tuple[str, str], list[str]], verdict: Verdict
) -> None:
    place.resolver.answers = answers
    await place.turn()
    assert (place.keeper.verdict, place.keeper.offered) == (verdict, None)
    assert not (place.folder / "request.json").exists()
    assert place.tls_port == 0


async def test_a_network_that_stops_leading_here_ends_the_offer_not_the_service(
    place: Place, authority: Authority
) -> None:
    await until_offered(place, authority)
    place.resolver.answers = {}
    await place.turn()
    assert place.keeper.offered is None
    async with browser_at(place, authority.trusted()) as phone:
        assert (await phone.get("/")).status_code == 200
    place.resolver.answers = {(NAME, "A"): ["127.0.0.1"]}
    await place.turn()
    assert place.keeper.offered is not None


async def test_somebody_else_at_that_address_cannot_answer_for_the_house(
    resolver: tuple[Resolver, int],
) -> None:
    """Another house of ours, with a mark of its own; and one that repeats the question."""

    async def repeats(request: web.Request) -> web.Response:
        return web.Response(text=request.match_info["challenge"])

    for routes in (Mark().routes(), [web.get("/.well-known/portero-here/{challenge}", repeats)]):
        other = web.Application()
        other.add_routes(routes)
        runner = web.AppRunner(other)
        await runner.setup()
        port = any_free()
        await web.TCPSite(runner, "127.0.0.1", port).start()
        server = AskedServer("127.0.0.1", resolver[1])
        assert await prove(NAME, port, server=server, mark=Mark()) is Verdict.LEADS_ELSEWHERE
        await runner.cleanup()


async def test_a_name_server_that_is_not_there_proves_nothing() -> None:
    class Away:
        async def addresses(self, name: str) -> tuple[str, ...]:
            raise TimeoutError(name)

    assert await prove(NAME, 1, server=Away(), mark=Mark()) is Verdict.NO_ANSWER


@pytest.mark.parametrize("challenge", ["short", "x" * 33, "%0a" * 32, "é" * 32])
async def test_the_mark_is_told_for_a_challenge_alone(place: Place, challenge: str) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{place.lan.port}") as anybody:
        answer = await anybody.get(f"/.well-known/portero-here/{challenge}")
    assert (answer.status_code, answer.json()["code"]) == (404, "not_found")


async def test_under_a_foreign_name_the_mark_is_not_told(place: Place) -> None:
    async with httpx.AsyncClient(base_url=f"http://127.0.0.1:{place.lan.port}") as anybody:
        answer = await anybody.get(
            f"/.well-known/portero-here/{'a' * 32}", headers={"Host": "evil.example.org"}
        )
    assert answer.status_code == 421


async def test_a_new_certificate_is_asked_for_in_time_and_used_without_a_pause(
    place: Place, authority: Authority
) -> None:
    await until_offered(place, authority)
    first = place.keys.held()
    assert first is not None
    await place.turn(LATELY + timedelta(days=59))
    assert json.loads((place.folder / "request.json").read_text())["expires"] is None
    await place.turn(LATELY + timedelta(days=61))
    wanted = json.loads((place.folder / "request.json").read_text())
    assert datetime.fromisoformat(wanted["expires"]) == first.expires
    place.issued(authority.sign(wanted["csr"], days=150))
    await place.turn(LATELY + timedelta(days=61))
    async with browser_at(place, authority.trusted()) as phone:
        assert (await phone.get("/")).status_code == 200
        stream = (await phone.get("/")).extensions["network_stream"]
        shown = x509.load_der_x509_certificate(
            stream.get_extra_info("ssl_object").getpeercert(binary_form=True)
        )
    assert shown.not_valid_after_utc == LATELY + timedelta(days=150)


async def test_a_certificate_that_has_ended_is_not_offered(
    place: Place, authority: Authority
) -> None:
    await until_offered(place, authority)
    await place.turn(LATELY + timedelta(days=90))
    assert place.keeper.offered is None


async def test_after_a_restart_the_certificate_kept_is_used(
    place: Place, authority: Authority
) -> None:
    place.keys.take(authority.sign(place.keys.request()), now=LATELY)
    await place.turn()
    assert place.keeper.offered is not None
    assert not (place.folder / "request.json").exists()


@pytest.mark.parametrize(
    ("flaw", "reason"),
    [
        ("key", "other_key"),
        ("name", "other_name"),
        ("ended", "ended"),
        ("text", "not_a_certificate"),
    ],
)
async def test_a_wrong_certificate_is_named_once_and_never_used(
    place: Place, authority: Authority, tmp_path: Path, flaw: str, reason: str
) -> None:
    csr = place.keys.request()
    other = NameKeys(tmp_path / "other", NAME).request()
    place.issued(
        {
            "key": authority.sign(other),
            "name": authority.sign(csr, name="evil.example.org"),
            "ended": authority.sign(csr, starts=LATELY - timedelta(days=100)),
            "text": b"-----BEGIN CERTIFICATE-----\nno\n-----END CERTIFICATE-----\n",
        }[flaw]
    )
    with capture_logs() as logs:
        await place.turn()
        await place.turn()
    said = [each["reason"] for each in logs if each["event"] == "certificate_not_taken"]
    assert said == [reason]
    assert (place.keys.held(), place.tls_port) == (None, 0)


def test_the_key_is_made_here_once_for_us_alone_and_is_in_no_request(tmp_path: Path) -> None:
    keys = NameKeys(tmp_path / "by-name", NAME)
    csr = keys.request()
    assert keys.request() == csr == NameKeys(tmp_path / "by-name", NAME).request()
    key = tmp_path / "by-name" / "key.pem"
    assert (key.stat().st_mode & 0o777, key.parent.stat().st_mode & 0o777) == (0o600, 0o700)
    assert "PRIVATE" not in csr
    parsed = x509.load_pem_x509_csr(csr.encode())
    said = parsed.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert said.get_values_for_type(x509.DNSName) == [NAME]


def test_a_third_of_its_life_before_the_end_the_next_is_due() -> None:
    held = Held(NAME, LATELY, LATELY + timedelta(days=90))
    assert not held.is_due(LATELY + timedelta(days=60) - timedelta(seconds=1))
    assert held.is_due(LATELY + timedelta(days=60))
    assert not held.is_over(LATELY + timedelta(days=90) - timedelta(seconds=1))
    assert held.is_over(LATELY + timedelta(days=90))


async def until_offered(place: Place, authority: Authority) -> None:
    """Proven, asked for, issued, in use."""
    await place.turn()
    place.issued(authority.sign(place.keys.request()))
    await place.turn()
    assert place.keeper.offered is not None
