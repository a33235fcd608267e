"""What the wheel takes along beside modules: all that the packages read."""

from __future__ import annotations

import fnmatch
import os
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
CONFIG = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]
# For people who read the tree, not for the program.
LEFT_OUT = {".py", ".pyc", ".md"}


def files(package: str) -> set[str]:
    """The files of a package, links followed, as paths below it."""
    found = set()
    for folder, _, names in os.walk(ROOT / package, followlinks=True):
        inside = Path(folder).relative_to(ROOT / package)
        found |= {(inside / name).as_posix() for name in names}
    return {name for name in found if Path(name).suffix not in LEFT_OUT and "/." not in f"/{name}"}


@pytest.mark.parametrize("package", CONFIG["package-data"])
def test_every_file_that_is_no_module_is_packed(package: str) -> None:
    packed = CONFIG["package-data"][package]

    def fits(name: str) -> bool:
        """A star does not cross a folder's border for setuptools."""
        return any(
            glob.count("/") == name.count("/") and fnmatch.fnmatch(name, glob) for glob in packed
        )

    assert {name for name in files(package) if not fits(name)} == set()


@pytest.mark.parametrize("package", CONFIG["package-data"])
def test_every_pattern_finds_something(package: str) -> None:
    for glob in CONFIG["package-data"][package]:
        assert list((ROOT / package).glob(glob)), glob
