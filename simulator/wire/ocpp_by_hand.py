"""A CALL that somebody asks for by hand: any action and payload, valid or not, on a live link.

Rule: the message id is new, and the answer is the result, whatever it says: who sends by hand
decides by hand, and the actor takes no part in it.
"""

from __future__ import annotations

from typing import Any

from simulator.wire.ocpp_link import Link
from simulator.wire.ocpp_messages import OcppError


async def call(link: Link, action: str, payload: Any) -> dict[str, Any]:
    """Send it and wait: `{"result": …}`, or `{"error": {"code", "description", "details"}}`.

    Raises CallTimeout, LinkClosed.
    """
    try:
        return {"result": await link.call(action, payload, checked=False)}
    except OcppError as error:
        told = {"code": error.code, "description": error.description, "details": error.details}
        return {"error": told}
