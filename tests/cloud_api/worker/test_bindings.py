"""Does every reaction listen to an event somebody publishes, and read fields that are there?"""

from importlib import import_module
from pathlib import Path
from typing import Any

import pytest
from pydantic import BaseModel

import cloud_api
from cloud_api.kit.events import Event
from cloud_api.kit.jobs import AnyReaction, unique
from cloud_api.worker.rooms import JOBS, reactions
from cloud_api.worker.types import cron

REACTIONS = reactions("https://portero.example")
_ROOT = Path(cloud_api.__file__).parent


def published() -> dict[str, type[Event]]:
    """Every event class of every room, by name."""
    for file in sorted(_ROOT.rglob("events.py")):
        import_module(".".join(("cloud_api", *file.relative_to(_ROOT).with_suffix("").parts)))
    return {each.name: each for each in _kinds(Event)}


def _kinds(of: type[Event]) -> list[type[Event]]:
    found = []
    for kind in of.__subclasses__():
        if kind.__module__.startswith("cloud_api."):
            found += [kind, *_kinds(kind)]
    return found


@pytest.mark.parametrize("reaction", REACTIONS, ids=lambda each: each.name)
def test_a_reaction_is_bound_to_an_event_somebody_publishes(reaction: AnyReaction) -> None:
    assert reaction.event_name in published()


@pytest.mark.parametrize("reaction", REACTIONS, ids=lambda each: each.name)
def test_what_a_reaction_reads_is_in_the_event_with_the_same_shape(reaction: AnyReaction) -> None:
    wanted, given = _Shapes(reaction.schema), _Shapes(published()[reaction.event_name])
    assert wanted.required <= set(given.fields)
    for name in wanted.required:
        assert given.of(name) <= wanted.of(name), name


@pytest.mark.parametrize("reaction", REACTIONS, ids=lambda each: each.name)
def test_a_reaction_does_not_stumble_over_new_fields(reaction: AnyReaction) -> None:
    assert reaction.schema.model_config.get("extra", "ignore") == "ignore"


def test_names_are_unique_and_periods_can_be_kept() -> None:
    assert len({each.name for each in unique(REACTIONS)}) == len(REACTIONS)
    assert all(cron(each.every) for each in unique(JOBS))


def test_every_room_that_reacts_or_keeps_time_is_wired() -> None:
    reacting = {each.parent for each in _ROOT.glob("*/reactions.py")}
    wired = {each.name.split(".")[0] for each in REACTIONS}
    assert {each.name for each in reacting} <= wired
    timed = {each.parent.name for each in _ROOT.glob("*/jobs.py")} - {"kit"}
    assert timed <= {each.name.split(".")[0] for each in JOBS}


class _Shapes:
    """The JSON shapes of a model's fields, as sets of `type:format` words."""

    def __init__(self, model: type[BaseModel]) -> None:
        schema = model.model_json_schema()
        self.fields: dict[str, dict[str, Any]] = schema["properties"]
        self.required = set(schema.get("required", ()))
        self._named: dict[str, dict[str, Any]] = schema.get("$defs", {})

    def of(self, name: str) -> set[str]:
        return self._words(self.fields[name])

    def _words(self, shape: dict[str, Any]) -> set[str]:
        if "$ref" in shape:
            return self._words(self._named[shape["$ref"].rpartition("/")[2]])
        if "anyOf" in shape:
            return set().union(*(self._words(each) for each in shape["anyOf"]))
        return {f"{shape.get('type')}:{shape.get('format', '')}"}
