"""By what names a contract went: in OCPP's messages, in OCPI's requests, and what was answered.

Rule: read from the wire as the journal has it, each kind of message once: the first that named the
contract, of CDRs the last.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, unquote, urlsplit

from simulator.kernel.filter_rows import decoded
from simulator.kernel.journal import Record
from simulator.wording import short

CALL, RESULT = 2, 3
_ASKING = ("Authorize", "DataTransfer", "StartTransaction", "TransactionEvent")
_OBJECTS = ("sessions", "cdrs")


@dataclass(slots=True)
class Named:
    """`wire` is the protocol with its version, `what` the message, `named` the contract in it."""

    wire: str
    what: str
    named: str
    answer: str = ""


def names(records: Iterable[Record]) -> list[Named]:
    """In the order in which they came."""
    found: dict[str, Named] = {}
    asked: dict[str, Named] = {}  # by message id, until it is answered
    for record in records:
        if record["leg"] == "ocpp":
            _ocpp(record, found, asked)
        elif record["leg"] == "ocpi":
            _ocpi(record, found)
    return list(found.values())


def _ocpp(record: Record, found: dict[str, Named], asked: dict[str, Named]) -> None:
    ident = record["message_id"]
    if record["message_type"] == RESULT and ident in asked:
        asked.pop(ident).answer = _answer(_payload(record, 2))
    if record["message_type"] != CALL or record["action"] not in _ASKING:
        return
    payload = _payload(record, 3)
    action, body = record["action"], payload
    if action == "DataTransfer":
        action, body = f"DataTransfer {payload.get('messageId')}", _decoded(payload.get("data"))
    named = _token(body)
    key = f"{record['version']} {action}"
    if named and key not in found:
        found[key] = Named(f"OCPP {record['version']}", action, named)
        if action.endswith("Authorize"):
            asked[ident] = found[key]


def _token(body: Mapping[str, Any]) -> str:
    """The contract in a message of OCPP, and what was shown of it."""
    token = body.get("idToken", body.get("idTag"))
    if isinstance(token, str):
        return f"idTag {token}"
    if not isinstance(token, dict):
        return ""
    kind = f" of type {token['type']}" if "type" in token else ""
    shown = []
    if body.get("certificate"):
        shown.append("certificate (the chain)")
    if rows := body.get("iso15118CertificateHashData"):
        shown.append(f"iso15118CertificateHashData ({len(rows)})")
    proof = f", with {' and '.join(shown)}" if shown else ""
    return f"idToken {token.get('idToken')}{kind}{proof}"


def _answer(payload: Mapping[str, Any]) -> str:
    """The statuses of an Authorize; 1.6 has them within its DataTransfer."""
    inner = _decoded(payload["data"]) if isinstance(payload.get("data"), str) else payload
    info = inner.get("idTokenInfo")
    told = [("certificateStatus", inner.get("certificateStatus"))]
    told.append(("idTokenInfo.status", info.get("status") if isinstance(info, dict) else None))
    words = ", ".join(f"{name} {value}" for name, value in told if value)
    return words or str(payload.get("status", ""))


def _ocpi(record: Record, found: dict[str, Named]) -> None:
    method, module = record["method"], record["module"]
    sent = record["direction"] == "sent"
    pair = (short(record["actor"]), short(record["peer"] or "?"))
    way = " → ".join(pair if sent else pair[::-1])
    key = f"{way} {method} {module}"
    if (method, module) == ("POST", "tokens"):
        found[key] = _authorize(record, way)
        return
    if module not in _OBJECTS or method == "PATCH" or (module == "sessions" and key in found):
        return
    body = _decoded(record["request"]["body"])
    if named := _paying(body):
        found[key] = Named(f"OCPI {record['version']}", f"{method} {module}  {way}", named)


def _authorize(record: Record, way: str) -> Named:
    """A real-time authorization: the token stands in the URL."""
    url = urlsplit(str(record["url"]))
    parts = url.path.rstrip("/").split("/")
    kind = parse_qs(url.query).get("type", ["RFID"])[0]
    data = _decoded((record["response"] or {}).get("body")).get("data")
    told = data if isinstance(data, dict) else {}
    reference = told.get("authorization_reference")
    answer = str(told.get("allowed") or f"OCPI {record['status_code']}")
    return Named(
        f"OCPI {record['version']}",
        f"POST tokens/…/authorize  {way}",
        f"uid {unquote(parts[-2]) if len(parts) > 1 else '?'}, type {kind}",
        f"{answer}, reference {reference}" if reference else answer,
    )


def _paying(body: Mapping[str, Any]) -> str:
    """Who pays, in a session or a CDR."""
    token = body.get("cdr_token")
    parts = [("auth_id", body.get("auth_id"))]
    if isinstance(token, dict):
        parts = [(name, token.get(name)) for name in ("uid", "type", "contract_id")]
    if not any(value for _, value in parts):
        return ""
    parts += [(name, body.get(name)) for name in ("auth_method", "authorization_reference")]
    return ", ".join(f"{name} {value}" for name, value in parts if value)


def _payload(record: Record, place: int) -> Mapping[str, Any]:
    parts = _value(record["frame"])
    inner = parts[place] if isinstance(parts, list) and len(parts) > place else None
    return inner if isinstance(inner, dict) else {}


def _decoded(text: Any) -> Mapping[str, Any]:
    found = _value(text)
    return found if isinstance(found, dict) else {}


def _value(text: Any) -> Any:
    return decoded(text) if isinstance(text, str) else None
