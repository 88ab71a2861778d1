"""What shall a house be set to, how does it get there signed, and what does the house say of it?"""

from collections.abc import Mapping
from hashlib import sha256
from uuid import UUID

from pydantic import JsonValue, ValidationError
from pydantic_core import to_json

from cloud_api.fleet.configurations import repository
from cloud_api.fleet.configurations.models import ConfigurationRow
from cloud_api.fleet.configurations.types import (
    NOTHING_SET,
    ConfigurationState,
    ConfigurationView,
    Signed,
)
from cloud_api.fleet.errors import HouseUnknownError
from cloud_api.fleet.ports import Sealer
from cloud_api.fleet.repository import find_house, lock_houses, mark_dirty, notify
from cloud_api.fleet.types import CHANNEL_WORK, Letter, Sender
from cloud_api.kit.clock import Clock
from cloud_api.kit.db import Session
from cloud_api.kit.errors import NotFound
from cloud_api.kit.tenancy import Scope
from cloud_api.properties import service as properties
from protocol.configuration import (
    ConfigurationHeld,
    Configured,
    DesiredConfiguration,
    HouseSettings,
)
from protocol.envelope import Kind
from protocol.ids import HouseId
from protocol.topics import Down


async def configure(
    session: Session, scope: Scope, house_id: UUID, settings: HouseSettings, *, clock: Clock
) -> ConfigurationView:
    """The house shall be set like this: all of it, what is not named as the house itself has it.

    It is signed with the house's next snapshot. The same settings again change nothing. Raises
    HouseUnknownError.
    """
    before = await configuration(session, scope, house_id)
    wanted = settings.model_dump(mode="json", exclude_none=True)
    if before.version and before.settings == wanted:
        return before
    await lock_houses(session, {house_id: scope.organisation_id})
    if not await repository.wish(
        session, house_id, scope.organisation_id, wanted, now=clock.utc_now()
    ):
        raise HouseUnknownError
    await mark_dirty(session, house_id)
    return await configuration(session, scope, house_id)


async def configuration(session: Session, scope: Scope, house_id: UUID) -> ConfigurationView:
    """What was set last, and what became of it. Raises HouseUnknownError."""
    row = await repository.find(session, scope, house_id)
    if row is not None:
        return _view(row)
    if await find_house(session, scope, house_id) is None:
        await _require_described(session, scope, house_id)
    return NOTHING_SET


async def sign(session: Session, house_id: UUID, epoch: int, sealer: Sealer, clock: Clock) -> None:
    """Sign what is not signed for this epoch; the caller holds the house's row."""
    unsigned = await repository.unsigned(session, house_id, epoch=epoch)
    if unsigned is None:
        return
    desired = DesiredConfiguration(
        house=HouseId(house_id),
        epoch=epoch,
        version=unsigned.version,
        issued_at=clock.utc_now(),
        settings=HouseSettings.model_validate(unsigned.settings),
    )
    frame = await sealer.seal(Kind.CONFIGURATION, desired.to_bytes())
    signed = Signed(house_id, epoch, unsigned.version, frame)
    await repository.sign(session, signed, sha256(frame).hexdigest())
    await notify(session, CHANNEL_WORK, f"configuration {house_id}")


async def unpublished(session: Session, *, most: int) -> list[Signed]:
    """What no courier has published yet."""
    return await repository.unpublished(session, most=most)


async def mark_published(session: Session, signed: Signed, clock: Clock) -> None:
    """A broker has taken these bytes."""
    await repository.mark_published(session, signed, now=clock.utc_now())


async def lacking(
    session: Session, sender: Sender, held: ConfigurationHeld | None
) -> tuple[Letter, ...]:
    """What goes with the answer to a house that says which configuration it holds."""
    epoch, version = (0, 0) if held is None else (held.epoch, held.version)
    newer = await repository.newer(session, sender.house_id, epoch=epoch, version=version)
    return () if newer is None else (letter_of(newer),)


def letter_of(signed: Signed) -> Letter:
    """As published."""
    return Letter(signed.house_id, Down.CONFIG, signed.frame)


async def note_fate(
    session: Session, sender: Sender, body: Mapping[str, JsonValue], clock: Clock
) -> None:
    """A fact of kind `configured`, already verified; one of a newer house may say more."""
    try:
        said = Configured.from_bytes(to_json(dict(body)), tolerant=True)
    except ValidationError:
        return
    await repository.note_fate(
        session,
        sender.house_id,
        digest=said.hash,
        fate=said.fate.value,
        reason=said.reason,
        now=clock.utc_now(),
    )


async def _require_described(session: Session, scope: Scope, house_id: UUID) -> None:
    """A house its owner has just described is not in fleet yet."""
    try:
        await properties.house_layout(session, house_id, scope)
    except NotFound:
        raise HouseUnknownError from None


def _view(row: ConfigurationRow) -> ConfigurationView:
    state = ConfigurationState.PENDING if row.fate is None else ConfigurationState(row.fate)
    return ConfigurationView(row.version, row.settings, state, row.reason, row.made_at, row.told_at)
