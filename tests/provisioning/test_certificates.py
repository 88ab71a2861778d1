"""A device is certified at its claim, renews by its key alone, and loses all to its successor."""

import asyncio
import stat
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding
from cryptography.x509.oid import ExtendedKeyUsageOID, NameOID

from protocol.certificates import RequestFlaw, ask, common_name, house_uri
from protocol.ids import HouseId
from provisioning import claim as claiming
from provisioning import device
from provisioning.errors import ClaimRefusedError, CloudUnreachableError, RenewalRefusedError
from tests.provisioning.conftest import BROKER
from tests.provisioning.setting import Setting

DAY = timedelta(days=1)


def leaf(folder: Path) -> x509.Certificate:
    return x509.load_pem_x509_certificate((folder / "line" / device.CERTIFICATE).read_bytes())


async def refused_by_the_list(setting: Setting) -> set[int]:
    async with httpx.AsyncClient() as client:
        said = await client.get(f"{setting.url}/api/v1/certificates/refusals")
    assert said.status_code == 200
    refusals = x509.load_pem_x509_crl(said.content)
    issuer = x509.load_pem_x509_certificate((setting.issuer / "ca-issuer.pem").read_bytes())
    key = issuer.public_key()
    assert isinstance(key, ec.EllipticCurvePublicKey)
    assert refusals.is_signature_valid(key)
    return {each.serial_number for each in refusals}


async def test_a_claim_leaves_a_certificate_for_this_house_alone(
    setting: Setting, tmp_path: Path
) -> None:
    claimed = await setting.enrol(tmp_path / "pi")
    made = leaf(tmp_path / "pi")
    assert made.subject == common_name(str(setting.house_id))
    names = made.extensions.get_extension_for_class(x509.SubjectAlternativeName).value
    assert list(names) == [house_uri(setting.house)]
    purposes = made.extensions.get_extension_for_class(x509.ExtendedKeyUsage).value
    assert list(purposes) == [ExtendedKeyUsageOID.CLIENT_AUTH]
    assert not made.extensions.get_extension_for_class(x509.BasicConstraints).value.ca
    assert made.not_valid_after_utc - setting.clock.now <= 60 * DAY
    assert claimed.certificate_ends == made.not_valid_after_utc
    assert claimed.broker_url == BROKER
    key = tmp_path / "pi" / "line" / device.KEY
    assert stat.S_IMODE(key.stat().st_mode) == 0o600


async def test_a_renewal_waits_for_its_day_and_is_spread_over_five(
    setting: Setting, tmp_path: Path
) -> None:
    await setting.enrol(tmp_path / "pi")
    found = device.standing(tmp_path / "pi" / "line")
    assert found.house == str(setting.house_id)
    after = found.due - setting.clock.now
    assert 20 * DAY - timedelta(hours=1) <= after <= 25 * DAY
    assert device.standing(tmp_path / "pi" / "line") == found


async def test_a_renewal_gives_a_longer_certificate_for_the_same_key(
    setting: Setting, tmp_path: Path
) -> None:
    await setting.enrol(tmp_path / "pi")
    before, key = leaf(tmp_path / "pi"), (tmp_path / "pi/line" / device.KEY).read_bytes()
    setting.clock.advance(20 * DAY)
    await setting.renew(tmp_path / "pi")
    after = leaf(tmp_path / "pi")
    assert after.serial_number != before.serial_number
    assert after.not_valid_after_utc - before.not_valid_after_utc == 20 * DAY
    assert (tmp_path / "pi/line" / device.KEY).read_bytes() == key
    assert await refused_by_the_list(setting) == set()


async def test_asked_twice_in_a_day_the_answer_is_the_same(
    setting: Setting, tmp_path: Path
) -> None:
    await setting.enrol(tmp_path / "pi")
    before = leaf(tmp_path / "pi")
    await setting.renew(tmp_path / "pi")
    assert leaf(tmp_path / "pi") == before


async def test_a_house_that_was_offline_may_renew_up_to_thirty_days_late(
    setting: Setting, tmp_path: Path
) -> None:
    await setting.enrol(tmp_path / "pi")
    setting.clock.advance(89 * DAY)
    await setting.renew(tmp_path / "pi")
    assert leaf(tmp_path / "pi").not_valid_after_utc > setting.clock.now
    setting.clock.advance(90 * DAY)
    with pytest.raises(RenewalRefusedError, match="expired"):
        await setting.renew(tmp_path / "pi")


async def test_a_successor_ends_the_old_device(setting: Setting, tmp_path: Path) -> None:
    await setting.enrol(tmp_path / "old")
    old = leaf(tmp_path / "old")
    setting.clock.advance(20 * DAY)
    await setting.renew(tmp_path / "old")
    renewed = leaf(tmp_path / "old")
    await setting.enrol(tmp_path / "new")
    dead = {old.serial_number, renewed.serial_number}
    assert await refused_by_the_list(setting) == dead
    with pytest.raises(RenewalRefusedError, match="refused"):
        await setting.renew(tmp_path / "old")
    setting.clock.advance(20 * DAY)
    await setting.renew(tmp_path / "new")
    # Never listed longer than they could have opened a line.
    setting.clock.advance(61 * DAY)
    assert await refused_by_the_list(setting) == set()


async def test_a_device_without_a_certificate_is_not_renewed(
    setting: Setting, tmp_path: Path
) -> None:
    key = ec.generate_private_key(ec.SECP256R1())
    await setting.enrol(tmp_path / "pi")
    body = {"certificate_request": ask(setting.house, key).decode()}
    status, problem = await setting.post("certificates/renewals", body)
    assert (status, problem["code"], problem["reason"]) == (403, "certificate_refused", "unknown")


async def test_a_lost_answer_is_given_again_but_to_the_same_key_only(
    setting: Setting, tmp_path: Path
) -> None:
    """The token and the proof were overheard; a certificate for another key is not to be had."""
    token = await setting.token()
    pi = tmp_path / "pi"
    await setting.claim(token, pi, line=pi / "line")
    identity = (pi / "house.json").read_text()
    pending = identity.replace(f',"root_public":"{setting.root_public}"', "")
    assert pending != identity
    (pi / "house.json").unlink()
    (pi / "house.claiming").write_text(pending)
    certificate = leaf(pi)
    await setting.claim(token, pi, line=pi / "line")
    assert leaf(pi) == certificate
    thief = tmp_path / "thief"
    thief.mkdir()
    (thief / "house.claiming").write_text(pending)
    with pytest.raises(ClaimRefusedError, match="another device"):
        await setting.claim(token, thief, line=thief / "line")
    assert await setting.value("SELECT count(*) FROM fleet_certificates") == 1


async def test_of_twenty_devices_with_one_token_one_is_certified(
    setting: Setting, tmp_path: Path
) -> None:
    token = await setting.token()
    async with asyncio.TaskGroup() as tasks:
        tries = [tasks.create_task(_won(setting, token, tmp_path / f"pi{n}")) for n in range(8)]
    assert sum(each.result() for each in tries) == 1
    assert await setting.value("SELECT count(*) FROM fleet_certificates") == 1


async def _won(setting: Setting, token: str, folder: Path) -> bool:
    try:
        await setting.claim(token, folder, line=folder / "line")
    except ClaimRefusedError:
        return False
    return True


async def test_a_bad_request_uses_no_token_up(setting: Setting, tmp_path: Path) -> None:
    token = await setting.token()
    line = tmp_path / "pi" / "line"
    device.request(line, HouseId(uuid4()))
    (line / device.KEY).write_text("no key")
    with pytest.raises(Exception, match="is not a key file"):
        await setting.claim(token, tmp_path / "pi", line=line)
    (line / device.KEY).unlink()
    await setting.claim(token, tmp_path / "pi", line=line)


def _csr(
    house: HouseId,
    *,
    key: ec.EllipticCurvePrivateKey | rsa.RSAPrivateKey | None = None,
    subject: x509.Name | None = None,
    extensions: tuple[x509.ExtensionType, ...] | None = None,
) -> str:
    builder = x509.CertificateSigningRequestBuilder().subject_name(
        subject or common_name(str(house))
    )
    if extensions is None:
        extensions = (x509.SubjectAlternativeName([house_uri(house)]),)
    for each in extensions:
        builder = builder.add_extension(each, critical=False)
    signed = builder.sign(key or ec.generate_private_key(ec.SECP256R1()), SHA256())
    return signed.public_bytes(Encoding.PEM).decode()


def _usage_of_an_authority() -> x509.KeyUsage:
    no = dict.fromkeys(
        (
            "content_commitment",
            "key_encipherment",
            "data_encipherment",
            "key_agreement",
            "crl_sign",
            "encipher_only",
            "decipher_only",
        ),
        False,
    )
    return x509.KeyUsage(digital_signature=True, key_cert_sign=True, **no)


HOUSE = HouseId(uuid4())
OTHER = HouseId(uuid4())
SAN = x509.SubjectAlternativeName([house_uri(HOUSE)])
BAD: dict[str, tuple[str, RequestFlaw]] = {
    "a courier": (_csr(HOUSE, subject=common_name("courier-1")), RequestFlaw.COMMON_NAME),
    "a pattern": (_csr(HOUSE, subject=common_name("+")), RequestFlaw.COMMON_NAME),
    "capitals": (_csr(HOUSE, subject=common_name(str(HOUSE).upper())), RequestFlaw.COMMON_NAME),
    "two names": (
        _csr(
            HOUSE,
            subject=x509.Name(
                [x509.NameAttribute(NameOID.COMMON_NAME, str(each)) for each in (HOUSE, OTHER)]
            ),
        ),
        RequestFlaw.COMMON_NAME,
    ),
    "no alternative name": (_csr(HOUSE, extensions=()), RequestFlaw.ALTERNATIVE_NAME),
    "another's alternative name": (
        _csr(HOUSE, extensions=(x509.SubjectAlternativeName([house_uri(OTHER)]),)),
        RequestFlaw.ALTERNATIVE_NAME,
    ),
    "one more alternative name": (
        _csr(
            HOUSE,
            extensions=(
                x509.SubjectAlternativeName([house_uri(HOUSE), x509.DNSName("broker.example")]),
            ),
        ),
        RequestFlaw.ALTERNATIVE_NAME,
    ),
    "an authority": (
        _csr(HOUSE, extensions=(SAN, x509.BasicConstraints(ca=True, path_length=None))),
        RequestFlaw.AUTHORITY,
    ),
    "an authority by usage": (
        _csr(HOUSE, extensions=(SAN, _usage_of_an_authority())),
        RequestFlaw.AUTHORITY,
    ),
    "a server": (
        _csr(HOUSE, extensions=(SAN, x509.ExtendedKeyUsage([ExtendedKeyUsageOID.SERVER_AUTH]))),
        RequestFlaw.EXTENSION,
    ),
    "a weak curve": (
        _csr(HOUSE, key=ec.generate_private_key(ec.SECP224R1())),
        RequestFlaw.WEAK_KEY,
    ),
    "rsa": (_csr(HOUSE, key=rsa.generate_private_key(65537, 2048)), RequestFlaw.WEAK_KEY),
    "rubbish": ("-----BEGIN CERTIFICATE REQUEST-----\nrubbish", RequestFlaw.MALFORMED),
}


async def test_what_a_house_may_not_ask_is_refused_with_its_flaw(setting: Setting) -> None:
    for name, (request, flaw) in BAD.items():
        status, problem = await setting.post(
            "certificates/renewals", {"certificate_request": request}
        )
        assert (name, status, problem["code"], problem["flaw"]) == (
            name,
            422,
            "certificate_request_refused",
            flaw.value,
        )


async def test_a_claim_does_not_certify_another_house(setting: Setting, tmp_path: Path) -> None:
    pi = tmp_path / "pi"
    token = await setting.token()
    other = ask(HouseId(uuid4()), device.new_key()).decode()
    proof = await _proof_of(setting, token, pi)
    body = {"token": token, "proof": proof, "certificate_request": other}
    status, problem = await setting.post("claims", body)
    assert (status, problem["code"], problem["flaw"]) == (
        422,
        "certificate_request_refused",
        "common_name",
    )
    assert await setting.value("SELECT count(*) FROM fleet_claims WHERE used_at IS NULL") == 1
    await setting.claim(token, pi, line=pi / "line")


async def _proof_of(setting: Setting, token: str, folder: Path) -> str:
    """What a device would send, taken from one that could not reach the cloud."""
    with pytest.raises(CloudUnreachableError):
        await asyncio.to_thread(claiming.claim, "http://127.0.0.1:9", token, folder)
    seeds = claiming._Seeds.from_bytes((folder / "house.claiming").read_bytes())
    return claiming._proof(seeds, "test")


async def test_a_cloud_that_sends_a_foreign_certificate_is_not_believed(
    setting: Setting, tmp_path: Path
) -> None:
    await setting.enrol(tmp_path / "pi")
    line = tmp_path / "pi" / "line"
    chain, root = (line / device.CERTIFICATE).read_bytes(), (line / device.AUTHORITY).read_bytes()
    with pytest.raises(ClaimRefusedError, match="not for this house"):
        device.keep(line, HouseId(uuid4()), chain=chain, root=root)
    foreign = tmp_path / "foreign"
    device.request(foreign, setting.house)
    with pytest.raises(ClaimRefusedError, match="not for this house and key"):
        device.keep(foreign, setting.house, chain=chain, root=root)
    half = chain[: len(chain) // 2]
    with pytest.raises(ClaimRefusedError, match="pinned root"):
        device.keep(line, setting.house, chain=half, root=root)


async def test_a_renewal_is_limited_for_each_address(setting: Setting) -> None:
    body = {"certificate_request": BAD["rubbish"][0]}
    codes = {(await setting.post("certificates/renewals", body))[0]}
    for _ in range(120):  # thirty are allowed in a minute, and a busy machine takes its time
        codes.add((await setting.post("certificates/renewals", body))[0])
        if 429 in codes:
            break
    assert codes == {422, 429}
