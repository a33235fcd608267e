"""`python -m simulator` is `roamlab`."""

from __future__ import annotations

import subprocess
import sys

from simulator import __version__


def test_it_runs_as_a_module() -> None:
    done = subprocess.run(
        [sys.executable, "-m", "simulator", "--version"], capture_output=True, text=True
    )
    assert done.returncode == 0
    assert done.stdout == f"roamlab, version {__version__}\n"
