"""House rules: what no linter checks."""

from __future__ import annotations

import ast
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
PACKAGES = ("simulator", "mock_peer")
FUNCTION_LINES = 70
FILE_LINES = 400


def modules() -> Iterator[Path]:
    """All modules of both packages, as paths below the root."""
    for package in PACKAGES:
        for path in sorted((ROOT / package).rglob("*.py")):
            yield path.relative_to(ROOT)


def its_test_file(module: Path) -> Path:
    """Where the tests of a module stand: the same path below `tests/`."""
    name = "main" if module.stem == "__main__" else module.stem
    return Path("tests") / module.with_name(f"test_{name}.py")


def functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    for node in ast.walk(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node


MODULES = [str(path) for path in modules()]
SOURCES = [name for name in MODULES if not name.endswith("__init__.py")]


@pytest.mark.parametrize("module", SOURCES)
def test_every_module_has_its_test_file(module: str) -> None:
    expected = ROOT / its_test_file(Path(module))
    assert expected.is_file(), f"{module} has no {expected.relative_to(ROOT)}"
    assert "def test_" in expected.read_text(), f"{expected.relative_to(ROOT)} tests nothing"


@pytest.mark.parametrize("folder", sorted({str(Path(name).parent) for name in SOURCES}))
def test_every_folder_of_tests_is_a_package(folder: str) -> None:
    assert (ROOT / "tests" / folder / "__init__.py").is_file()


@pytest.mark.parametrize("module", MODULES)
def test_modules_are_short_and_say_what_they_are_for(module: str) -> None:
    text = (ROOT / module).read_text()
    tree = ast.parse(text)
    assert ast.get_docstring(tree), f"{module} has no docstring"
    assert len(text.splitlines()) <= FILE_LINES, f"{module}: split it by use case"


@pytest.mark.parametrize("module", MODULES)
def test_functions_are_short(module: str) -> None:
    tree = ast.parse((ROOT / module).read_text())
    for function in functions(tree):
        lines = (function.end_lineno or 0) - function.lineno + 1
        assert lines <= FUNCTION_LINES, f"{module}:{function.lineno} {function.name}: {lines} lines"


@pytest.mark.parametrize("module", SOURCES)
def test_public_things_say_what_they_do(module: str) -> None:
    tree = ast.parse((ROOT / module).read_text())
    for node in tree.body:
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef):
            public = not node.name.startswith("_")
            assert not public or ast.get_docstring(node), f"{module}:{node.lineno} {node.name}"


@pytest.mark.parametrize("module", SOURCES)
def test_nothing_is_left_to_do(module: str) -> None:
    text = (ROOT / module).read_text()
    for mark in ("TO" + "DO", "FIX" + "ME", "XX" + "X:"):
        assert mark not in text, f"{module} has a {mark}"


def test_the_top_level_holds_what_was_agreed() -> None:
    """The user fixed the tree's top level."""
    allowed = {
        "pyproject.toml", "README.md", "simulator", "mock_peer", "fixtures", "tests", "scenarios",
        "Makefile", "docs", "CHANGELOG.md", "LICENSE",
    }  # fmt: skip
    tracked = {line.split("/")[0] for line in _tracked()}
    assert {name for name in tracked if not name.startswith(".")} <= allowed


def test_every_simulator_module_stands_in_a_layer() -> None:
    """import-linter checks the order of layers; this checks that none stands outside them."""
    config = tomllib.loads((ROOT / "pyproject.toml").read_text())
    layers = config["tool"]["importlinter"]["contracts"][0]["layers"]
    named = {
        part.strip(" ()").removeprefix("simulator.")
        for layer in layers
        for part in layer.replace("|", ":").split(":")
    }
    found = {Path(name).parts[1].removesuffix(".py") for name in MODULES if "simulator" in name}
    assert found - {"__init__", "__main__"} <= named


def _tracked() -> list[str]:
    """The files git would commit, or those there where git is absent (a source archive)."""
    import shutil
    import subprocess

    if shutil.which("git") and (ROOT / ".git").exists():
        listed = subprocess.run(
            ["git", "ls-files"], cwd=ROOT, capture_output=True, text=True, check=True
        )
        return listed.stdout.splitlines()
    return ["pyproject.toml"]


def test_the_package_ships_the_worlds_of_the_tree_and_no_copies() -> None:
    shelf = ROOT / "simulator" / "worlds"
    if shelf.is_symlink():  # a checkout that knows no symlinks falls back on fixtures/
        assert shelf.resolve() == ROOT / "fixtures" / "worlds"
    assert list((ROOT / "fixtures" / "worlds").glob("*.yaml"))
