"""Which folder may use which: the layers of pyproject.toml, for more than imports.

Import-linter enforces the same layers on imports. What it cannot see, SQL, relations of tables and
migrations, asks here. Nothing is read but the configuration and the models' class names.
"""

import ast
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import PurePosixPath
from typing import Final

from tests.tidy.rule import SOURCE, files, read

HOUSE: Final = "house"
"""The id of the contract with the layers."""


@dataclass(frozen=True, slots=True)
class Place:
    """Where a folder stands: 0 is the top; siblings of an `independent` layer are strangers."""

    depth: int
    independent: bool


@cache
def places() -> dict[str, Place]:
    """Read the layers: folder or module directly below everline -> its place."""
    settings = tomllib.loads(read("pyproject.toml"))["tool"]["importlinter"]
    layers = next(entry["layers"] for entry in settings["contracts"] if entry["id"] == HOUSE)
    found: dict[str, Place] = {}
    for depth, layer in enumerate(layers):
        for name in layer.replace("|", ":").split(":"):
            found[name.strip(" ()")] = Place(depth, ":" not in layer)
    return found


def may_use(user: str, used: str) -> bool:
    """Tell whether code in one folder may use what belongs to another."""
    if user == used:
        return True
    here, there = places()[user], places()[used]
    if here.depth == there.depth:
        return not here.independent
    return here.depth < there.depth


def folder_of(path: str) -> str:
    """The folder or module directly below everline that a file belongs to."""
    return PurePosixPath(path).relative_to(SOURCE).parts[0].removesuffix(".py")


@cache
def tables() -> dict[str, str]:
    """Read the models: table -> folder, named as Django names them, many-to-many tables too."""
    found: dict[str, str] = {}
    for path in files():
        if path.startswith(SOURCE) and PurePosixPath(path).name == "models.py":
            folder, app = folder_of(path), PurePosixPath(path).parent.name
            for model in ast.parse(read(path)).body:
                if isinstance(model, ast.ClassDef) and _is_table(model):
                    table = f"{app}_{model.name.lower()}"
                    found[table] = folder
                    for field in _many_to_many(model):
                        found[f"{table}_{field}"] = folder
    return found


def _bases(model: ast.ClassDef) -> set[str]:
    return {ast.unparse(base).partition("[")[0].rpartition(".")[2] for base in model.bases}


def _is_table(model: ast.ClassDef) -> bool:
    """Every class of a models.py makes a table, but for values and managers."""
    bases = _bases(model)
    return bool(bases) and not any(base.endswith(("Choices", "Enum", "Manager")) for base in bases)


def _many_to_many(model: ast.ClassDef) -> list[str]:
    inherited = ["groups", "user_permissions"] if "PermissionsMixin" in _bases(model) else []
    return inherited + [
        target.id
        for statement in model.body
        if isinstance(statement, ast.Assign) and "ManyToManyField" in ast.unparse(statement.value)
        for target in statement.targets
        if isinstance(target, ast.Name)
    ]
