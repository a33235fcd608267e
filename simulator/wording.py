"""Records of the journal in a few words, for people: who said what to whom, and what came of it.

Rule: only words; nothing here judges. What it does not know it shows by name, so that a new action
needs no change here.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any, Literal
from urllib.parse import urlsplit

import msgspec

from simulator.kernel.filter_rows import ocpp_status
from simulator.kernel.journal import Record

Tone = Literal["plain", "good", "bad", "quiet"]
Payload = Mapping[str, Any]

CALL, CALLRESULT, CALLERROR = 2, 3, 4
_GOOD = frozenset({"Accepted", "ALLOWED", "ACCEPTED", "Scheduled"})
_OCPI_OK = range(1000, 2000)
_UUID = re.compile(r"([0-9a-f]{8})-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")
# What comes again and again while all is well, in either wire's words.
_ROUTINE = frozenset(
    {"Heartbeat", "MeterValues", "StatusNotification", "PATCH sessions", "PATCH locations"}
)
_PERIODIC = frozenset({"MeterValuePeriodic", "MeterValueClock"})


@dataclass(frozen=True, slots=True)
class Line:
    """One exchange in words. `leg` is the wire; `routine` is what comes again and again while all
    is well.
    """

    at: str
    leg: str
    sender: str
    receiver: str
    what: str
    detail: str = ""
    outcome: str = ""
    tone: Tone = "plain"
    routine: bool = False


class Wording:
    """Turn records into lines: one for each exchange, told by the side that began it, when its
    outcome is known.
    """

    def __init__(self) -> None:
        self._calls: dict[tuple[str, str], tuple[str, Payload]] = {}

    def line(self, record: Record) -> Line | None:
        """The line of this record; None for one that adds nothing to what was told."""
        if record["leg"] == "ocpp":
            return self._ocpp(record)
        if record["leg"] == "ocpi":
            return _ocpi(record)
        if record["leg"] == "finding":
            return _finding(record)
        return None

    def _ocpp(self, record: Record) -> Line | None:
        key = (record["actor"], record["message_id"] or "")
        parts = _json(record["frame"])
        if not isinstance(parts, list) or len(parts) < 3:
            return None
        if record["message_type"] == CALL and record["direction"] == "sent" and len(parts) > 3:
            self._calls[key] = (record["action"] or "?", _mapping(parts[3]))
            return None
        if record["direction"] != "received" or key not in self._calls:
            return None
        action, payload = self._calls.pop(key)
        if record["message_type"] == CALLERROR:
            outcome, tone = str(parts[2]), "bad"
        else:
            outcome, tone = _verdict(_mapping(parts[2]))
        return Line(
            record["at"],
            "ocpp",
            short(record["actor"]),
            short(record["peer"] or "?"),
            action,
            DETAILS.get(action, _nothing)(payload),
            outcome,
            tone,  # type: ignore[arg-type]
            tone != "bad" and (action in _ROUTINE or payload.get("triggerReason") in _PERIODIC),
        )


def short(actor: str) -> str:
    """An actor's name without its kind: `station/CP001` is CP001."""
    return actor.rpartition("/")[2]


# OCPP: what of a request is worth a word


def _nothing(_payload: Payload) -> str:
    return ""


def _token(payload: Payload) -> str:
    token = payload.get("idToken") or payload.get("idTag") or ""
    return str(token.get("idToken", "")) if isinstance(token, Mapping) else str(token)


def _connector(payload: Payload) -> str:
    evse = payload.get("evse")
    number = payload.get("evseId") or payload.get("connectorId")
    if isinstance(evse, Mapping):
        number = evse.get("id")
    return f"EVSE {number}" if number else ""


def metered(payload: Payload) -> str:
    """What meter values say last of power and of the register, with units; nothing of others."""
    told: dict[str, str] = {}
    try:
        for sample in (one for value in payload["meterValue"] for one in value["sampledValue"]):
            of = sample.get("unitOfMeasure") or {}
            unit = str(sample.get("unit") or of.get("unit") or "Wh").removeprefix("k")
            kilo = "k" in str(sample.get("unit") or of.get("unit") or "")[:1]
            number = float(sample["value"]) * 10.0 ** int(of.get("multiplier", 0))
            measurand = sample.get("measurand", _REGISTER)
            if measurand in (_REGISTER, _POWER) and not sample.get("phase"):
                told[measurand] = f"{number if kilo else number / 1000:.1f} k{unit}"
    except (LookupError, TypeError, ValueError, AttributeError, ArithmeticError):
        return ""  # a station that speaks otherwise
    return ", ".join(told[name] for name in (_POWER, _REGISTER) if name in told)


_REGISTER, _POWER = "Energy.Active.Import.Register", "Power.Active.Import"


def _meter_values(payload: Payload) -> str:
    return _words(metered(payload), _connector(payload))


def _status(payload: Payload) -> str:
    return _words(
        _connector(payload), payload.get("status") or payload.get("connectorStatus") or ""
    )


def _boot(payload: Payload) -> str:
    station = _mapping(payload.get("chargingStation")) or payload
    return _words(
        station.get("vendorName") or station.get("chargePointVendor"),
        station.get("model") or station.get("chargePointModel"),
    )


def _transaction(payload: Payload) -> str:
    offline = "offline" if payload.get("offline") else ""
    number = payload.get("seqNo")
    return _words(
        payload.get("eventType"),
        f"#{number}" if number is not None else "",
        payload.get("triggerReason"),
        offline,
    )


def _stop(payload: Payload) -> str:
    return _words(f"meter {payload.get('meterStop')} Wh", payload.get("reason"))


def _words(*parts: object) -> str:
    return " ".join(str(part) for part in parts if part)


DETAILS: dict[str, Callable[[Payload], str]] = {
    "Authorize": _token,
    "BootNotification": _boot,
    "MeterValues": _meter_values,
    "RemoteStartTransaction": lambda p: _words(_connector(p), _token(p)),
    "RemoteStopTransaction": lambda p: _words("transaction", p.get("transactionId")),
    "RequestStartTransaction": lambda p: _words(_connector(p), _token(p)),
    "RequestStopTransaction": lambda p: _words("transaction", str(p.get("transactionId"))[:8]),
    "StartTransaction": lambda p: _words(_connector(p), _token(p)),
    "StatusNotification": _status,
    "StopTransaction": _stop,
    "TransactionEvent": _transaction,
}


def _verdict(payload: Payload) -> tuple[str, Tone]:
    """The status an OCPP answer carries, wherever its version puts it."""
    status = ocpp_status(payload)
    if status is None:
        return "", "plain"
    certificate = payload.get("certificateStatus")  # of a contract, where it is not good
    why = certificate if certificate not in _GOOD else None
    return _words(status, why), "good" if status in _GOOD and not why else "bad"


# OCPI


def _ocpi(record: Record) -> Line | None:
    if record["direction"] != "sent":
        return None
    response = _mapping(record["response"])
    envelope = _mapping(_json(response.get("body")))
    code = record["status_code"]
    if record["http_status"] is None:
        outcome, tone = "no answer", "bad"
    elif code in _OCPI_OK:
        outcome, tone = _ocpi_verdict(code, envelope.get("data"))
    else:
        message = envelope.get("status_message") or ""
        outcome, tone = _words(code or f"HTTP {record['http_status']}", message), "bad"
    what = _words(record["method"], record["module"])
    return Line(
        record["at"],
        "ocpi",
        short(record["actor"]),
        short(record["peer"] or "?"),
        what,
        _tail(record),
        outcome,
        tone,  # type: ignore[arg-type]
        tone != "bad" and what in _ROUTINE,
    )


def _ocpi_verdict(code: int, data: Any) -> tuple[str, Tone]:
    for name in ("allowed", "result"):
        verdict = _mapping(data).get(name)
        if isinstance(verdict, str):
            return f"{code} {verdict}", "good" if verdict in _GOOD else "bad"
    if isinstance(data, list):
        return f"{code} {len(data)} object{'' if len(data) == 1 else 's'}", "good"
    return str(code), "good"


def _tail(record: Record) -> str:
    """What a URL names within its module: its last segments, without the party's."""
    segments = urlsplit(record["url"]).path.strip("/").split("/")
    module = record["module"] or ""
    if module not in segments:
        return ""
    rest = segments[len(segments) - segments[::-1].index(module) :]
    if rest and rest[0] in ("sender", "receiver"):
        rest = rest[1:]
    named = rest[2:] if len(rest) > 2 and len(rest[0]) == 2 else rest
    if named and named[-1] == "authorize":
        named = [" ".join(reversed(named))]
    return "/".join(_UUID.sub(r"\1…", name) for name in named)


def _finding(record: Record) -> Line:
    return Line(
        record["at"],
        "finding",
        short(record["actor"]),
        short(record["peer"] or "?"),
        record["rule"],
        _words(record["pointer"] and f"at {record['pointer']}", f"expected {record['expected']}"),
        record["severity"],
        "bad",
    )


def _mapping(value: Any) -> Payload:
    return value if isinstance(value, Mapping) else {}


def _json(text: Any) -> Any:
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, TypeError):
        return None
