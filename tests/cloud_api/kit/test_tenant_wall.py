"""Does every statement on a tenant's table say whose rows it means?

Reads the source: each `select`, `update` or `delete` of a table with `organisation_id` must stand
inside `scoped(...)` or `across_tenants(..., because=...)` in the function that makes it.
"""

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

from cloud_api.kit.db import Model
from cloud_api.migrations.tables import all_metadata

CLOUD = Path(__file__).parents[3] / "cloud_api"
VERBS = frozenset({"select", "update", "delete"})
WALLS = frozenset({"scoped", "across_tenants"})


def _tenant_models() -> frozenset[str]:
    all_metadata()
    return frozenset(
        mapper.class_.__name__
        for mapper in Model.registry.mappers
        if "organisation_id" in mapper.columns
    )


def _files() -> list[Path]:
    return sorted(
        file
        for file in CLOUD.rglob("*.py")
        if file.relative_to(CLOUD).parts[0] not in {"kit", "migrations"}
    )


def leaks(source: str, tenant_models: frozenset[str]) -> list[int]:
    """Lines of statements on a tenant's table that pass no wall.

    A private function may build a statement for others, if each that calls it has a wall.
    """
    functions = list(_functions(ast.parse(source)))
    # A private function that only chooses between walls is a wall itself.
    walls = WALLS | {
        name for name, each in functions if name.startswith("_") and _called(each) & WALLS
    }
    open_ones = {
        name
        for name, function in functions
        if not (_called(function) & walls) and not _walled_by_callers(name, functions, walls)
    }
    return [
        call.lineno
        for name, function in functions
        if name in open_ones
        for call in ast.walk(function)
        if isinstance(call, ast.Call)
        and _name(call.func) in VERBS
        and any(_named(argument) & tenant_models for argument in call.args)
    ]


def _walled_by_callers(
    name: str, functions: list[tuple[str, ast.AST]], walls: frozenset[str]
) -> bool:
    callers = [function for _, function in functions if name in _called(function)]
    return name.startswith("_") and bool(callers) and all(_called(each) & walls for each in callers)


def _functions(tree: ast.Module) -> Iterator[tuple[str, ast.AST]]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node.name, node
    # Statements made once, at the top of a module, are judged on their own.
    for node in tree.body:
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            yield f"line {node.lineno}", node


def _called(node: ast.AST) -> set[str]:
    return {_name(each.func) for each in ast.walk(node) if isinstance(each, ast.Call)}


def _named(node: ast.AST) -> set[str]:
    return {each.id for each in ast.walk(node) if isinstance(each, ast.Name)}


def _name(node: ast.expr) -> str:
    if isinstance(node, ast.Attribute):
        return node.attr
    return node.id if isinstance(node, ast.Name) else ""


def test_the_models_of_tenants_are_known() -> None:
    assert {"StaffRow", "UnitRow", "ClientRow", "LockRow"} <= _tenant_models()


@pytest.mark.parametrize("file", _files(), ids=lambda file: str(file.relative_to(CLOUD)))
def test_every_statement_says_whose_rows_it_means(file: Path) -> None:
    assert leaks(file.read_text(), _tenant_models()) == []


@pytest.mark.parametrize(
    ("source", "found"),
    [
        ("def f():\n  return select(UnitRow)", [2]),
        ("def f():\n  return select(UnitRow.id).where(UnitRow.id == 1)", [2]),
        ("def f():\n  return sa.delete(UnitRow)", [2]),
        ("S = select(UnitRow)", [1]),
        ("def f():\n  return scoped(select(UnitRow), UnitRow, scope)", []),
        ("def f():\n  return across_tenants(select(UnitRow), because='job')", []),
        ("def f():\n  return select(Other)", []),
        ("def _f():\n  return select(UnitRow)\ndef g():\n  return scoped(_f(), UnitRow, s)", []),
        ("def _f():\n  return select(UnitRow)\ndef g():\n  return _f()", [2]),
    ],
)
def test_the_guard_itself_sees_a_leak(source: str, found: list[int]) -> None:
    assert leaks(source, frozenset({"UnitRow"})) == found
