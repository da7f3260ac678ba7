"""One way down: imports, SQL, tables and migrations all follow the layers of pyproject.toml.

Import-linter checks imports. SQL is read with PostgreSQL's own parser, relations and migrations
from Django's registry and graph. Each check has its negative control here; the reader and the
arrow stand in tests/tidy/.
"""

import ast
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator, Mapping
from pathlib import Path

import grimp
import pytest

from tests.tidy.arrow import folder_of, may_use, places, tables
from tests.tidy.rule import ROOT, SOURCE, files, is_migration, read
from tests.tidy.statements import Reach, Statement, reach_of, statements

PRIVATE: Mapping[str, tuple[frozenset[str], frozenset[str]]] = {
    "everline.payments.gateways": (
        frozenset({"everline.payments", "everline.config", "everline.simulation"}),
        frozenset({"everline.errors", "everline.money", "everline.ids"}),
    ),
    "everline.simulators": (
        frozenset({"everline.cli", "everline.config"}),
        frozenset(),
    ),
}
"""Packages with narrower doors than their layer: who may import them, what they may import."""


def sql_files() -> list[str]:
    return [path for path in files() if path.endswith(".sql") and path.startswith(SOURCE)]


def everything() -> list[Statement]:
    return [statement for path in sql_files() for statement in statements(path, read(path))]


def owners(made: list[Statement]) -> dict[str, str]:
    """What the files make: function, view or type -> folder."""
    return {statement.name: folder_of(statement.path) for statement in made if statement.name}


def upward(user: str, reach: Reach, made: Mapping[str, str]) -> Iterator[str]:
    """What a folder reaches that stands above it or beside it."""
    known = {**tables(), **made}
    named = reach.calls | reach.tables | reach.types | (reach.words & tables().keys())
    for name in sorted(named):
        owner = known.get(name)
        if owner is not None and not may_use(user, owner):
            yield f"{user} reaches {name} of {owner}"


def test_every_folder_of_the_tree_has_its_place() -> None:
    code = [path for path in files() if path.startswith(SOURCE) and path.endswith((".py", ".sql"))]
    folders = {folder_of(path) for path in code} - {"__init__"}
    assert folders - places().keys() == set()


def test_the_arrow_points_down() -> None:
    assert may_use("renewals", "ledger")
    assert may_use("cards", "cards")
    assert may_use("database", "errors")
    assert not may_use("ledger", "renewals")
    assert not may_use("payments", "provisioning")
    assert may_use("cards", "catalogue")
    assert not may_use("catalogue", "cards")
    assert not may_use("people", "catalogue")
    assert not may_use("money", "errors")


def lint_imports(folder: Path) -> "subprocess.CompletedProcess[str]":
    """Run import-linter on the `everline` that stands in a folder beside its pyproject.toml."""
    command = [str(Path(sys.executable).with_name("lint-imports")), "--no-cache", "--no-logo"]
    source = folder / "src" if (folder / "src").is_dir() else folder
    environment = os.environ | {"PYTHONPATH": str(source)}
    return subprocess.run(
        command, cwd=folder, env=environment, capture_output=True, text=True, check=False
    )


def test_imports_keep_every_contract() -> None:
    done = lint_imports(ROOT)
    assert done.returncode == 0, done.stdout + done.stderr
    assert "0 broken" in done.stdout


@pytest.mark.parametrize(
    ("path", "text", "contract"),
    [
        ("ledger/__init__.py", "from everline import renewals\n", "Imports go one way"),
        ("catalogue/__init__.py", "import everline.cards\n", "Imports go one way"),
        ("stray/__init__.py", "", "Imports go one way"),
        ("channels/web/__init__.py", "import everline.channels.kiosk\n", "Channels never import"),
    ],
)
def test_an_import_against_the_arrow_is_seen(
    tmp_path: Path, path: str, text: str, contract: str
) -> None:
    shutil.copy(ROOT / "pyproject.toml", tmp_path)
    for folder in ("ledger", "renewals", "cards", "catalogue", "channels/web", "channels/kiosk"):
        (tmp_path / "everline" / folder).mkdir(parents=True, exist_ok=True)
        (tmp_path / "everline" / folder / "__init__.py").touch()
    (tmp_path / "everline/__init__.py").touch()
    (tmp_path / "everline/channels/__init__.py").touch()
    before = lint_imports(tmp_path)
    assert before.returncode == 0, before.stdout + before.stderr
    (tmp_path / "everline" / path).parent.mkdir(exist_ok=True)
    (tmp_path / "everline" / path).write_text(text, encoding="utf-8")
    after = lint_imports(tmp_path)
    assert after.returncode == 1, after.stdout + after.stderr
    assert re.search(f"{contract}.*BROKEN", after.stdout)


def test_private_packages_keep_their_doors() -> None:
    graph = grimp.build_graph("everline", cache_dir=None)

    def inside(module: str, packages: frozenset[str]) -> bool:
        return any(module == package or module.startswith(f"{package}.") for package in packages)

    wrong = []
    for package, (importers, imported) in PRIVATE.items():
        own = {name for name in graph.modules if inside(name, frozenset({package}))}
        for module in sorted(own):
            users = graph.find_modules_that_directly_import(module) - own
            used = graph.find_modules_directly_imported_by(module) - own
            wrong += [f"{user} imports {module}" for user in users if not inside(user, importers)]
            wrong += [f"{module} imports {name}" for name in used if not inside(name, imported)]
    assert not wrong, "\n".join(wrong)


def test_sql_reaches_down_alone() -> None:
    made = everything()
    wrong = [
        f"{statement.path}:{statement.line}: {statement.name}: {message}"
        for statement in made
        for message in upward(folder_of(statement.path), statement.reach, owners(made))
    ]
    assert not wrong, "\n".join(wrong)


def test_sql_names_no_table_that_is_not_there() -> None:
    made = everything()
    known = tables().keys() | owners(made).keys()
    wrong = [
        f"{statement.path}:{statement.line}: {statement.name}: no model makes {name}"
        for statement in made
        for name in sorted(statement.reach.tables - known)
        if not name.startswith(("pg_", "django_", "auth_", "mfa_", "usersessions_"))
    ]
    assert not wrong, "\n".join(wrong)


def queries(path: str) -> Iterator[tuple[int, Reach]]:
    """The strings of a module that are SQL, with their lines."""
    for node in ast.walk(ast.parse(read(path))):
        if isinstance(node, ast.Constant) and isinstance(node.value, str):
            words = node.value.split(maxsplit=1)
            if len(words) > 1 and words[0].lower() in {"call", "select", "with"}:
                reach = reach_of(node.value)
                if reach is not None:
                    yield node.lineno, reach


def test_sql_in_python_reaches_down_and_through_verbs() -> None:
    made = everything()
    parts = {
        statement.name
        for statement in made
        if statement.function and statement.header.startswith("part ")
    }
    wrong = []
    for path in files():
        if path.startswith(SOURCE) and path.endswith(".py") and not is_migration(path):
            for line, reach in queries(path):
                messages = [*upward(folder_of(path), reach, owners(made))]
                messages += [f"{name} is a part, not a verb" for name in reach.calls & parts]
                wrong += [f"{path}:{line}: {message}" for message in messages]
    assert not wrong, "\n".join(wrong)


@pytest.mark.parametrize(
    "body",
    [
        "perform renewals_do(1);",
        "if exists (select from renewals_renewal as r where r.id = 1) then return; end if;",
        "insert into jobs_job (id) select r.id from renewals_renewal as r;",
        "held := (select r.card_id from renewals_renewal as r);",
        "with a as (delete from renewals_renewal returning id) select a.id into held from a;",
        "for held in select r.id from renewals_renewal as r loop null; end loop;",
        "perform to_regclass('renewals_renewal');",
        "declare kept renewals_renewal; begin null; end;",
        "perform null::renewals_renewal;",
    ],
)
def test_the_reader_sees_what_reaches_up(body: str) -> None:
    text = (
        "create function f() returns void language plpgsql as $$\n#variable_conflict error\n"
        f"declare held uuid;\nbegin\n{body}\nend $$;\n"
    )
    [statement] = statements("src/everline/ledger/ledger.sql", text)
    assert statement.refused is None
    made = {"renewals_do": "renewals"}
    assert "renewals_renewal" in tables()
    assert list(upward("ledger", statement.reach, made))
    assert not list(upward("autorenewal", statement.reach, made))


def set_up_django() -> None:
    import django

    os.environ.setdefault("DJANGO_SETTINGS_MODULE", "everline.config.settings")
    django.setup()


def owner_of_module(module: str) -> str | None:
    """The folder of one of our modules; None for a third party's."""
    parts = module.split(".")
    return parts[1] if parts[0] == "everline" and len(parts) > 1 else None


def test_relations_of_tables_point_down() -> None:
    set_up_django()
    from django.apps import apps

    wrong, seen = [], 0
    for model in apps.get_models(include_auto_created=True):
        here = owner_of_module(model.__module__)
        if here is None:
            continue
        for field in model._meta.get_fields(include_hidden=True):
            related = field.related_model
            if related is None or field.auto_created or isinstance(related, str):
                continue
            there = owner_of_module(related.__module__)
            seen += 1
            if there is not None and not may_use(here, there):
                wrong.append(f"{model.__name__}.{field.name} of {here} points to {there}")
    assert seen
    assert not wrong, "\n".join(wrong)


def test_migrations_depend_downwards() -> None:
    set_up_django()
    from django.apps import apps
    from django.db.migrations.loader import MigrationLoader

    owner = {config.label: owner_of_module(config.name) for config in apps.get_app_configs()}
    loader = MigrationLoader(None)
    wrong = []
    for (label, name), migration in sorted(loader.disk_migrations.items()):
        here = owner[label]
        needs = [(here, owner.get(other)) for other, _ in migration.dependencies]
        needs += [(owner.get(other), here) for other, _ in migration.run_before]
        for user, used in needs:
            if user is not None and used is not None and not may_use(user, used):
                wrong.append(f"{label}.{name}: {user} depends on {used}")
    assert any(owner[label] for label, _ in loader.disk_migrations)
    assert not wrong, "\n".join(wrong)


def test_tables_are_named_as_the_reader_expects() -> None:
    set_up_django()
    from django.apps import apps

    named = {
        model._meta.db_table: owner_of_module(model.__module__)
        for model in apps.get_models(include_auto_created=True)
        if owner_of_module(model.__module__)
    }
    assert named == tables()
