"""How does a caller say what to change, and what to leave?"""

from collections.abc import Collection
from typing import Any, ClassVar, Self

from pydantic import BaseModel, ConfigDict, model_validator


def _without_nulls(schema: dict[str, Any], model: type[BaseModel]) -> None:
    keep = model.clearable if issubclass(model, Patch) else ()
    for name, field in schema.get("properties", {}).items():
        field.pop("default", None)
        variants = [each for each in field.get("anyOf", ()) if each.get("type") != "null"]
        if name not in keep and len(variants) == 1:
            del field["anyOf"]
            field.update(variants[0])


class Patch(BaseModel):
    """What changes; a field that is left out stays. Only `clearable` fields may be null.

    Subclasses give every field the default None, which means "left out".
    """

    model_config = ConfigDict(extra="forbid", json_schema_extra=_without_nulls)
    clearable: ClassVar[Collection[str]] = ()

    @model_validator(mode="after")
    def _only_clearable_is_null(self) -> Self:
        nulls = {name for name in self.model_fields_set if getattr(self, name) is None}
        if nulls - set(self.clearable):
            raise ValueError(f"may not be null: {', '.join(sorted(nulls))}")
        return self
