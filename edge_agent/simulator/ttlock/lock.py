"""How does the simulated lock behave on the air: one central, frames in, frames out, faults?"""

from collections.abc import Callable
from datetime import datetime
from pathlib import Path

from edge_agent.simulator.gatt import Advertisement, Characteristic, Service
from edge_agent.simulator.gatt_server import Link, LinkRefused
from edge_agent.simulator.ttlock.commands import Commands, Refused, Session
from edge_agent.simulator.ttlock.frames import REPLY_COMMAND, Assembler, BadFrame, seal, unseal
from edge_agent.simulator.ttlock.mechanism import Mechanism, NowUtc
from edge_agent.simulator.ttlock.model import (
    Bolt,
    Conditions,
    Fault,
    FaultKind,
    Identity,
    Movement,
    Op,
    Refusal,
    Snapshot,
    StoredCode,
)

SERVICE = "00001910-0000-1000-8000-00805f9b34fb"
WRITE = "0000fff2-0000-1000-8000-00805f9b34fb"
NOTIFY = "0000fff4-0000-1000-8000-00805f9b34fb"
BATTERY_SERVICE = "0000180f-0000-1000-8000-00805f9b34fb"
BATTERY = "00002a19-0000-1000-8000-00805f9b34fb"

_UNRELATED = 0x70
_IDLE_SECONDS = 5.0
_BEFORE = frozenset({FaultKind.LOSE_REPLY_BEFORE_ACTING, FaultKind.DROP_LINK_BEFORE_ACTING})


class SimulatedLock:
    """A TTLock lock with memory; a Peripheral for `serve_gatt`, and knobs for tests."""

    def __init__(
        self,
        identity: Identity,
        state_file: Path,
        *,
        now: NowUtc,
        started_local: datetime,
        draw_token: Callable[[], int],
    ) -> None:
        """`now` gives aware UTC; `started_local` (naive) sets a new lock's clock.

        `draw_token` draws the 32-bit challenge of each handshake.
        """
        self.identity = identity
        self._mechanism = Mechanism(state_file, now=now, started_local=started_local)
        self._commands = Commands(identity, self._mechanism, draw_token)
        self._faults: list[Fault] = []
        self._link: Link | None = None
        self._session = Session()
        self._assembler = Assembler()
        self._bad_frames = 0
        self._writes = 0
        self.idle_seconds = _IDLE_SECONDS

    # --- the air -------------------------------------------------------------------------

    @property
    def address(self) -> str:
        """Its Bluetooth address."""
        return self.identity.address

    def advertisement(self) -> Advertisement | None:
        """Bolt, battery and news, as the firmware folds them into manufacturer data."""
        conditions = self._mechanism.conditions
        if not conditions.advertises:
            return None
        firmware = self.identity.firmware
        flags = (self._mechanism.bolt == "unlocked") | self._mechanism.has_news() << 1
        mac = bytes.fromhex(self.address.replace(":", ""))[::-1]
        data = bytes((firmware.scene, flags, conditions.battery)) + bytes(4) + mac
        company = firmware.protocol | firmware.version << 8
        return Advertisement(
            address=self.address,
            name=self.identity.name,
            rssi=-58,
            services=(SERVICE,),
            manufacturer={company: data.hex()},
        )

    def services(self) -> tuple[Service, ...]:
        """The attribute table of the lock."""
        write = Characteristic(uuid=WRITE, properties=("write-without-response",))
        notify = Characteristic(uuid=NOTIFY, properties=("notify",))
        battery = Characteristic(uuid=BATTERY, properties=("read",))
        return (
            Service(uuid=SERVICE, characteristics=(write, notify)),
            Service(uuid=BATTERY_SERVICE, characteristics=(battery,)),
        )

    def opened(self, link: Link) -> None:
        """Accept one central at a time."""
        if self._link is not None or self._mechanism.conditions.busy:
            raise LinkRefused("connection refused: another central is connected")
        self._link, self._session, self._assembler = link, Session(), Assembler()
        self._await_more(link)

    def closed(self, link: Link) -> None:
        """Free the one slot."""
        if link is self._link:
            self._link = None

    def read(self, _link: Link, characteristic: str) -> bytes:
        """The battery service; like the real one, always full."""
        if characteristic != BATTERY:
            raise KeyError(characteristic)
        return b"\x64"

    def wrote(self, link: Link, characteristic: str, data: bytes) -> None:
        """Collect a chunk; act when the frame is whole."""
        self._await_more(link)
        if characteristic != WRITE:
            self._bad_frames += 1
            return
        try:
            frame = self._assembler.feed(data)
            if frame is None:
                self._cut_mid_write(link)
                return
            command, payload = unseal(
                self.identity.firmware, self.identity.aes_key.get_secret_value(), frame
            )
        except BadFrame:
            self._bad_frames += 1  # the firmware says nothing at all
            return
        self._handle(link, command, payload)

    def answer(self, command: int, payload: bytes) -> bytes:
        """Act on a plain command in the current session: status and data."""
        if command not in Op:
            return bytes((0, Refusal.INVALID_COMMAND))
        try:
            return b"\x01" + self._commands.act(self._session, Op(command), payload)
        except Refused as refused:
            return bytes((0, refused.code))

    # --- knobs and looks -----------------------------------------------------------------

    def movements(self) -> tuple[Movement, ...]:
        """The independent record: every movement of the bolt, oldest first."""
        return self._mechanism.movements()

    def codes(self) -> tuple[StoredCode, ...]:
        """The code table as it is in the lock."""
        return self._mechanism.codes()

    def snapshot(self) -> Snapshot:
        """How the lock stands."""
        return Snapshot(
            bolt=self._mechanism.bolt,
            clock_local=self._mechanism.clock,
            codes=len(self._mechanism.codes()),
            motor_commands=self._mechanism.motor_commands,
            connected=self._link is not None,
            bad_frames=self._bad_frames,
            conditions=self._mechanism.conditions,
        )

    def set_conditions(self, conditions: Conditions) -> None:
        """Replace the standing conditions."""
        self._mechanism.set_conditions(conditions)

    def set_clock(self, local: datetime) -> None:
        """Let the clock have drifted to `local` (naive)."""
        self._mechanism.set_clock(local)

    def add_fault(self, fault: Fault) -> None:
        """Script a fault; several wait side by side, the first that fits is used."""
        self._faults.append(fault)

    def clear_faults(self) -> None:
        """Forget all scripted faults."""
        self._faults.clear()

    def press(self, digits: str) -> bool:
        """Type a code on the keypad; whether the door opened."""
        return self._mechanism.press(digits)

    def store_code(self, code: StoredCode) -> None:
        """Put a code into the table as if the vendor's app had."""
        self._mechanism.put_code(code)

    def drop_code(self, digits: str) -> None:
        """Take a code out of the table as if the vendor's app had."""
        self._mechanism.drop_codes(digits)

    def turn_key(self, bolt: Bolt) -> None:
        """Use the metal key or the inside handle."""
        self._mechanism.turn_key(bolt)

    def hang_up(self) -> None:
        """Drop whoever is connected."""
        if self._link is not None:
            self._link.drop()

    def close(self) -> None:
        """Let go of the state file."""
        self._mechanism.close()

    # --- commands and faults -------------------------------------------------------------

    def _await_more(self, link: Link) -> None:
        """Hang up, as the firmware does, unless something is written in a while."""
        self._writes += 1
        seen = self._writes
        link.later(self.idle_seconds, lambda: link.drop() if seen == self._writes else None)

    def _cut_mid_write(self, link: Link) -> None:
        started = self._assembler.started()
        if started is not None and self._take(started, FaultKind.DROP_LINK_MID_WRITE):
            link.drop()

    def _handle(self, link: Link, command: int, payload: bytes) -> None:
        fault = self._take(command)
        if fault is not None and fault.kind in _BEFORE:
            if fault.kind is FaultKind.DROP_LINK_BEFORE_ACTING:
                link.drop()
            return
        instead = None if fault is None else self._instead(fault, command, payload)
        answer = bytes((command,)) + (instead or self.answer(command, payload))
        if fault is None or instead is not None or fault.kind is FaultKind.PRETEND:
            self._send(link, answer)
        else:
            self._send_badly(link, answer, fault)

    def _instead(self, fault: Fault, command: int, payload: bytes) -> bytes | None:
        """What the lock says without having done it."""
        if fault.kind is FaultKind.REFUSE:
            return bytes((0, fault.refusal))
        if fault.kind is FaultKind.PRETEND and command == Op.CODES:
            return b"\x01" + bytes((self._mechanism.conditions.battery,)) + payload[:1]
        if fault.kind is FaultKind.PRETEND and command == Op.SET_CLOCK:
            return b"\x01"
        return None

    def _send_badly(self, link: Link, answer: bytes, fault: Fault) -> None:
        match fault.kind:
            case FaultKind.DROP_LINK_AFTER_ACTING:
                link.drop()
            case FaultKind.LATE_REPLY:
                link.later(fault.seconds, lambda: self._send(link, answer))
            case FaultKind.PUSH_FIRST:
                self._send(link, self._push(answer[0]))
                self._send(link, answer)
            case FaultKind.GARBAGE_REPLY:
                self._send(link, answer[:1] + bytes.fromhex(fault.garbage))
            case _:
                pass  # the reply is lost

    def _push(self, awaited: int) -> bytes:
        if awaited == Op.STATE:
            return bytes((_UNRELATED, 1))  # a state push could not be told from the answer
        unlocked = self._mechanism.bolt == "unlocked"
        return bytes((Op.STATE, 1, self._mechanism.conditions.battery, unlocked, 0))

    def _send(self, link: Link, plain: bytes) -> None:
        key = self.identity.aes_key.get_secret_value()
        link.notify(NOTIFY, seal(self.identity.firmware, key, REPLY_COMMAND, plain))

    def _take(self, command: int, kind: FaultKind | None = None) -> Fault | None:
        for index, fault in enumerate(self._faults):
            cut = fault.kind is FaultKind.DROP_LINK_MID_WRITE
            if fault.on not in {None, command} or cut != (kind is not None):
                continue
            if fault.skip:
                self._faults[index] = fault.model_copy(update={"skip": fault.skip - 1})
                return None
            if fault.times == 1:
                del self._faults[index]
            else:
                self._faults[index] = fault.model_copy(update={"times": fault.times - 1})
            return fault
        return None
