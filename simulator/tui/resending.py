"""A message of before, sent again: which step does that, and with what.

Rule: the sender proves itself anew, and what the journal hides is not made up: such a message is
refused, and why is said.
"""

from __future__ import annotations

from typing import Any

from simulator.kernel.redaction import HIDDEN
from simulator.mistakes import Mistake
from simulator.scenario.sights import CALL
from simulator.tui.exchange import Exchange

_STATION = "station/"


def again(ex: Exchange) -> tuple[str, dict[str, Any]]:
    """The step and its arguments. Raises Mistake for what cannot be sent again."""
    if ex.leg == "ocpp":
        return "send_ocpp", _call(ex)
    if ex.leg == "ocpi":
        return "send_ocpi", _request(ex)
    if ex.leg == "step":
        arguments = dict(ex.record["arguments"] or {})
        _refuse_hidden(str(arguments), "step")
        return str(ex.record["step"]), arguments
    raise Mistake(f"a {ex.leg} is no message: calls, requests and steps can be sent again")


def _call(ex: Exchange) -> dict[str, Any]:
    record = ex.record
    if record["message_type"] != CALL or record["action"] is None:
        raise Mistake("this frame is no call: only calls can be sent again")
    _refuse_hidden(record["frame"], "call")
    sender, receiver = _ends(ex)
    by_station = sender.startswith(_STATION)
    station = (sender if by_station else receiver).removeprefix(_STATION)
    told = {"station": station, "action": record["action"], "payload": ex.request}
    return told if by_station else {**told, "by": "cpo"}


def _request(ex: Exchange) -> dict[str, Any]:
    record = ex.record
    body = record["request"]["body"]
    _refuse_hidden(body, "request")
    sender, receiver = _ends(ex)
    told = {
        "method": record["method"],
        "module": record["module"] or "versions",
        "path": record["url"],
        "from": sender,
        "to": receiver,
    }
    if record["version"]:
        told["version"] = record["version"]
    return {**told, "body": body} if body else told


def _ends(ex: Exchange) -> tuple[str, str]:
    """Who sent it, and to whom, by the journal's names."""
    ends = str(ex.record["actor"]), str(ex.record["peer"])
    return ends if ex.record["direction"] == "sent" else ends[::-1]


def _refuse_hidden(text: str, what: str) -> None:
    if HIDDEN in text:
        raise Mistake(f"a secret of this {what} is hidden in the journal: it cannot be sent again")
