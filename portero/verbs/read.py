"""What is set, and how is somebody told what is missing or wrong?"""

from collections.abc import Iterator

from pydantic import ValidationError
from pydantic_settings import BaseSettings


def settings[S: BaseSettings](kind: type[S]) -> S:
    """Settings from the environment. SystemExit names each variable that is missing or wrong."""
    try:
        return kind()
    except ValidationError as error:
        prefix = str(kind.model_config.get("env_prefix", ""))
        told = [f"{prefix}{where}".upper() + f": {what}" for where, what in flaws(error)]
        raise SystemExit("\n".join([*told, ".env.example lists every setting"])) from None


def flaws(error: ValidationError) -> Iterator[tuple[str, str]]:
    """Where and what, never the value: it may be a secret."""
    for flaw in error.errors(include_url=False, include_input=False, include_context=False):
        where = ".".join(str(step) for step in flaw["loc"])
        yield where, "not set" if flaw["type"] == "missing" else flaw["msg"]
