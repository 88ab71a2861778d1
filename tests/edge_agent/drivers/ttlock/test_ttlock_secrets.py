"""Can a key or a PIN be read in what the driver logs, raises or prints?"""

import json
import logging
import traceback

import pytest
from pydantic import SecretStr

from edge_agent.drivers.registry import LockConfig, open_lock
from edge_agent.drivers.ttlock_ble import open_ttlock
from edge_agent.drivers.ttlock_ble.key import read_key
from edge_agent.errors import EdgeError, NotPermitted, PickAnother, Unsupported
from edge_agent.ports import PinCode
from edge_agent.simulator.ttlock.model import Conditions, FaultKind, Op
from tests.edge_agent.drivers.ttlock.bench import TTLockBench


def canaries(bench: TTLockBench, *digits: str) -> list[str]:
    record = bench.lock.identity.key_material()
    keys = [str(record[name]) for name in ("aesKeyStr", "unlockKey", "adminPs")]
    return [*keys, *digits, *(each.encode().hex() for each in digits)]


async def test_no_secret_in_logs_errors_or_reprs(
    bench: TTLockBench, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    for name in ("ttlock_ble", "ttlock_ble.client", "bleak", "bleak_retry_connector"):
        caplog.set_level(logging.DEBUG, logger=name)
    shown: list[str] = []
    pin = bench.pin
    bench.conditions(Conditions(insists_on_admin=True))
    await bench.keypad.write(pin)
    await bench.keypad.holds(pin)
    bench.press("73195502")
    assert bench.device.log is not None
    shown.append(repr(await bench.device.log.entries(after=None, limit=9)))
    bench.fault(FaultKind.LOSE_REPLY_AFTER_ACTING, Op.UNLOCK)
    await bench.device.bolt.unlock()
    for bad in ("12345678901", "\uff14\uff18\uff12\uff19"):
        try:
            await bench.keypad.write(PinCode(bad, pin.starts_local, pin.ends_local))
        except PickAnother as refused:
            shown.append("".join(traceback.format_exception(refused)))
    bench.fault(FaultKind.GARBAGE_REPLY, Op.CODES, times=4)
    try:
        await bench.keypad.remove(pin)
    except EdgeError as failed:
        shown.append("".join(traceback.format_exception(failed)))
    shown += [repr(bench.device), repr(bench.keypad), repr(vars(bench.keypad)["_radio"])]
    said = caplog.text + "".join(shown)
    assert len(shown) >= 6
    found = [c for c in canaries(bench, pin.digits, "73195502", "12345678901") if c in said]
    assert found == []


def test_key_and_config_are_silent_about_themselves(bench: TTLockBench) -> None:
    material = SecretStr(json.dumps(bench.lock.identity.key_material()))
    config = LockConfig(
        driver="ttlock_ble", address=bench.lock.address, key=material, zone="Europe/Madrid"
    )
    said = repr(config) + repr(read_key(material)) + str(read_key(material)) + repr(material)
    said += repr(bench.lock.identity) + repr(open_lock(config))
    assert [c for c in canaries(bench) if c in said] == []


@pytest.mark.parametrize("material", ["", "[]", "{}", '{"aesKeyStr": "planted-secret"}'])
def test_unreadable_key_is_refused_without_showing_it(material: str) -> None:
    with pytest.raises(NotPermitted) as told:
        open_ttlock(address="C0:FF:EE:00:00:01", key=SecretStr(material), zone="UTC")
    assert "planted-secret" not in "".join(traceback.format_exception(told.value))


def test_unknown_driver_and_unknown_zone_are_told() -> None:
    nobody = LockConfig(driver="nobody", address="", key=SecretStr("{}"), zone="UTC")
    with pytest.raises(Unsupported):
        open_lock(nobody)
    with pytest.raises(Unsupported):
        open_ttlock(address="", key=SecretStr("{}"), zone="Europe/Nowhere")
