"""Find scenario files, and the runs they hold.

Rule: a directory means all scenario files below it, in the order of their names; a file that is no
scenario is passed over there, and a mistake where it was named.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from pathlib import Path

from simulator.mistakes import Mistake, did_you_mean
from simulator.scenario.schema import Scenario, read

EXTENSIONS = (".yaml", ".yml")
# In an installed package the scenarios stand in the first, in a checkout in the second.
SHELVES = (Path(__file__).parents[1] / "scenarios", Path(__file__).parents[2] / "scenarios")


def files(names: Iterable[str]) -> list[Path]:
    """The files that are meant: files, directories, or names on the shelf. Raises Mistake."""
    found: dict[Path, Path] = {}
    for name in names:
        path = _path(name)
        below = sorted(p for p in path.rglob("*") if is_scenario(p)) if path.is_dir() else [path]
        for file in below:
            found.setdefault(file.resolve(), file)
    return list(found.values())


def runs(paths: Iterable[Path], tags: Sequence[str] = ()) -> list[Scenario]:
    """The runs of these files that have one of the tags. Raises Mistake with all that is wrong."""
    scenarios: list[Scenario] = []
    mistakes: list[str] = []
    for path in paths:
        try:
            scenarios += read(path)
        except Mistake as mistake:
            mistakes.append(str(mistake))
    mistakes += _twice(scenarios)
    if mistakes:
        raise Mistake("\n".join(mistakes))
    return [s for s in scenarios if not tags or set(tags) & set(s.tags)]


def _twice(scenarios: Iterable[Scenario]) -> Iterator[str]:
    """Names that two files have: reports could not tell them apart."""
    first: dict[str, str] = {}
    for name, path in dict.fromkeys((s.name, s.path) for s in scenarios):
        if name in first:
            yield f"{path}: name: '{name}' is the name of {first[name]} too"
        first.setdefault(name, path)


def _path(name: str) -> Path:
    """A path as it was given, else one on the shelf. Raises Mistake."""
    candidates = [Path(name), *(shelf / name for shelf in SHELVES)]
    candidates += [
        path.with_suffix(".yaml") for path in candidates if path.name and not path.suffix
    ]
    found = next((path for path in candidates if path.exists()), None)
    if found is None:
        known = {p.relative_to(s).with_suffix("").as_posix() for s in SHELVES for p in s.rglob("*")}
        hint = did_you_mean(name, known)
        raise Mistake(f"{name}: there is no such scenario, neither a file nor a folder.{hint}")
    return found


def is_scenario(path: Path) -> bool:
    """A YAML file with steps: worlds and the like may stand beside scenarios."""
    if path.suffix not in EXTENSIONS or not path.is_file():
        return False
    try:
        text = path.read_text(encoding="utf-8")
    except (OSError, UnicodeDecodeError):
        return True  # the reader will say what is wrong
    return any(line.startswith("steps:") for line in text.splitlines())
