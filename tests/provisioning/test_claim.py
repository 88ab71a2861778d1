"""A device claims its house over real HTTP, once, and keeps its keys to itself."""

import asyncio
import json
import stat
from datetime import timedelta
from pathlib import Path
from uuid import uuid4

import httpx
import pytest

from edge_agent.store import identity
from provisioning.claim import IDENTITY, claim
from provisioning.errors import ClaimRefusedError, CloudUnreachableError, WouldOverwriteError
from tests.provisioning.setting import Setting


async def test_a_claim_leaves_what_lockd_reads(setting: Setting, tmp_path: Path) -> None:
    claimed = await setting.claim(await setting.token(), tmp_path / "pi", root=setting.root_public)
    assert (claimed.name, claimed.zone) == ("Casa Azul", "America/Lima")
    me = identity.load(tmp_path / "pi")
    assert me.house == setting.house_id
    assert me.root_public == setting.root_public
    assert await setting.value("SELECT signing_key FROM fleet_houses") == me.signer.public_hex
    assert await setting.value("SELECT sealing_key FROM fleet_houses") == me.sealing.public_hex
    assert stat.S_IMODE((tmp_path / "pi" / IDENTITY).stat().st_mode) == 0o600
    assert sorted(path.name for path in (tmp_path / "pi").iterdir()) == [IDENTITY]


async def test_a_token_works_once(setting: Setting, tmp_path: Path) -> None:
    token = await setting.token()
    await setting.claim(token, tmp_path / "pi")
    with pytest.raises(ClaimRefusedError, match="another device has used this claim at 20"):
        await setting.claim(token, tmp_path / "thief")
    me = identity.load(tmp_path / "pi")
    assert await setting.value("SELECT signing_key FROM fleet_houses") == me.signer.public_hex


async def test_twenty_thieves_at_once_leave_one_device(setting: Setting, tmp_path: Path) -> None:
    token = await setting.token()
    async with asyncio.TaskGroup() as tasks:
        tries = [
            tasks.create_task(_won(setting, token, tmp_path / f"pi{number}")) for number in range(8)
        ]
    assert sum(each.result() for each in tries) == 1


async def _won(setting: Setting, token: str, folder: Path) -> bool:
    try:
        await setting.claim(token, folder)
    except ClaimRefusedError:
        return False
    return True


async def test_an_answer_lost_on_the_way_can_be_asked_for_again(
    setting: Setting, tmp_path: Path
) -> None:
    token = await setting.token()
    await setting.claim(token, tmp_path / "pi")
    # The power failed after the cloud said yes and before the identity was written.
    kept = json.loads((tmp_path / "pi" / IDENTITY).read_bytes())
    del kept["root_public"]
    (tmp_path / "pi" / IDENTITY).unlink()
    (tmp_path / "pi" / "house.claiming").write_text(json.dumps(kept))
    await setting.claim(token, tmp_path / "pi")
    me = identity.load(tmp_path / "pi")
    assert await setting.value("SELECT signing_key FROM fleet_houses") == me.signer.public_hex
    assert await setting.value("SELECT facts_chain FROM fleet_houses") == 1


async def test_a_token_dies_after_an_hour(setting: Setting, tmp_path: Path) -> None:
    token = await setting.token()
    setting.clock.advance(timedelta(hours=1))
    with pytest.raises(ClaimRefusedError, match="has expired"):
        await setting.claim(token, tmp_path / "pi")


async def test_a_newer_token_kills_an_unused_older_one(setting: Setting, tmp_path: Path) -> None:
    old, new = await setting.token(), await setting.token()
    with pytest.raises(ClaimRefusedError):
        await setting.claim(old, tmp_path / "pi")
    await setting.claim(new, tmp_path / "pi")


async def test_a_replaced_device_begins_a_new_chain_of_facts(
    setting: Setting, tmp_path: Path
) -> None:
    await setting.claim(await setting.token(), tmp_path / "old")
    await setting.claim(await setting.token(), tmp_path / "new")
    assert await setting.value("SELECT facts_chain FROM fleet_houses") == 2


async def test_a_token_for_one_house_does_not_enrol_another(
    setting: Setting, tmp_path: Path
) -> None:
    token = await setting.token()
    other = token.replace(str(setting.house_id), str(uuid4()))
    with pytest.raises(ClaimRefusedError):
        await setting.claim(other, tmp_path / "pi")


async def test_another_root_than_expected_is_refused(setting: Setting, tmp_path: Path) -> None:
    with pytest.raises(ClaimRefusedError, match="another root"):
        await setting.claim(await setting.token(), tmp_path / "pi", root="0" * 64)
    assert not (tmp_path / "pi" / IDENTITY).exists()


async def test_an_identity_is_never_overwritten(setting: Setting, tmp_path: Path) -> None:
    await setting.claim(await setting.token(), tmp_path / "pi")
    with pytest.raises(WouldOverwriteError):
        await setting.claim(await setting.token(), tmp_path / "pi")


async def test_a_proof_signed_by_another_key_is_refused(setting: Setting, tmp_path: Path) -> None:
    token = await setting.token()
    await setting.claim(await setting.token(), tmp_path / "pi")
    me = identity.load(tmp_path / "pi")
    body = me.public().to_bytes()
    forged = f"PORTERO/1 claim {me.signer.kid} {'00' * 64}\n".encode() + body
    async with httpx.AsyncClient() as client:
        said = await client.post(
            f"{setting.url}/api/v1/claims", json={"token": token, "proof": forged.decode()}
        )
    assert (said.status_code, said.json()["code"]) == (403, "claim_refused")
    assert token not in said.text


def test_no_cloud_there_means_try_again(tmp_path: Path) -> None:
    token = f"claim.{uuid4()}.secret"
    with pytest.raises(CloudUnreachableError):
        claim("http://127.0.0.1:9", token, tmp_path / "pi")
    assert (tmp_path / "pi" / "house.claiming").exists()


def test_what_is_no_token_is_not_sent_anywhere(tmp_path: Path) -> None:
    with pytest.raises(ClaimRefusedError):
        claim("http://127.0.0.1:9", "hello", tmp_path / "pi")
