"""What does the vendor's cloud do with a call that was let in?"""

from collections.abc import Callable, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from edge_agent.simulator.ttlock.mechanism import Mechanism
from edge_agent.simulator.ttlock.model import Bolt as BoltWord
from edge_agent.simulator.ttlock.model import Conditions as LockConditions
from edge_agent.simulator.ttlock.model import Movement, StoredCode
from edge_agent.simulator.ttlock_cloud.accounts import Accounts
from edge_agent.simulator.ttlock_cloud.model import (
    Account,
    AddCall,
    Answer,
    Call,
    ChangeCall,
    Conditions,
    DeleteCall,
    Errcode,
    GenerateCall,
    LockCall,
    LocksCall,
    PageCall,
    RecordsCall,
    Refused,
    TokenCall,
    Way,
)
from edge_agent.simulator.ttlock_cloud.passcodes import Passcodes
from edge_agent.simulator.ttlock_cloud.records import GATEWAY_USER, Records

_DONE: Final[Answer] = {"errcode": 0, "errmsg": "none error message"}
_LINGERS: Final = timedelta(minutes=8)

type Handler = Callable[[Call], Answer]


class Vendor:
    """The vendor, its gateway, and the lock behind it. `now` gives aware UTC."""

    def __init__(
        self, account: Account, state_file: Path, *, zone: ZoneInfo, now: Callable[[], datetime]
    ) -> None:
        started = now().astimezone(zone).replace(tzinfo=None)
        self._lock = Mechanism(state_file, now=now, started_local=started)
        self._account = account
        self._zone = zone
        self._now = now
        self._gateway_left: datetime | None = None
        self.accounts = Accounts(account, now=now)
        secret = account.client_secret.get_secret_value().encode()
        self._passcodes = Passcodes(self._lock, zone, now=now, secret=secret)
        self._records = Records(self._lock, zone, lock_id=account.lock_id, now=now)
        self.news: list[Answer] = []
        self._gets: dict[str, tuple[type[Call], Handler]] = {
            "/v3/lock/list": (LocksCall, self._list_locks),
            "/v3/lock/listKeyboardPwd": (PageCall, self._list_passcodes),
            "/v3/lockRecord/list": (RecordsCall, self._list_records),
            "/v3/gateway/listByLock": (LockCall, self._gateways),
        }
        self._posts: dict[str, tuple[type[Call], Handler]] = {
            "/v3/lock/detail": (LockCall, self._detail),
            "/v3/lock/unlock": (LockCall, lambda call: self._move(call, "unlocked")),
            "/v3/lock/lock": (LockCall, lambda call: self._move(call, "locked")),
            "/v3/lock/queryOpenState": (LockCall, self._state),
            "/v3/lock/queryDate": (LockCall, self._clock),
            "/v3/lock/updateDate": (LockCall, self._set_clock),
            "/v3/keyboardPwd/get": (GenerateCall, self._generate),
            "/v3/keyboardPwd/add": (AddCall, self._add),
            "/v3/keyboardPwd/change": (ChangeCall, self._change),
            "/v3/keyboardPwd/delete": (DeleteCall, self._delete),
            "/v3/app/getMonthRequestCount": (Call, self._month),
        }

    @property
    def conditions(self) -> Conditions:
        """How everything stands."""
        return self._passcodes.conditions

    def set_conditions(self, conditions: Conditions) -> None:
        """Replace all standing conditions."""
        if self.conditions.gateway_online and not conditions.gateway_online:
            self._gateway_left = self._now()
        self._passcodes.conditions = conditions

    def find(self, method: str, path: str) -> tuple[type[Call], Handler] | None:
        """The form a path takes, and who answers it."""
        return (self._gets if method == "GET" else self._posts).get(path)

    def token(self, form: Mapping[str, str]) -> Answer:
        """`/oauth2/token`."""
        return self.accounts.token(TokenCall.model_validate(form))

    def answer(self, call: Call, handler: Handler) -> Answer:
        """Check the caller, count the call, act. Refused."""
        standing = self.conditions
        if standing.wrong_region:
            raise Refused(Errcode.REGION)
        self.accounts.check(client_id=call.client_id, token=call.access_token, date=call.date)
        self.accounts.count(minute=standing.minute_quota, month=standing.month_quota)
        if isinstance(call, LockCall) and call.lock_id != self._account.lock_id:
            raise Refused(Errcode.NO_SUCH_LOCK)
        self._passcodes.settle()
        self.upload()
        answer = handler(call)
        self.upload()
        return answer

    def upload(self) -> None:
        """What the gateway does by itself all the time."""
        if self.conditions.uploads and self.conditions.gateway_online:
            self.news += self._records.upload()

    # --- the lock itself, for tests and the demo -----------------------------------------

    def movements(self) -> tuple[Movement, ...]:
        """The independent record: every movement of the bolt, oldest first."""
        return self._lock.movements()

    def lock_codes(self) -> tuple[StoredCode, ...]:
        """The table in the lock, whatever the cloud's list says."""
        return self._lock.codes()

    def store_code(self, code: StoredCode) -> None:
        """Put a code into the lock as if somebody had by Bluetooth; the list stays silent."""
        self._lock.put_code(code)

    def set_lock_conditions(self, conditions: LockConditions) -> None:
        """Battery, jam, auto-lock."""
        self._lock.set_conditions(conditions)

    def set_lock_clock(self, local: datetime) -> None:
        """Let the lock's clock have drifted to `local` (naive)."""
        self._lock.set_clock(local)

    def press(self, digits: str) -> bool:
        """Type a code on the keypad; whether the door opened."""
        self._passcodes.before_press(digits)
        opened = self._lock.press(digits)
        self.upload()
        return opened

    def close(self) -> None:
        """Let go of the state file."""
        self._lock.close()

    # --- calls ----------------------------------------------------------------------------

    def _through_gateway(self) -> None:
        if not self.conditions.gateway_online:
            raise Refused(Errcode.GATEWAY_OFFLINE)
        if not self.conditions.lock_in_range:
            raise Refused(Errcode.NO_GATEWAY_NEAR)

    def _list_locks(self, _call: Call) -> Answer:
        one: Answer = {"lockId": self._account.lock_id, "lockAlias": "Front door"}
        return {"list": [one], "pageNo": 1, "pageSize": 1, "pages": 1, "total": 1}

    def _gateways(self, _call: Call) -> Answer:
        left = self._gateway_left
        lingers = left is not None and self._now() - left < _LINGERS
        online = self.conditions.gateway_online or lingers
        one: Answer = {"gatewayId": self._account.gateway_id, "rssi": -61, "isOnline": int(online)}
        return {"list": [one]}

    def _detail(self, _call: Call) -> Answer:
        standing = self._lock.conditions
        offset = self._now().astimezone(self._zone).utcoffset() or timedelta(0)
        return {
            "lockId": self._account.lock_id,
            "electricQuantity": standing.battery,
            "timezoneRawOffset": int(offset.total_seconds() * 1000),
            "autoLockTime": standing.auto_lock_seconds or -1,
        }

    def _move(self, _call: Call, bolt: BoltWord) -> Answer:
        if not self.conditions.remote_unlock:
            raise Refused(Errcode.UNSUPPORTED)
        self._through_gateway()
        self._lock.app_moves(bolt, user=GATEWAY_USER, record=0)
        return _DONE

    def _state(self, _call: Call) -> Answer:
        self._through_gateway()
        return {"state": int(self._lock.bolt == "unlocked")}

    def _clock(self, _call: Call) -> Answer:
        self._through_gateway()
        moment = self._lock.clock.replace(tzinfo=self._zone).astimezone(UTC)
        return {"date": int(moment.timestamp() * 1000)}

    def _set_clock(self, call: Call) -> Answer:
        self._through_gateway()
        moment = datetime.fromtimestamp(call.date / 1000, UTC).astimezone(self._zone)
        self._lock.set_clock(moment.replace(tzinfo=None))
        return self._clock(call)

    def _list_passcodes(self, call: Call) -> Answer:
        return self._passcodes.page(_as(PageCall, call))

    def _list_records(self, call: Call) -> Answer:
        return self._records.page(_as(RecordsCall, call))

    def _generate(self, call: Call) -> Answer:
        return self._passcodes.generate(_as(GenerateCall, call))

    def _add(self, call: Call) -> Answer:
        wanted = _as(AddCall, call)
        if wanted.add_type is not Way.BLUETOOTH:
            self._through_gateway()
        return self._passcodes.add(wanted)

    def _change(self, call: Call) -> Answer:
        wanted = _as(ChangeCall, call)
        if wanted.change_type is not Way.BLUETOOTH:
            self._through_gateway()
        return self._passcodes.change(wanted)

    def _delete(self, call: Call) -> Answer:
        wanted = _as(DeleteCall, call)
        if wanted.delete_type is not Way.BLUETOOTH:
            self._through_gateway()
        return self._passcodes.delete(wanted)

    def _month(self, _call: Call) -> Answer:
        return {"count": self.accounts.month_calls}


def _as[C: Call](kind: type[C], call: Call) -> C:
    if not isinstance(call, kind):
        raise TypeError(kind.__name__)
    return call
