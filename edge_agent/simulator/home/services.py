"""Which services does the simulated server know, what do they take, and what does each do?"""

from collections.abc import Awaitable, Callable
from typing import Annotated, Literal

from pydantic import BaseModel, BeforeValidator, ConfigDict, Field, ValidationError

from edge_agent.simulator.home import world as can
from edge_agent.simulator.home.library import browse, find, title_of
from edge_agent.simulator.home.stage import Refused, Stage
from edge_agent.simulator.home.world import Entity, Json

type Handler = Callable[[Stage, Json], Awaitable[Json | None]]

SERVICES: dict[str, Handler] = {}
ANSWERING: set[str] = set()


def _listed(value: object) -> object:
    return [value] if isinstance(value, str) else value


class Target(BaseModel):
    """Service data; more than the service takes is refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    entity_id: Annotated[list[str], BeforeValidator(_listed), Field(min_length=1)]


class WithCode(Target):
    """For locks."""

    code: str | None = None


class Volume(Target):
    """0 to 1."""

    volume_level: Annotated[float, Field(ge=0, le=1)]


class Mute(Target):
    """On or off."""

    is_volume_muted: bool


class Join(Target):
    """Players that shall follow."""

    group_members: list[str]


class PlayMedia(Target):
    """Something to play."""

    media_content_id: str
    media_content_type: str
    enqueue: Literal["play", "replace", "next", "add"] | None = None


class Browse(Target):
    """A node of the tree; none: its root."""

    media_content_id: str | None = None
    media_content_type: str | None = None


class Search(Target):
    """Words."""

    search_query: str
    media_content_type: str | None = None


class Temperature(Target):
    """In the house's unit."""

    temperature: Annotated[float, Field(ge=5, le=35)]


class HvacMode(Target):
    """What the climate shall do."""

    hvac_mode: Literal["off", "heat", "cool", "auto"]


def _service[T: Target](
    name: str, data: type[T], needs: int = 0, *, answers: bool = False
) -> Callable[[Callable[[Stage, Entity, T], Awaitable[Json | None]]], None]:
    """Run it for each reachable entity; one that lacks the ability refuses the whole."""

    def keep(handle: Callable[[Stage, Entity, T], Awaitable[Json | None]]) -> None:
        async def run(stage: Stage, raw: Json) -> Json | None:
            args = _checked(data, raw)
            answer: Json = {}
            for entity in stage.reachable(args.entity_id, name.split(".", 1)[0]):
                if needs & ~entity.features:
                    words = f"Entity {entity.entity_id} does not support action {name}"
                    raise Refused("service_validation_error", f"Validation error: {words}")
                answer[entity.entity_id] = await handle(stage, entity, args)
            return answer if answers else None

        SERVICES[name] = run
        if answers:
            ANSWERING.add(name)

    return keep


def _checked[T: Target](data: type[T], raw: Json) -> T:
    try:
        return data.model_validate(raw)
    except ValidationError as error:
        fields = ", ".join(str(each["loc"][0]) for each in error.errors() if each["loc"])
        raise Refused("invalid_format", f"not valid: {fields}") from error


async def _move(stage: Stage, entity: Entity, args: WithCode, service: str) -> None:
    code = stage.world.bolts[entity.entity_id].code
    if code is not None and args.code != code:
        raise Refused("service_validation_error", "Validation error: Code does not match")
    await stage.move(entity, service)


@_service("lock.lock", WithCode)
async def _lock(stage: Stage, entity: Entity, args: WithCode) -> None:
    await _move(stage, entity, args, "lock")


@_service("lock.unlock", WithCode)
async def _unlock(stage: Stage, entity: Entity, args: WithCode) -> None:
    await _move(stage, entity, args, "unlock")


@_service("lock.open", WithCode, can.LOCK_OPENS)
async def _open(stage: Stage, entity: Entity, args: WithCode) -> None:
    await _move(stage, entity, args, "open")


@_service("media_player.media_play", Target, can.PLAY)
async def _play(stage: Stage, entity: Entity, _args: Target) -> None:
    stage.change(entity, "playing")


@_service("media_player.media_pause", Target, can.PAUSE)
async def _pause(stage: Stage, entity: Entity, _args: Target) -> None:
    stage.change(entity, "paused")


@_service("media_player.media_stop", Target, can.STOP)
async def _stop(stage: Stage, entity: Entity, _args: Target) -> None:
    stage.change(entity, "idle")


@_service("media_player.media_next_track", Target, can.NEXT)
async def _next(stage: Stage, entity: Entity, _args: Target) -> None:
    _step(stage, entity, 1)


@_service("media_player.media_previous_track", Target, can.PREVIOUS)
async def _previous(stage: Stage, entity: Entity, _args: Target) -> None:
    _step(stage, entity, -1)


@_service("media_player.clear_playlist", Target, can.CLEAR)
async def _clear(stage: Stage, entity: Entity, _args: Target) -> None:
    queue = stage.world.queues[entity.entity_id]
    queue.items.clear()
    queue.index = 0
    stage.change(entity, "idle", media_title=None, media_artist=None)


@_service("media_player.volume_set", Volume, can.VOLUME_SET)
async def _volume_set(stage: Stage, entity: Entity, args: Volume) -> None:
    stage.change(entity, volume_level=args.volume_level)


@_service("media_player.volume_mute", Mute, can.VOLUME_MUTE)
async def _volume_mute(stage: Stage, entity: Entity, args: Mute) -> None:
    stage.change(entity, is_volume_muted=args.is_volume_muted)


@_service("media_player.join", Join, can.GROUPING)
async def _join(stage: Stage, entity: Entity, args: Join) -> None:
    members = [entity.entity_id, *args.group_members]
    for each in stage.reachable(members, "media_player"):
        stage.change(each, group_members=[*members])


@_service("media_player.unjoin", Target, can.GROUPING)
async def _unjoin(stage: Stage, entity: Entity, _args: Target) -> None:
    for each in stage.world.entities.values():
        members = each.attributes.get("group_members")
        if isinstance(members, list) and entity.entity_id in members:
            left = [m for m in members if m != entity.entity_id]
            stage.change(each, group_members=[] if each is entity or len(left) == 1 else left)


@_service("media_player.play_media", PlayMedia, can.PLAY_MEDIA)
async def _play_media(stage: Stage, entity: Entity, args: PlayMedia) -> None:
    if title_of(args.media_content_id) is None:
        raise Refused("home_assistant_error", "Nothing there to play")
    queue = stage.world.queues[entity.entity_id]
    if args.enqueue in {None, "replace"}:
        queue.items, queue.index = [args.media_content_id], 0
    elif args.enqueue == "add":
        queue.items.append(args.media_content_id)
    else:
        queue.items.insert(queue.index + 1, args.media_content_id)
        queue.index += args.enqueue == "play" and len(queue.items) > 1
    if args.enqueue in {None, "play", "replace"}:
        _tell_track(stage, entity)


@_service("media_player.browse_media", Browse, can.BROWSE, answers=True)
async def _browse(_stage: Stage, _entity: Entity, args: Browse) -> Json:
    return browse(args.media_content_id)


@_service("media_player.search_media", Search, can.SEARCH, answers=True)
async def _search(_stage: Stage, _entity: Entity, args: Search) -> Json:
    return {"version": 1, "result": [*find(args.search_query, args.media_content_type)]}


@_service("switch.turn_on", Target)
async def _switch_on(stage: Stage, entity: Entity, _args: Target) -> None:
    stage.change(entity, "on")


@_service("switch.turn_off", Target)
async def _switch_off(stage: Stage, entity: Entity, _args: Target) -> None:
    stage.change(entity, "off")


@_service("light.turn_on", Target)
async def _light_on(stage: Stage, entity: Entity, _args: Target) -> None:
    stage.change(entity, "on")


@_service("light.turn_off", Target)
async def _light_off(stage: Stage, entity: Entity, _args: Target) -> None:
    stage.change(entity, "off")


@_service("climate.turn_on", Target, can.TURN_ON)
async def _climate_on(stage: Stage, entity: Entity, _args: Target) -> None:
    stage.change(entity, "heat")


@_service("climate.turn_off", Target, can.TURN_OFF)
async def _climate_off(stage: Stage, entity: Entity, _args: Target) -> None:
    stage.change(entity, "off")


@_service("climate.set_temperature", Temperature)
async def _temperature(stage: Stage, entity: Entity, args: Temperature) -> None:
    stage.change(entity, temperature=args.temperature)


@_service("climate.set_hvac_mode", HvacMode)
async def _hvac_mode(stage: Stage, entity: Entity, args: HvacMode) -> None:
    stage.change(entity, args.hvac_mode)


def _step(stage: Stage, entity: Entity, step: int) -> None:
    queue = stage.world.queues[entity.entity_id]
    if queue.items:
        queue.index = min(max(queue.index + step, 0), len(queue.items) - 1)
        _tell_track(stage, entity)


def _tell_track(stage: Stage, entity: Entity) -> None:
    queue = stage.world.queues[entity.entity_id]
    title = title_of(queue.items[queue.index])
    name, artist = title or (None, None)
    stage.change(entity, "playing", media_title=name, media_artist=artist)
