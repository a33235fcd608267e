"""How long `check cpo` takes on our own CPO core, in each version of OCPI.

Rule: everything runs in one process on the virtual clock, so that only work is measured: what a
tester waits for at a station is not in it.
"""

from __future__ import annotations

import time

from simulator.kernel.clock import Clock
from simulator.kernel.loop import run as run_loop
from simulator.ocpi.versions import VERSIONS
from tests.mock_peer.checking import check_our_cpo

Figure = tuple[str, float, str]


def run() -> list[Figure]:
    """Check once in each version."""
    figures = []
    for version in VERSIONS:
        began = time.perf_counter()
        report, _, _ = run_loop(check_our_cpo(version=version), Clock("virtual"))
        assert not report.failures
        figures.append((f"check cpo on our core, OCPI {version}", time.perf_counter() - began, "s"))
    return figures
