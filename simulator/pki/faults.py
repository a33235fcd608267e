"""What faults may do to the services of a PKI: turn the responder's switch, and turn it back.

Rule: a fault ends as it began: of several, what the last one to end had found is so again.
"""

from __future__ import annotations

from collections.abc import Callable

from simulator.pki.service import Service
from simulator.wire.faults import Fault, FaultBoard

# The fault -> the responder's switch.
SWITCHES = {
    "ocsp_slow": "slow",
    "ocsp_down": "down",
    "ocsp_garbage": "garbage",
    "ocsp_stale": "stale",
}


def offer_ocsp_faults(board: FaultBoard, responder: Service) -> None:
    """Let the board's `ocsp_…` faults strike this responder."""

    def strike(fault: Fault, _actor: str) -> Callable[[], None]:
        before = responder.switch
        switch = SWITCHES[fault.kind]
        responder.turn(f"{switch}:{fault['by']:g}" if "by" in fault.parameters else switch)

        def undo() -> None:
            responder.switch = before

        return undo

    for kind in SWITCHES:
        board.hook(kind, strike)
