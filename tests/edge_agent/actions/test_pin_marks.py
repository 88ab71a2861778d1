"""Are PINs still recognised after the key of their fingerprints was changed?"""

from dataclasses import replace
from pathlib import Path

from edge_agent.actions.pin_marks import fingerprint, renew_fingerprints
from protocol.access import pin_context
from protocol.sealing import seal_for
from tests.edge_agent.lockd_kit import FakeClock, settle
from tests.edge_agent.means_kit import desk
from tests.edge_agent.policy_kit import FRONT
from tests.edge_agent.store.test_state import PIN

DIGITS = "483920"


def test_a_pin_marked_under_the_former_key_gets_its_mark_of_today(tmp_path: Path) -> None:
    settle(tmp_path)
    with desk(tmp_path, FakeClock()) as made:
        me = made.me
        assert me.mac_key != me.former_mac_key
        context = pin_context(me.house, PIN.grant, FRONT)
        box = seal_for(
            me.sealing.public_hex, DIGITS.encode(), context=context, ephemeral_seed=b"e" * 32
        )
        former = replace(PIN, box=box, fingerprint=fingerprint(me.former_mac_key, DIGITS))
        strange = replace(PIN, fingerprint="unreadable")
        for each in (former, strange):
            made.state.pins.put(each)
        means, pins = made.means, made.state.pins
        assert renew_fingerprints(means, pins, [FRONT], former_key=me.former_mac_key) == 1
        today = replace(former, fingerprint=fingerprint(me.mac_key, DIGITS))
        assert {each.fingerprint: each for each in pins.at_lock(FRONT)} == {
            today.fingerprint: today,
            strange.fingerprint: strange,
        }
        assert renew_fingerprints(means, pins, [FRONT], former_key=me.former_mac_key) == 0
