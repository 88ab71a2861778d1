"""What does somebody of the host's staff ask of the cloud while a house is set up?"""

from collections.abc import Mapping
from datetime import datetime
from types import TracebackType
from typing import Self
from uuid import UUID

import httpx
from pydantic import BaseModel, ConfigDict, SecretStr, TypeAdapter, ValidationError

from provisioning.errors import CloudUnreachableError, LoginRefusedError, ProvisioningError

_TIMEOUT_SECONDS = 20.0
_REFUSALS = frozenset({401, 403})


class Named(BaseModel):
    """Anything with an id and a name."""

    model_config = ConfigDict(extra="ignore")

    id: UUID
    name: str


class FleetHouse(BaseModel):
    """A house as the fleet knows it; `enrolled_at` None: no device yet."""

    model_config = ConfigDict(extra="ignore")

    house_id: UUID
    enrolled_at: datetime | None
    online: bool


class Delivery(BaseModel):
    """Whether the house holds what it should."""

    model_config = ConfigDict(extra="ignore")

    state: str


class _Page(BaseModel):
    items: list[Named]


class _FleetPage(BaseModel):
    items: list[FleetHouse]


class _Session(BaseModel):
    token: SecretStr


class _Token(BaseModel):
    token: SecretStr


class _Refused(BaseModel):
    refused: int


class Host:
    """One person, logged in; to be used as a context. Every call raises ProvisioningError."""

    def __init__(self, cloud_url: str) -> None:
        base = f"{cloud_url.rstrip('/')}/api/v1"
        self._client = httpx.Client(base_url=base, timeout=_TIMEOUT_SECONDS)

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._client.close()

    def log_in(self, email: str, password: SecretStr) -> None:
        """LoginRefusedError when it is not right."""
        body = {"email": email, "password": password.get_secret_value()}
        token = self._made("/sessions", body, _Session).token.get_secret_value()
        self._client.headers["authorization"] = f"Bearer {token}"

    def houses(self, name: str) -> list[Named]:
        """All houses of exactly this name."""
        return [each for each in self._all("/houses") if each.name == name]

    def property_of(self, name: str, *, region: str) -> UUID:
        """The property of this name, made when there is none."""
        for each in self._all("/properties"):
            if each.name == name:
                return each.id
        return self._made("/properties", {"name": name, "region": region}, Named).id

    def make_house(self, property_id: UUID, name: str, *, zone: str) -> UUID:
        """A new house."""
        body = {"name": name, "zone": zone}
        return self._made(f"/properties/{property_id}/houses", body, Named).id

    def locks(self, house_id: UUID) -> dict[str, UUID]:
        """By name."""
        return {each.name: each.id for each in self._all(f"/locks?house_id={house_id}")}

    def players(self, house_id: UUID) -> dict[str, UUID]:
        """By name."""
        return {each.name: each.id for each in self._all(f"/players?house_id={house_id}")}

    def make_lock(self, house_id: UUID, name: str) -> UUID:
        """A TTLock of the whole house: a front door; rooms' doors are moved by the host later."""
        body = {"name": name, "vendor": "ttlock"}
        return self._made(f"/houses/{house_id}/locks", body, Named).id

    def make_player(self, house_id: UUID, name: str, *, speaker: str) -> UUID:
        """A player of Music Assistant."""
        body = {"name": name, "vendor": "music_assistant", "speaker": speaker}
        return self._made(f"/houses/{house_id}/players", body, Named).id

    def fleet(self, house_id: UUID) -> FleetHouse | None:
        """None until the fleet has heard of the house."""
        page = self._read("/fleet/houses?limit=200", _FleetPage)
        return next((each for each in page.items if each.house_id == house_id), None)

    def delivery(self, house_id: UUID) -> Delivery:
        """Whether the house holds what it should."""
        return self._read(f"/houses/{house_id}/delivery", Delivery)

    def claim_token(self, house_id: UUID) -> SecretStr:
        """For one device, once."""
        return self._made(f"/houses/{house_id}/claim-token", None, _Token).token

    def refuse_device(self, house_id: UUID) -> int:
        """The present device gets no line any more; answers how many certificates died."""
        return self._made(f"/houses/{house_id}/refuse-device", None, _Refused).refused

    def _all(self, path: str) -> list[Named]:
        separator = "&" if "?" in path else "?"
        return self._read(f"{path}{separator}limit=200", _Page).items

    def _read[A: BaseModel](self, path: str, answer: type[A]) -> A:
        return _parsed(self._call("GET", path, None), answer)

    def _made[A: BaseModel](
        self, path: str, body: Mapping[str, object] | None, answer: type[A]
    ) -> A:
        return _parsed(self._call("POST", path, body), answer)

    def _call(self, method: str, path: str, body: Mapping[str, object] | None) -> httpx.Response:
        try:
            said = self._client.request(method, path, json=body)
        except (httpx.HTTPError, httpx.InvalidURL) as error:
            raise CloudUnreachableError(type(error).__name__) from None
        if said.status_code in _REFUSALS:
            raise LoginRefusedError(f"the cloud says no: {_code(said)}")
        if said.is_server_error or said.status_code == httpx.codes.TOO_MANY_REQUESTS:
            raise CloudUnreachableError(f"the cloud answered {said.status_code}")
        if not said.is_success:
            raise ProvisioningError(f"the cloud refused {method} {path}: {_code(said)}")
        return said


def _parsed[A: BaseModel](said: httpx.Response, answer: type[A]) -> A:
    try:
        return TypeAdapter(answer).validate_json(said.content)
    except ValidationError:
        raise CloudUnreachableError("what answered is not the cloud") from None


class _Problem(BaseModel):
    code: str = "no code"


def _code(said: httpx.Response) -> str:
    try:
        return _Problem.model_validate_json(said.content).code
    except ValidationError:
        return str(said.status_code)
