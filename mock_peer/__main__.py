"""`python -m mock_peer`: the same as `roamlab peer`."""

from __future__ import annotations

import sys


def main() -> int:
    """Run the command; returns its exit code."""
    from simulator.cli import run

    return run(["peer", *sys.argv[1:]])


if __name__ == "__main__":
    sys.exit(main())
