"""Can a key, a token or a PIN be read in what the driver logs, raises or prints?"""

import logging
import traceback
from datetime import datetime
from pathlib import Path

import pytest
from pydantic import SecretStr

from edge_agent.drivers.registry import LockConfig, open_lock
from edge_agent.drivers.ttlock_cloud import open_ttlock_cloud
from edge_agent.drivers.ttlock_cloud.account import read_key
from edge_agent.errors import EdgeError, NotPermitted, Unsupported
from edge_agent.ports import PinCode
from edge_agent.simulator.ttlock_cloud.model import FaultKind
from tests.edge_agent.drivers.ttlock_cloud.bench import CloudBench, key_of, token_file

PIN = PinCode("482915", datetime(2026, 3, 10, 15), datetime(2026, 3, 13, 11))  # noqa: DTZ001 - a lock's local time


async def test_no_secret_in_logs_errors_or_reprs(
    bench: CloudBench, caplog: pytest.LogCaptureFixture, tmp_path: Path
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("aiohttp", "aiohttp.client", "asyncio"):
        caplog.set_level(logging.DEBUG, logger=name)
    shown: list[str] = []
    await bench.keypad.write(PIN)
    bench.press("73195502")
    shown += [repr(await bench.log.entries(after=None, limit=9)), repr(bench.device)]
    for kind in (FaultKind.CUT_BEFORE, FaultKind.GARBAGE, FaultKind.STATUS, FaultKind.ERRCODE):
        bench.fault(kind, "", times=99)
        for act in (bench.device.bolt.unlock(), bench.keypad.remove(PIN), bench.keypad.holds(PIN)):
            with pytest.raises(EdgeError) as failed:
                await act
            shown.append("".join(traceback.format_exception(failed.value)))
        bench.server.clear_faults()
    shown += [repr(vars(each)) for each in (bench.keypad, bench.device.bolt, bench.log)]
    token = token_file(tmp_path).read_text().split('"')[3]
    account = bench.account
    canaries = [
        PIN.digits,
        "73195502",
        token,
        account.client_id,
        account.client_secret.get_secret_value(),
        account.password.get_secret_value(),
        key_of(account, "http://127.0.0.1").get_secret_value().split('"')[-2],
    ]
    said = caplog.text + "".join(shown)
    assert len(token) == 32
    assert len(shown) >= 15
    assert [each for each in canaries if each in said] == []


def test_key_and_config_are_silent_about_themselves(bench: CloudBench) -> None:
    key = key_of(bench.account, bench.server.url)
    config = LockConfig(driver="ttlock_cloud", address="7001", key=key, zone="Europe/Madrid")
    said = repr(config) + repr(read_key(key)) + repr(open_lock(config))
    account = bench.account
    for secret in (account.client_id, account.client_secret.get_secret_value(), account.username):
        assert f"'{secret}'" not in said


@pytest.mark.parametrize("material", ["", "[]", "{}", '{"client_secret": "planted-secret"}'])
def test_an_unreadable_key_is_refused_without_showing_it(material: str) -> None:
    with pytest.raises(NotPermitted) as told:
        open_ttlock_cloud(address="1", key=SecretStr(material), zone="UTC")
    assert "planted-secret" not in "".join(traceback.format_exception(told.value))


def test_the_account_is_never_sent_in_clear(bench: CloudBench) -> None:
    with pytest.raises(NotPermitted):
        read_key(key_of(bench.account, "http://euapi.example.org"))


def test_a_wrong_address_and_an_unknown_zone_are_told(bench: CloudBench) -> None:
    key = key_of(bench.account, bench.server.url)
    with pytest.raises(Unsupported):
        open_ttlock_cloud(address="C0:FF:EE", key=key, zone="UTC")
    with pytest.raises(Unsupported):
        open_ttlock_cloud(address="1", key=key, zone="Europe/Nowhere")
