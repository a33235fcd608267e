"""`python -m simulator` is `roamlab`: the first lines that run, and the last."""

from __future__ import annotations

import sys

from simulator.interrupt import end_with_stdin, leave_quietly


def main() -> None:
    """The command `roamlab`."""
    leave_quietly()
    end_with_stdin()
    from simulator.cli import run

    sys.exit(run(sys.argv[1:]))


if __name__ == "__main__":
    main()
