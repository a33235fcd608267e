"""The example project in the docs: somebody else's backend, tested with the plug-in."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

EXAMPLE = Path(__file__).parents[2] / "docs" / "examples" / "pytest-own-backend"


@pytest.fixture
def project(tmp_path: Path) -> Path:
    copied = shutil.copytree(
        EXAMPLE, tmp_path / "project", ignore=shutil.ignore_patterns("__pycache__")
    )
    return Path(copied)


def pytest_of(project: Path, *options: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *options],
        cwd=project,
        env={**os.environ, "PYTHONDONTWRITEBYTECODE": "1"},
        capture_output=True,
        text=True,
        timeout=100,
    )
    return done.stdout + done.stderr


@pytest.mark.real
def test_it_passes_as_it_stands(project: Path) -> None:
    out = pytest_of(project)
    assert "6 passed" in out, out[-3000:]


@pytest.mark.real
def test_it_finds_a_csms_that_charges_whoever_comes(project: Path) -> None:
    csms = project / "backend" / "csms.py"
    text = csms.read_text(encoding="utf-8")
    csms.write_text(text.replace('"Blocked"', '"Accepted"'), encoding="utf-8")
    out = pytest_of(project, "test_csms.py")
    assert "test_csms.py::test_a_blocked_card_does_not" in out, out[-3000:]
    assert "1 failed, 1 passed" in out
    assert "StartTransaction" in out.split("roamlab journal")[1]


def test_its_readme_names_every_file() -> None:
    text = (EXAMPLE / "README.md").read_text(encoding="utf-8")
    for path in sorted(EXAMPLE.rglob("[!.]*.*")):
        name = path.relative_to(EXAMPLE).as_posix()
        known = path.name in ("README.md", "__init__.py", "pytest.ini") or "__pycache__" in name
        assert known or f"`{name}`" in text, name
