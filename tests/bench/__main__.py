"""`make bench`: every benchmark, each in a process of its own, one run each.

`--write` puts the figures into docs/benchmarks.md.
"""

from __future__ import annotations

import json
import os
import platform
import subprocess
import sys
from pathlib import Path

HERE = Path(__file__).parent
PAGE = HERE.parent.parent / "docs" / "benchmarks.md"
BEGIN, END = "<!-- figures -->", "<!-- end of figures -->"
SKIPPED = {"__init__", "__main__"}


def figures(module: str) -> list[tuple[str, float, str]]:
    """Run one benchmark module in a fresh interpreter."""
    code = (
        f"import json; from tests.bench import {module}; print('\\n' + json.dumps({module}.run()))"
    )
    done = subprocess.run(
        [sys.executable, "-c", code], stdout=subprocess.PIPE, text=True, check=True
    )
    return [tuple(row) for row in json.loads(done.stdout.splitlines()[-1])]


def machine() -> str:
    """What the figures were taken on."""
    model = platform.processor() or platform.machine()
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            model = line.partition(":")[2].strip()
            break
    return (
        f"{model}, {os.cpu_count()} cores, Python {platform.python_version()}, {platform.system()}"
    )


def main() -> None:
    """Run all, print all."""
    modules = sorted(path.stem for path in HERE.glob("*.py") if path.stem not in SKIPPED)
    lines = ["| what | figure |", "| --- | ---: |"]
    for module in modules:
        for name, value, unit in figures(module):
            digits = 0 if value >= 100 else 2
            print(f"{name:64} {value:12,.{digits}f} {unit}", flush=True)
            lines.append(f"| {name} | {value:,.{digits}f} {unit} |")
    print(machine())
    if "--write" in sys.argv:
        block = "\n".join([f"{machine()}.", "", *lines])
        head, _, rest = PAGE.read_text().partition(BEGIN)
        tail = rest.partition(END)[2]
        PAGE.write_text(f"{head}{BEGIN}\n{block}\n{END}{tail}")


if __name__ == "__main__":
    main()
