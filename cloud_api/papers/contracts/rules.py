"""Can this template be filled in, and what does it say for this stay?

A template is plain text: paragraphs, headings that begin with `# `, and what it asks for between
double braces. It may choose (`if`), and nothing else: no loops, calls, filters or attributes, so
there is nothing to run away with, however somebody writes it.
"""

from collections.abc import Mapping
from typing import Final

from jinja2 import StrictUndefined, TemplateError, nodes
from jinja2.meta import find_undeclared_variables
from jinja2.sandbox import ImmutableSandboxedEnvironment

from cloud_api.papers.errors import TemplateInvalid

VARIABLES: Final = frozenset(
    {
        "address",
        "arrival",
        "code",
        "departure",
        "guest",
        "guests",
        "house",
        "nights",
        "organisation",
        "property",
        "total",
        "units",
    }
)
_ALLOWED: Final = (
    nodes.Template,
    nodes.Output,
    nodes.TemplateData,
    nodes.Name,
    nodes.If,
    nodes.Const,
    nodes.Compare,
    nodes.Operand,
    nodes.Not,
    nodes.And,
    nodes.Or,
)
# Pages are escaped where they are drawn; these are words.
_JINJA: Final = ImmutableSandboxedEnvironment(undefined=StrictUndefined, autoescape=False)


def check(body: str) -> None:
    """Raises TemplateInvalid with what is wrong, or with the variables there are."""
    try:
        tree = _JINJA.parse(body)
    except TemplateError as error:
        raise TemplateInvalid(str(error)) from None
    for node in tree.find_all(nodes.Node):
        if not isinstance(node, _ALLOWED):
            raise TemplateInvalid(f"not allowed in a template: {type(node).__name__.lower()}")
    unknown = sorted(find_undeclared_variables(tree) - VARIABLES)
    if unknown:
        raise TemplateInvalid(extra={"unknown": unknown, "known": sorted(VARIABLES)})


def fill(body: str, values: Mapping[str, str]) -> str:
    """The words for one stay. Raises TemplateInvalid."""
    check(body)
    try:
        return _JINJA.from_string(body).render(values)
    except (TemplateError, TypeError) as error:
        raise TemplateInvalid(str(error)) from None


def paragraphs(words: str) -> list[tuple[str, bool]]:
    """Each paragraph, and whether it is a heading."""
    found = [" ".join(each.split()) for each in words.replace("\r\n", "\n").split("\n\n")]
    return [(each.removeprefix("# "), each.startswith("# ")) for each in found if each]
