"""`python -m tests.scenario_list`: list the library in its README; a test compares the two."""

from __future__ import annotations

import re
from pathlib import Path

from simulator.scenario.collect import is_scenario

LIBRARY = Path(__file__).parent.parent / "scenarios"
README = LIBRARY / "README.md"
BLOCK = re.compile(r"(<!-- list: .*? -->\n)(.*)(<!-- end of list -->)", re.DOTALL)
# Folder -> what it is about, in the order of the README.
FOLDERS = {
    "demo": "The story of `roamlab demo`.",
    "registration": "How CPO and Plugsurfing find together, and part.",
    "rfid": "A card at a station.",
    "remote": "Sessions that begin elsewhere.",
    "offline": "Networks and power that go, and come back.",
    "cdr": "Bills: late, twice, refused, disputed.",
    "emp": "What an EMP tries out in stage before it goes live.",
    "rules": "Each rule of the mock Plugsurfing, kept and then broken: the file bears its name.",
    "roam": "Each rule of its other face, Roam, kept and then broken: the file bears its name.",
    "faults": "Each fault, what it does, and that nothing is lost.",
    "pnc": "Plug & Charge.",
}


def files(folder: str) -> list[Path]:
    """The scenarios of a folder, in the order of their names."""
    return sorted(path for path in (LIBRARY / folder).glob("*.yaml") if is_scenario(path))


def field(path: Path, name: str) -> str:
    """A text that stands on one line at the top of a scenario; '' where there is none."""
    found = re.search(rf"^{name}: *(.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return found[1].strip().strip("'\"") if found else ""


def listed() -> str:
    """The list, in Markdown."""
    parts = []
    for folder, about in FOLDERS.items():
        rows = [f"| [{p.stem}]({folder}/{p.name}) | {field(p, 'purpose')} |" for p in files(folder)]
        parts += [f"### {folder}\n", f"{about}\n", "| scenario | what it shows |", "|---|---|"]
        parts += [*rows, ""]
    return "\n".join(parts)


def shown() -> str:
    """The list as the README has it."""
    found = BLOCK.search(README.read_text(encoding="utf-8"))
    assert found is not None, f"{README.name} has no place for the list"
    return found[2]


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    README.write_text(BLOCK.sub(lambda m: f"{m[1]}{listed()}{m[3]}", text), encoding="utf-8")
