"""`python -m mock_peer`: the same as `roamlab peer`."""

from __future__ import annotations

import sys

from simulator.interrupt import leave_quietly


def main() -> int:
    """Run the command; returns its exit code."""
    leave_quietly()
    from mock_peer.command import peer
    from simulator.entry import call

    return call(peer, sys.argv[1:], "python -m mock_peer")


if __name__ == "__main__":
    sys.exit(main())
