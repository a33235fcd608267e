"""`python -m tests.readme`: put what the demo prints into the README; a test compares the two."""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path

README = Path(__file__).parent.parent / "README.md"
BLOCK = re.compile(r"(<!-- demo: .*? -->\n```text\n)(.*?)(\n```)", re.DOTALL)
ACTS = (("9  ", None), ("10  ", 8))  # and how many of its last lines, None: all


def capture() -> str:
    """An act of the demo, the end of another, and the table of CDRs, as 80 columns of a pipe."""
    done = subprocess.run(
        [sys.executable, "-m", "simulator", "demo"],
        env={**os.environ, "COLUMNS": "80", "NO_COLOR": "1"},
        capture_output=True,
        text=True,
        check=True,
    )
    lines = [line.rstrip() for line in done.stdout.splitlines()]
    table = lines[lines.index("Sessions and CDRs") : lines.index("CDRs at the EMP, through Roam")]
    parts: list[str] = []
    for number, last in ACTS:
        act = _act(lines, number)
        parts += act if last is None else ["…", *act[-last:], ""]
    return "\n".join([*parts, *table, lines[-1]])


def _act(lines: list[str], number: str) -> list[str]:
    start = next(index for index, line in enumerate(lines) if line.startswith(number))
    return lines[start : lines.index("", start)]


def shown() -> str:
    """What the README shows."""
    found = BLOCK.search(README.read_text(encoding="utf-8"))
    assert found is not None
    return found.group(2)


if __name__ == "__main__":
    text = README.read_text(encoding="utf-8")
    README.write_text(BLOCK.sub(lambda m: m[1] + capture() + m[3], text), encoding="utf-8")
