"""How is YAML written so that the same input gives the same text?"""

from collections.abc import Mapping, Sequence
from io import StringIO

from ruamel.yaml import YAML
from ruamel.yaml.comments import TaggedScalar
from ruamel.yaml.scalarstring import DoubleQuotedScalarString

type Value = (
    str | int | float | bool | TaggedScalar | Sequence["Value"] | Mapping[str, "Value"] | None
)

HEADING = "# Written by Portero; change its input, not this file.\n"


def text(content: Mapping[str, Value]) -> str:
    """The document with its heading."""
    writer = YAML(typ="rt")
    writer.default_flow_style = False
    writer.width = 100
    writer.indent(mapping=2, sequence=4, offset=2)
    out = StringIO()
    writer.dump(content, out)
    return HEADING + out.getvalue()


def secret(name: str) -> TaggedScalar:
    """ESPHome's `!secret name`: the word stands in a file of its own, kept on one machine."""
    return TaggedScalar(value=name, tag="!secret")


def quoted(word: str) -> str:
    """For words that YAML 1.1 may take for a number in base 60, such as `80:22`."""
    scalar: str = DoubleQuotedScalarString(word)
    return scalar
