"""What is said on the wires, and what happens, in words for people who know neither protocol.

Rule: few words, the speaker's own; what no table here has a word for is shown by its name, and what
only keeps the wires busy is left out.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlsplit

from simulator.kernel.journal import Record
from simulator.tui.exchange import Exchange
from simulator.wording import metered, short

CAR, STATION, CPO, HUB, EMP = range(5)
LANES = ("Car", "Station", "CPO", "Plugsurfing", "EMP")
_OFFLINE = "told late: "


@dataclass(frozen=True, slots=True)
class Said:
    """One thing that was said, from lane to lane; where both are the same, somebody acts alone.

    `key` tells it from all others, `seq` orders them; `small` is the protocol's name of it.
    `routine`: it comes again and again, and is told once with how often.
    """

    key: tuple[str, int]
    seq: int
    sender: int
    receiver: int
    words: str
    small: str
    tone: str = ""
    routine: bool = False


# What calls say; None: nothing that a guest needs to hear. `{kwh}` and the like stand for what
# `_told` finds in the request.
_OCPP: Mapping[str, str | None] = {
    "Authorize": "may this card charge?",
    "BootNotification": "here I am",
    "ChangeAvailability": "serve, or do not",
    "Heartbeat": None,
    "MeterValues": "{meter}",
    "RemoteStartTransaction": "start charging, please",
    "RemoteStopTransaction": "stop charging, please",
    "RequestStartTransaction": "start charging, please",
    "RequestStopTransaction": "stop charging, please",
    "Reset": "restart, please",
    "StartTransaction": "charging begins",
    "StatusNotification": None,
    "StopTransaction": "charging has ended",
    "TransactionEvent": "{event}",
    "UnlockConnector": "let the cable go, please",
}
_EVENT_TYPES = {"Started": "a session begins", "Ended": "charging has ended"}
_OCPI: Mapping[str, str | None] = {
    "DELETE credentials": "let us part",
    "GET cdrs": "which bills are there?",
    "GET credentials": "who are you?",
    "GET locations": "which stations are there?",
    "GET sessions": "what goes on?",
    "GET tariffs": "what does it cost?",
    "GET tokens": "which cards are yours?",
    "GET versions": "what do you speak?",
    "PATCH locations": None,
    "PATCH sessions": "{kwh} so far",
    "PATCH tokens": "this card has changed",
    "POST cdrs": "the bill: {kwh}{cost}",
    "POST commands": "{command}",
    "POST credentials": "let us work together",
    "POST tokens": "may this card charge?",
    "PUT credentials": "let us talk anew",
    "PUT locations": "this is our station",
    "PUT sessions": "{session}",
    "PUT tariffs": "this is our price",
    "PUT tokens": "this card is ours",
}
_SESSIONS = {"ACTIVE": "a session has begun", "PENDING": "a session is to begin",
             "COMPLETED": "the session is over", "INVALID": "the session is void"}  # fmt: skip
_COMMANDS = {"START_SESSION": "start charging, please", "STOP_SESSION": "stop charging, please",
             "UNLOCK_CONNECTOR": "let the cable go, please"}  # fmt: skip
# Questions whose answers are told, and how a good one sounds; a bad one says why.
_ANSWERS: Mapping[str, str] = {
    "Authorize": "yes", "POST tokens": "yes", "POST cdrs": "accepted",
    "RemoteStartTransaction": "yes", "RequestStartTransaction": "yes",
    "POST credentials": "gladly",
}  # fmt: skip
_ROUTINE = frozenset({"MeterValues", "PATCH sessions", "PUT locations", "PUT tariffs",
                      "PUT tokens", "PATCH tokens", "GET versions"})  # fmt: skip
# What happens: from which lane to which, in which words and tone.
_EVENTS: Mapping[str, tuple[int, int, str, str]] = {
    "car.plugged": (CAR, STATION, "a car plugs in", ""),
    "car.unplugged": (CAR, STATION, "the cable is pulled", ""),
    "card.presented": (CAR, STATION, "holds up a card", ""),
    "card.accepted": (STATION, CAR, "you may charge", "good"),
    "card.refused": (STATION, CAR, "you may not", "bad"),
    "pnc.began": (CAR, STATION, "my contract pays", ""),
    "pnc.accepted": (STATION, CAR, "you may charge", "good"),
    "station.offline": (STATION, STATION, "✂ the network is cut", "bad"),
    "station.online": (STATION, STATION, "the network is back", "good"),
    "station.power_cut": (STATION, STATION, "✂ the power is cut", "bad"),
    "message.queued": (STATION, STATION, "keeps it for later", "warn"),
    "cpo.killed": (CPO, CPO, "✂ it is gone", "bad"),
    "cpo.revived": (CPO, CPO, "it is back", "good"),
    "peer.killed": (HUB, HUB, "✂ it is gone", "bad"),
    "peer.revived": (HUB, HUB, "it is back", "good"),
    "emp.down": (EMP, EMP, "✂ it is away", "bad"),
    "emp.up": (EMP, EMP, "it is back", "good"),
    "fault.placed": (CPO, CPO, "▲ something will go wrong", "warn"),
}


class Plainly:
    """Turns exchanges and events into what was said. `emps` are the actors of the last lane."""

    def __init__(self, emps: Collection[str] = ()) -> None:
        self.emps = emps

    def lane(self, actor: str) -> int:
        """Where an actor stands, by its name in the journal."""
        if actor.startswith("station/"):
            return STATION
        if actor == "cpo":
            return CPO
        return EMP if actor in self.emps else HUB

    def exchange(self, ex: Exchange) -> list[Said]:
        """What an exchange says: the question, and its answer where that matters."""
        if ex.leg == "fault":
            held = ex.record["data"].get("held") is not None
            how = ("▲ held back", "warn") if held else ("▲ something goes wrong", "bad")
            return [Said(("x", ex.number), _seq(ex.record), CPO, CPO, how[0], ex.name, how[1])]
        names = {short(name): name for name in (ex.record["actor"], ex.record["peer"] or "?")}
        ends = self.lane(names.get(ex.sender, "")), self.lane(names.get(ex.receiver, ""))
        words = _words(ex) if ex.leg in ("ocpp", "ocpi") else None
        if words is None or ends[0] == ends[1]:
            return []
        seq = _seq(ex.record)
        routine = ex.name in _ROUTINE or words.startswith(_OFFLINE) or _updates(ex)
        told = [Said(("x", ex.number), seq, *ends, words, ex.name, routine=routine)]
        return told + _answer(ex, ends)


def _updates(ex: Exchange) -> bool:
    """True for what a station tells again and again while energy flows."""
    said = ex.request
    return isinstance(said, Mapping) and said.get("eventType") not in (None, *_EVENT_TYPES)


def event(record: Record) -> Said | None:
    """What happens, if a guest needs to hear of it."""
    key = ("e", record["seq"])
    if record["what"] == "emp.cdr":
        right = record["data"].get("agrees") is True
        words, tone = ("checks the bill: right", "good") if right else ("the bill is wrong", "bad")
        return Said(key, record["seq"], EMP, EMP, words, "", tone)
    found = _EVENTS.get(record["what"])
    if found is None:
        return None
    sender, receiver, words, tone = found
    small = str(record["data"].get("token") or record["data"].get("model") or "")
    routine = record["what"] == "message.queued"
    return Said(key, record["seq"], sender, receiver, words, small, tone, routine)


def _seq(record: Record) -> int:
    seq: int = record["seq"]
    return seq


def _words(ex: Exchange) -> str | None:
    """What it says."""
    table = _OCPP if ex.leg == "ocpp" else _OCPI
    if ex.name not in table:
        return _spaced(ex.name)
    pattern = table[ex.name]
    if pattern is None or "{" not in pattern:
        return pattern
    request = ex.request if isinstance(ex.request, Mapping) else {}
    return _FILLED[ex.name](request, ex, pattern)


def _spaced(name: str) -> str:
    """The name of an action, in words: GetVariables is `get variables`."""
    return re.sub(r"(?<=[a-z])(?=[A-Z])", " ", name).lower()


def _transaction(request: Mapping[str, Any], ex: Exchange, pattern: str) -> str:
    told = _EVENT_TYPES.get(str(request.get("eventType"))) or _meter(request, ex, pattern)
    return f"{_OFFLINE}{told}" if request.get("offline") else told


def _meter(request: Mapping[str, Any], ex: Exchange, pattern: str) -> str:
    return metered(request) or "so much has flowed"


def _session(request: Mapping[str, Any], ex: Exchange, pattern: str) -> str:
    return _SESSIONS.get(str(request.get("status")), "how the session stands")


def _command(request: Mapping[str, Any], ex: Exchange, pattern: str) -> str:
    if "result" in request:  # of an earlier one
        return "done" if request["result"] == "ACCEPTED" else f"no: {request['result']}"
    name = next((n for n in urlsplit(ex.record["url"]).path.split("/") if n in _COMMANDS), "")
    return _COMMANDS.get(name, "do this, please")


def _amounts(request: Mapping[str, Any], ex: Exchange, pattern: str) -> str:
    kwh = request.get("kwh", request.get("total_energy"))
    cost = request.get("total_cost")
    if isinstance(cost, Mapping):
        cost = cost.get("excl_vat")
    priced = f", {cost:.2f} {request.get('currency') or ''}" if _number(cost) else ""
    told = f"{kwh:.1f} kWh" if _number(kwh) else "nobody knows how much"
    return pattern.format(kwh=told, cost=priced.rstrip())


def _number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


_FILLED: Mapping[str, Callable[[Mapping[str, Any], Exchange, str], str]] = {
    "MeterValues": _meter, "TransactionEvent": _transaction, "PATCH sessions": _amounts,
    "POST cdrs": _amounts, "POST commands": _command, "PUT sessions": _session,
}  # fmt: skip


def _answer(ex: Exchange, ends: tuple[int, int]) -> list[Said]:
    """The answer, where there is one that matters; a failure always does."""
    record = ex.record if ex.leg == "ocpi" else ex.answer
    if record is None or not (ex.failed or ex.name in _ANSWERS):
        return []
    line, back = ex.line, ends[::-1]
    words, tone = _ANSWERS.get(ex.name), "good"
    if line.tone == "bad":
        said_no = ex.name in ("Authorize", "POST tokens") and not ex.failed
        words, tone = ("no" if said_no else "refused"), "bad"
        if ex.leg == "ocpi" and record["http_status"] is None:
            words = "no answer"
    if words is None:
        return []
    return [Said(("a", ex.number), _seq(record), *back, words, line.outcome, tone)]
