"""Exchanges as a HAR file, version 1.2, which browsers' network panels and many tools read.

Rule: OCPI exchanges are entries; a station's OCPP frames are the messages of one WebSocket entry,
as Chrome writes them (`_webSocketMessages`). It is made of the journal's records, where secrets are
hidden.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any
from urllib.parse import parse_qsl, urlsplit

import msgspec

from simulator import __version__
from simulator.kernel.clock import rfc3339
from simulator.kernel.journal import Record
from simulator.mistakes import Mistake
from simulator.tui.exchange import Exchange

_STATION = "station/"
# No record tells a station's URL: this name leads nowhere (RFC 6761).
_NOWHERE = "ws://csms.invalid/"


def har(exchanges: Iterable[Exchange]) -> str:
    """A HAR file of what was said on both wires. Raises Mistake where nothing was."""
    entries: list[dict[str, Any]] = []
    sockets: dict[str, dict[str, Any]] = {}
    for ex in exchanges:
        if ex.leg == "ocpi":
            entries.append(_entry(ex))
        elif ex.leg == "ocpp":
            for record in (ex.record, *([ex.answer] if ex.answer is not None else [])):
                _frame(sockets, record)
    entries += sockets.values()
    if not entries:
        raise Mistake("a HAR file holds messages: there are none among these")
    entries.sort(key=lambda entry: str(entry["startedDateTime"]))
    creator = {"name": "roamlab", "version": __version__}
    log = {"version": "1.2", "creator": creator, "pages": [], "entries": entries}
    return msgspec.json.format(msgspec.json.encode({"log": log}), indent=1).decode() + "\n"


def _entry(ex: Exchange) -> dict[str, Any]:
    record = ex.record
    ended = datetime.fromisoformat(record["at"])  # a record is made when the answer is known
    said = [f"{found['rule']} at {found['pointer'] or '/'}" for found in ex.findings]
    comments = [text for text in (ex.said, *said) if text]
    entry = {
        "startedDateTime": rfc3339(ended - timedelta(milliseconds=record["ms"])),
        "time": record["ms"],
        "request": _request(record),
        "response": _response(record),
        "cache": {},
        "timings": {"send": 0, "wait": record["ms"], "receive": 0},
        "_from": record["actor"] if record["direction"] == "sent" else record["peer"],
        "_to": record["peer"] if record["direction"] == "sent" else record["actor"],
    }
    return {**entry, "comment": "; ".join(comments)} if comments else entry


def _request(record: Record) -> dict[str, Any]:
    headers, body = record["request"]["headers"], record["request"]["body"]
    told = {
        "method": record["method"],
        "url": record["url"],
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(headers),
        "queryString": [
            {"name": name, "value": value}
            for name, value in parse_qsl(urlsplit(record["url"]).query, keep_blank_values=True)
        ],
        "headersSize": -1,
        "bodySize": len(body.encode()),
    }
    return {**told, "postData": {"mimeType": _kind(headers), "text": body}} if body else told


def _response(record: Record) -> dict[str, Any]:
    answer = record["response"] or {"headers": {}, "body": ""}
    status, body = record["http_status"] or 0, answer["body"] or ""
    known = {each.value: each.phrase for each in HTTPStatus}
    told = {
        "status": status,
        "statusText": known.get(status, ""),
        "httpVersion": "HTTP/1.1",
        "cookies": [],
        "headers": _pairs(answer["headers"]),
        "content": {"size": len(body.encode()), "mimeType": _kind(answer["headers"]), "text": body},
        "redirectURL": "",
        "headersSize": -1,
        "bodySize": len(body.encode()),
    }
    return told if record["response"] else {**told, "_error": "no answer"}


def _pairs(headers: Mapping[str, str]) -> list[dict[str, str]]:
    return [{"name": name, "value": value} for name, value in headers.items()]


def _kind(headers: Mapping[str, str]) -> str:
    kinds = (value for name, value in headers.items() if name.lower() == "content-type")
    return next(kinds, "application/json")


def _frame(sockets: dict[str, dict[str, Any]], record: Record) -> None:
    """A frame belongs to its station's connection; the station is the side that opened it."""
    actor, peer = str(record["actor"]), str(record["peer"])
    by_actor = actor.startswith(_STATION)
    station = (actor if by_actor else peer).removeprefix(_STATION)
    sent = (record["direction"] == "sent") == by_actor
    entry = sockets.setdefault(station, _socket(station, record))
    at = datetime.fromisoformat(record["at"])
    began = datetime.fromisoformat(entry["startedDateTime"])
    entry["time"] = max(entry["time"], (at - began).total_seconds() * 1000)
    entry["timings"]["receive"] = entry["time"]
    entry["_webSocketMessages"].append(
        {
            "type": "send" if sent else "receive",
            "time": at.timestamp(),
            "opcode": 1,
            "data": record["frame"],
        }
    )


def _socket(station: str, record: Record) -> dict[str, Any]:
    protocol = f"ocpp{record['version']}"
    head = {"httpVersion": "HTTP/1.1", "cookies": [], "headersSize": -1, "bodySize": 0}
    chosen = [{"name": "Sec-WebSocket-Protocol", "value": protocol}]
    return {
        "startedDateTime": record["at"],
        "time": 0.0,
        "request": {
            "method": "GET", "url": f"{_NOWHERE}{station}", "headers": chosen, "queryString": [],
            **head,
        },
        "response": {
            "status": 101, "statusText": "Switching Protocols", "headers": chosen,
            "content": {"size": 0, "mimeType": "x-unknown"}, "redirectURL": "", **head,
        },
        "cache": {},
        "timings": {"send": 0, "wait": 0, "receive": 0.0},
        "comment": f"OCPP {record['version']} of {station}; the URL stands for its CSMS",
        "_resourceType": "websocket",
        "_webSocketMessages": [],
    }  # fmt: skip
