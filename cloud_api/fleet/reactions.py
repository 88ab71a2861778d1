"""What does fleet do when something happened elsewhere?"""

from uuid import UUID

from pydantic import BaseModel, ConfigDict

from cloud_api.fleet import service
from cloud_api.fleet.looks import service as looks
from cloud_api.fleet.types import HouseLayout
from cloud_api.kit.db import Session
from cloud_api.kit.jobs import AnyReaction, Reaction, Tools
from cloud_api.properties import service as properties
from cloud_api.properties.types import ThingPlace
from protocol.devices import Door, Player
from protocol.home import MOST_THINGS, Thing
from protocol.ids import LockId, PlayerId, ThingId
from protocol.music import MusicRules


class HouseChanged(BaseModel):
    """The part of the event that fleet reads."""

    model_config = ConfigDict(extra="ignore")

    house_id: UUID


class LockSpoke(BaseModel):
    """The part of the event that fleet reads."""

    model_config = ConfigDict(extra="ignore")

    lock_id: UUID
    organisation_id: UUID


async def _look(session: Session, event: LockSpoke, _tools: Tools) -> None:
    """What a vendor says is unsigned and therefore only a reason to look."""
    await looks.want(session, event.lock_id, event.organisation_id)


async def _describe(session: Session, event: HouseChanged, _tools: Tools) -> None:
    """Copy what the house is made of; the newest state, whatever the order of events."""
    layout = await properties.house_layout(session, event.house_id)
    await service.describe_house(
        session,
        HouseLayout(
            house_id=layout.house_id,
            organisation_id=layout.organisation_id,
            name=layout.name,
            zone=layout.zone,
            doors=tuple(
                Door(lock=LockId(lock.id), name=lock.name, shared=lock.shared)
                for lock in layout.locks
            ),
            players=tuple(
                Player(player=PlayerId(player.id), name=player.name, speaker=player.speaker)
                for player in layout.players
            ),
            things=tuple(_thing(each) for each in layout.things[:MOST_THINGS]),
            lease_seconds=layout.lease_hours * 3600,
            music_rules=MusicRules.model_validate(layout.music_rules),
        ),
    )


def _thing(place: ThingPlace) -> Thing:
    return Thing(
        thing=ThingId(place.id),
        name=place.name,
        kind=place.kind,
        entity=place.entity,
        lowest=place.lowest,
        highest=place.highest,
    )


_ON_LAYOUT = Reaction("properties.house_changed", "fleet.describe_house", HouseChanged, _describe)
_ON_LOCK = Reaction("access.lock_spoke", "fleet.look", LockSpoke, _look)

REACTIONS: tuple[AnyReaction, ...] = (_ON_LAYOUT, _ON_LOCK)
