"""Does the line accept our own authority's broker and no other?"""

import gc
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from edge_agent.link.broker import BrokerAddress, Letter, LinkLost, TlsFiles, connected
from edge_agent.policy.model import Time
from portero.local.broker import mosquitto_path
from portero.local.ports import any_free, is_free

# paho leaves the socket of a failed handshake to the garbage collector
pytestmark = pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")

WILL = Letter("portero/test/up/status", b"gone")
BEGIN = datetime(2020, 1, 1, tzinfo=UTC)
YEAR = timedelta(days=365)
ENDS = BEGIN + 50 * YEAR
SECOND = timedelta(seconds=1)
NOW = Time(BEGIN + 6 * YEAR, BEGIN + 6 * YEAR)


@dataclass
class Authority:
    """A certificate authority of the test's own."""

    folder: Path
    name: str

    def __post_init__(self) -> None:
        self.folder.mkdir(parents=True, exist_ok=True)
        self.key = ec.generate_private_key(ec.SECP256R1())
        self.certificate = self._signed(self.name, self.key, of_authority=True)
        self.file = self.folder / f"{self.name}.pem"
        self.file.write_bytes(self.certificate.public_bytes(Encoding.PEM))

    def issue(self, name: str, *, begin: datetime = BEGIN, ends: datetime = ENDS) -> TlsFiles:
        key = ec.generate_private_key(ec.SECP256R1())
        certificate = self._signed(name, key, of_authority=False, begin=begin, ends=ends)
        files = TlsFiles(self.file, self.folder / f"{name}.crt", self.folder / f"{name}.key")
        files.certificate.write_bytes(certificate.public_bytes(Encoding.PEM))
        plain = (Encoding.PEM, PrivateFormat.PKCS8, NoEncryption())
        files.key.write_bytes(key.private_bytes(*plain))
        files.key.chmod(0o644)  # the broker drops to its own user
        return files

    def _signed(
        self,
        name: str,
        key: ec.EllipticCurvePrivateKey,
        *,
        of_authority: bool,
        begin: datetime = BEGIN,
        ends: datetime = ENDS,
    ) -> x509.Certificate:
        return (
            x509.CertificateBuilder()
            .subject_name(_named(name))
            .issuer_name(_named(self.name))
            .public_key(key.public_key())
            .serial_number(x509.random_serial_number())
            .not_valid_before(begin)
            .not_valid_after(ends)
            .add_extension(x509.BasicConstraints(ca=of_authority, path_length=None), critical=True)
            .add_extension(
                x509.SubjectKeyIdentifier.from_public_key(key.public_key()), critical=False
            )
            .add_extension(
                x509.AuthorityKeyIdentifier.from_issuer_public_key(self.key.public_key()),
                critical=False,
            )
            .add_extension(_key_usage(of_authority=of_authority), critical=True)
            .add_extension(
                x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]),
                critical=False,
            )
            .sign(self.key, SHA256())
        )


@pytest.fixture(autouse=True)
def sweep() -> Iterator[None]:
    yield
    gc.collect()


@pytest.fixture
def ours(tmp_path: Path) -> Authority:
    return Authority(tmp_path / "ours", "ours")


@pytest.fixture
def port(tmp_path: Path, ours: Authority) -> Iterator[int]:
    with broker_with(ours.issue("broker"), tmp_path) as chosen:
        yield chosen


@contextmanager
def broker_with(server: TlsFiles, folder: Path) -> Iterator[int]:
    """A Mosquitto that wants a certificate of our authority and names clients after it."""
    chosen = any_free()
    conf = folder / "tls.conf"
    conf.write_text(
        f"listener {chosen} 127.0.0.1\nallow_anonymous false\nrequire_certificate true\n"
        f"use_identity_as_username true\nuse_username_as_clientid true\n"
        f"cafile {server.authority}\ncertfile {server.certificate}\nkeyfile {server.key}\n"
    )
    _open_to_broker(folder)
    binary = mosquitto_path()
    if binary is None:
        raise RuntimeError("this test needs a Mosquitto: apt install mosquitto")
    process = subprocess.Popen(  # noqa: S603 - our own arguments
        [binary, "-c", str(conf)], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    )
    try:
        for _ in range(100):
            if not is_free(chosen):
                break
            time.sleep(0.05)
        yield chosen
    finally:
        process.kill()
        process.wait(5)


async def test_with_our_certificate_the_line_stands(port: int, ours: Authority) -> None:
    address = BrokerAddress("127.0.0.1", port, "house-1", tls=ours.issue("house-1"))
    async with connected(address, will=WILL, time=NOW) as line:
        await line.subscribe("portero/house-1/down/+")


async def test_a_broker_of_another_authority_is_refused(
    port: int, ours: Authority, tmp_path: Path
) -> None:
    mine = ours.issue("house-1")
    theirs = Authority(tmp_path / "theirs", "theirs")
    address = BrokerAddress(
        "127.0.0.1", port, "house-1", tls=TlsFiles(theirs.file, mine.certificate, mine.key)
    )
    with pytest.raises(LinkLost, match="certificate verify failed"):
        async with connected(address, will=WILL, time=NOW):
            raise AssertionError("connected to a stranger")


async def test_a_broker_under_another_name_is_refused(port: int, ours: Authority) -> None:
    address = BrokerAddress("localhost", port, "house-1", tls=ours.issue("house-1"))
    with pytest.raises(LinkLost, match="certificate verify failed"):
        async with connected(address, will=WILL, time=NOW):
            raise AssertionError("connected under another name")


async def test_without_a_certificate_of_ours_the_broker_refuses(
    port: int, ours: Authority, tmp_path: Path
) -> None:
    foreign = Authority(tmp_path / "theirs", "theirs").issue("house-1")
    address = BrokerAddress(
        "127.0.0.1", port, "house-1", tls=TlsFiles(ours.file, foreign.certificate, foreign.key)
    )
    with pytest.raises(LinkLost):
        async with connected(address, will=WILL, time=NOW) as line:
            await line.subscribe("portero/house-1/down/+")


AFTER_A_POWER_CUT = Time(BEGIN, None)
SURELY_OVER = "it has ended"
SURELY_TOO_SOON = "it has not begun"


@pytest.mark.parametrize(
    ("begins", "proven", "refusal"),
    [
        pytest.param(100, AFTER_A_POWER_CUT, None, id="clock far behind, nothing proven"),
        pytest.param(0, Time(BEGIN + YEAR, None), None, id="floor at its last second"),
        pytest.param(0, Time(BEGIN + YEAR + SECOND, None), SURELY_OVER, id="floor beyond it"),
        pytest.param(0, Time(BEGIN, BEGIN + 9 * YEAR), None, id="may still be good"),
        pytest.param(60, Time(BEGIN, BEGIN + 60 * YEAR), None, id="may have begun"),
        pytest.param(60, Time(BEGIN, BEGIN + 59 * YEAR), SURELY_TOO_SOON, id="surely too soon"),
    ],
)
async def test_dates_are_judged_by_proven_time_and_never_by_the_system_clock(
    ours: Authority, tmp_path: Path, begins: int, proven: Time, refusal: str | None
) -> None:
    """The certificates here are in date at no system clock this test will ever run under."""
    begin = BEGIN + begins * YEAR
    server = ours.issue("broker", begin=begin, ends=begin + YEAR)
    mine = ours.issue("house-1")
    with broker_with(server, tmp_path) as port:
        address = BrokerAddress("127.0.0.1", port, "house-1", tls=mine)
        if refusal is None:
            async with connected(address, will=WILL, time=proven) as line:
                await line.subscribe("portero/house-1/down/+")
        else:
            with pytest.raises(LinkLost, match=refusal):
                async with connected(address, will=WILL, time=proven):
                    raise AssertionError("connected although its time is over")


async def test_an_authority_that_is_surely_over_vouches_for_nobody(
    ours: Authority, tmp_path: Path
) -> None:
    long_lived = ours.issue("broker", ends=ENDS + 50 * YEAR)
    mine = ours.issue("house-1")
    with broker_with(long_lived, tmp_path) as port:
        address = BrokerAddress("127.0.0.1", port, "house-1", tls=mine)
        with pytest.raises(LinkLost, match=SURELY_OVER):
            async with connected(address, will=WILL, time=Time(ENDS + SECOND, None)):
                raise AssertionError("connected under an authority that has ended")


async def test_a_tls_file_that_is_not_there_is_a_lost_line(tmp_path: Path) -> None:
    nowhere = TlsFiles(tmp_path / "a.pem", tmp_path / "c.pem", tmp_path / "k.pem")
    address = BrokerAddress("127.0.0.1", 1, "house-1", tls=nowhere)
    with pytest.raises(LinkLost, match="TLS file"):
        async with connected(address, will=WILL, time=NOW):
            raise AssertionError("connected without certificates")


def test_an_address_never_shows_its_password() -> None:
    address = BrokerAddress("h", 1, "house-1", username="u", password="canary")
    assert "canary" not in repr(address)


def _named(name: str) -> x509.Name:
    return x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, name)])


def _key_usage(*, of_authority: bool) -> x509.KeyUsage:
    return x509.KeyUsage(
        digital_signature=True,
        content_commitment=False,
        key_encipherment=False,
        data_encipherment=False,
        key_agreement=False,
        key_cert_sign=of_authority,
        crl_sign=of_authority,
        encipher_only=False,
        decipher_only=False,
    )


def _open_to_broker(folder: Path) -> None:
    """Started as root, the broker drops to its own user and must still reach its files."""
    for each in (folder, *folder.parents):
        if each.stat().st_mode & 0o005 != 0o005:
            each.chmod(each.stat().st_mode | 0o055)
        if each.name.startswith("pytest-of-"):
            return
