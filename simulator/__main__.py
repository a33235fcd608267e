"""`python -m simulator` is `roamlab`: the first lines that run, and the last."""

from __future__ import annotations

import sys

from simulator.interrupt import leave_quietly


def main() -> None:
    """The command `roamlab`."""
    leave_quietly()
    from simulator.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
