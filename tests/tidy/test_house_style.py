"""The house style as tests: sizes, names, docstrings, documents that keep up with the code."""

from __future__ import annotations

import ast
import importlib
import re
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent.parent
PACKAGES = ("engine", "payments_core", "ui", "haodian", "bench")
MODULE_LINES, FUNCTION_LINES = 600, 70
# Old offenders may only shrink: the number is their present size, and a smaller one must be written here.
LONG_MODULES: dict[str, int] = {}
LONG_FUNCTIONS: dict[str, int] = {}


def modules(*packages: str) -> Iterator[Path]:
    for package in packages or PACKAGES:
        yield from sorted((ROOT / package).rglob("*.py"))


def named(path: Path) -> str:
    return path.relative_to(ROOT).as_posix()


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


def parsed(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"), filename=named(path))


def test_modules_stay_small() -> None:
    sizes = {named(p): len(p.read_text(encoding="utf-8").splitlines()) for p in modules()}
    long = {name: size for name, size in sizes.items() if size > MODULE_LINES}
    assert long == LONG_MODULES


def test_functions_stay_short() -> None:
    long = {}
    for path in modules():
        for function in functions(parsed(path)):
            size = (function.end_lineno or 0) - function.lineno + 1
            if size > FUNCTION_LINES:
                long[f"{named(path)}:{function.name}"] = size
    assert long == LONG_FUNCTIONS


def test_every_module_says_what_it_is_for() -> None:
    silent = [named(p) for p in modules() if p.stat().st_size and not ast.get_docstring(parsed(p))]
    assert silent == []


def test_public_functions_of_the_core_have_docstrings() -> None:
    silent = []
    for path in modules("engine", "payments_core"):
        for node in parsed(path).body:
            if (
                isinstance(node, ast.FunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
                and not ast.get_docstring(node)
            ):
                silent.append(f"{named(path)}:{node.name}")
    assert silent == []


def test_no_float_comes_near_money() -> None:
    """No float literal and no `float` name in engine and payments_core, seconds and bench aside."""
    found = []
    for path in modules("payments_core"):
        for node in ast.walk(parsed(path)):
            literal = isinstance(node, ast.Constant) and isinstance(node.value, float)
            name = isinstance(node, ast.Name) and node.id == "float"
            if literal or name:
                found.append(f"{named(path)}:{node.lineno}")
    assert [f for f in found if f.rsplit(":", 1)[0] not in FLOAT_OF_SECONDS] == []


# Modules whose floats are durations in seconds, never money.
FLOAT_OF_SECONDS = {"payments_core/payments/committer.py"}


def test_only_entry_points_read_the_clock() -> None:
    """Ruff bans the common spellings; this finds the calls in any other guise."""
    found = []
    for path in modules("engine", "payments_core", "ui"):
        for node in ast.walk(parsed(path)):
            if isinstance(node, ast.Call) and isinstance(node.func, ast.Attribute):
                text = ast.unparse(node.func)
                if text in {"datetime.now", "datetime.utcnow", "date.today", "time.time", "func.now"}:
                    found.append(f"{named(path)}:{node.lineno} {text}")
    assert found == []


def test_the_public_surface_is_sorted_and_real() -> None:
    for path in modules("engine", "payments_core"):
        if path.name != "__init__.py" or "__all__" not in path.read_text(encoding="utf-8"):
            continue
        package = importlib.import_module(".".join(path.relative_to(ROOT).parent.parts))
        # In ruff's order (RUF022): constants, classes, functions.
        order = sorted(package.__all__, key=lambda name: (not name.isupper(), name[0].islower(), name))
        assert list(package.__all__) == order, named(path)
        missing = [name for name in package.__all__ if not hasattr(package, name)]
        assert missing == [], named(path)


def test_the_architecture_names_every_package() -> None:
    text = (ROOT / "ARCHITECTURE.md").read_text(encoding="utf-8")
    packages = [
        p.parent
        for p in modules("engine", "payments_core")
        if p.name == "__init__.py" and p.parent.parent != ROOT
    ]
    missing = [named(p) for p in packages if not re.search(rf"`[^`]*\b{p.name}\b[^`]*`", text)]
    assert missing == []


def test_every_dependency_has_its_reason() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    groups = [project["dependencies"], *project["optional-dependencies"].values()]
    names = {re.split(r"[\[<>=!~]", d)[0] for group in groups for d in group}
    text = (ROOT / "docs/decisions/0002-dependencies.md").read_text(encoding="utf-8")
    assert sorted(n for n in names if f"`{n}`" not in text) == []


def refusal_codes() -> dict[str, str]:
    codes = {}
    for path in modules("payments_core"):
        for node in ast.walk(parsed(path)):
            if not isinstance(node, ast.ClassDef):
                continue
            for line in node.body:
                target = (
                    line.target
                    if isinstance(line, ast.AnnAssign)
                    else line.targets[0]
                    if isinstance(line, ast.Assign)
                    else None
                )
                if (
                    isinstance(target, ast.Name)
                    and target.id == "code"
                    and isinstance(line.value, ast.Constant)
                ):
                    codes[str(line.value.value)] = f"{named(path)}:{node.name}"
    return codes


def test_every_refusal_code_has_a_test() -> None:
    tests = "\n".join(
        p.read_text(encoding="utf-8") for p in (ROOT / "tests").rglob("*.py") if "tidy" not in p.parts
    )
    untested = {
        code: where
        for code, where in refusal_codes().items()
        if code not in {"REFUSED", "NOT_FOUND", "CONFLICT", "INVALID"}
        and code not in tests
        and where.rsplit(":", 1)[1] not in tests
    }
    assert untested == {}


@pytest.mark.parametrize(
    "document", ["README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "docs/glossary.md"]
)
def test_the_documents_exist(document: str) -> None:
    assert (ROOT / document).stat().st_size > 200


def test_the_lock_files_name_no_host() -> None:
    for name in ("requirements.lock", "requirements-build.lock"):
        text = (ROOT / name).read_text(encoding="utf-8")
        assert "://" not in text
        assert "--hash=sha256:" in text


def test_the_top_level_is_what_was_agreed() -> None:
    agreed = {
        "engine", "rules", "forms", "ui", "payments_core", "migrations", "tests", "haodian", "bench", "docs",
        "pyproject.toml", "README.md", "ARCHITECTURE.md", "CONTRIBUTING.md", "CHANGELOG.md", "Makefile",
        "requirements.lock", "requirements-build.lock",
    }  # fmt: skip
    import subprocess

    listed = subprocess.run(
        ["git", "ls-files"], cwd=ROOT, check=True, capture_output=True, text=True
    ).stdout.splitlines()
    top = {name.split("/")[0] for name in listed}
    assert {name for name in top if not name.startswith(".")} <= agreed
