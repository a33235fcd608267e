"""What the detail panes say of a station, an exchange, a session.

Rule: read from snapshots and raw records; nothing is shown that the journal would not hold.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from textwrap import wrap
from typing import Any

from textual.content import Content

from simulator.kernel.journal import Record
from simulator.scenario.compare import MISSING
from simulator.tui import contracts, pretty
from simulator.tui.arrival import changes
from simulator.tui.engine import Snapshot
from simulator.tui.exchange import Exchange
from simulator.tui.paint import Painter, spark
from simulator.tui.spans import span

History = Mapping[tuple[str, int], Sequence[tuple[float, float | None]]]
_STATES = {"charging": "good", "faulted": "bad", "suspended_ev": "warn", "suspended_evse": "warn"}


def station(now: Snapshot, history: History, width: int) -> Content:
    """A station: how it stands, its EVSEs with car and power, certificates, configuration."""
    paint = Painter()
    link = ("connected", "good") if now["connected"] else ("not connected", "bad")
    power = [] if now["powered"] else [("  switched off", "bad")]
    paint.line((now["id"], "strong"), f"  OCPP {now['version']}  ", link, *power)
    queued = now["queued"]
    waiting = f", {queued} message{' waits' if queued == 1 else 's wait'}" if queued else ""
    made = f"{now['vendor']} {now['model']}".strip()
    paint.line((f"{made}{', ' if made else ''}boot {now['boot']}{waiting}", "quiet"))
    for evse in now["evses"]:
        _evse(paint, now["id"], evse, history, width)
    _pnc(paint, now)
    paint.title("Configuration")
    paint.facts(((name, value) for name, value in now["config"].items() if value != ""), 25)
    return paint.content


def _evse(paint: Painter, station_id: str, evse: Snapshot, history: History, width: int) -> None:
    tone = "bad" if evse["faulted"] else _STATES.get(evse["state"], "")
    kind = f"{evse['standard']}, {evse['max_power_w'] / 1000:g} kW"
    paint.title(f"EVSE {evse['evse_id']}")
    paint.line((evse["status"], tone), (f"  {kind}", "quiet"))
    if (waiting := contracts.waits(evse)) is not None:
        paint.line(("waits for ", "quiet"), waiting)
    if evse["car"] is not None:
        soc = evse["soc_percent"]
        paint.line(f"car {evse['car']}, {soc:g} %" if soc is not None else f"car {evse['car']}")
    if evse["transaction"] is not None:
        card = f"card {evse['token']}" if evse["token"] else "no card"
        paint.line(f"transaction {evse['transaction'][:18]}, {card}")
    if evse["session"] is not None:
        paint.line((f"session {evse['session']}", "quiet"))
    points = history.get((station_id, evse["evse_id"]), ())
    if evse["car"] is not None or evse["transaction"] is not None:
        wide = max(10, width - 24)
        bars = spark([power for power, _ in points], evse["max_power_w"], wide)
        paint.line(f"{evse['power_w'] / 1000:7.2f} kW  ", (bars, "good"))
        levels = [soc for _, soc in points if soc is not None]
        if levels:
            paint.line(f"{levels[-1]:7.1f} %   ", (spark(levels, 100, wide), "accent"))
        paint.line(f"{evse['energy_wh'] / 1000:7.3f} kWh")
    contracts.evse(paint, evse)


def _pnc(paint: Painter, now: Snapshot) -> None:
    store = now["certificates"]
    if store is None and now["pnc"] is None:
        return
    paint.title("Plug & Charge and certificates")
    if now["pnc"] is not None:
        paint.line("contracts are taken" if now["pnc"] else "switched off")
    if store is None:
        return
    paint.line(("a certificate for cars is there", "good") if store["usable"]
               else ("no certificate that a car would take", "warn"))  # fmt: skip
    roots = ", ".join(f"{count} x {use}" for use, count in store["roots"].items())
    paint.facts([("roots", roots or "none"),
                 ("requested", ", ".join(store["requested"]) or None)], 10)  # fmt: skip
    for own in store["own"]:
        tone = "good" if own["valid"] else "bad"
        paint.line((own["type"], tone), f"  {own['subject']}")
        paint.line((f"  {own['not_before'][:10]} to {own['not_after'][:10]}", "quiet"))


def exchange(ex: Exchange) -> Content:
    """An exchange: what is wrong first, then request and response with it at its places."""
    paint = Painter()
    line = ex.line
    paint.line((ex.name, "strong"), f"  {ex.sender} → {ex.receiver}  ", (line.outcome, line.tone))
    ms = "" if ex.ms is None else f", {span(ex.ms)}"
    version = f" {ex.record['version']}" if ex.record.get("version") else ""
    session = f", session {ex.session}" if ex.session else ""
    paint.line((f"{ex.record['at']}, {ex.leg}{version}{ms}{session}", "quiet"))
    for note in ex.comments:
        paint.line(("; ", "accent"), (note["arguments"]["text"], "accent"))
    if ex.leg == "finding":
        finding(paint, ex.record)
        return paint.content
    _wrong(paint, ex)
    _changed(paint, ex)
    remarks: dict[str, list[str]] = {}
    for found in ex.findings:
        remarks.setdefault(found["pointer"], []).append(_remark(found))
    schema = [pretty.at_pointer(error) for _, error in ex.errors]
    if ex.leg == "ocpi":
        _http(paint, ex, remarks)
        return paint.content
    if ex.leg != "ocpp":
        paint.title(ex.leg.capitalize())
        paint.json(ex.request)
        return paint.content
    for pointer, words in schema:
        remarks.setdefault(pointer, []).append(words)
    answered = ex.answer is not None and bool(ex.answer["errors"])
    _body(paint.title("Request"), ex.record["frame"], ex.request, {} if answered else remarks)
    if ex.answer is None:
        paint.title("Response").line(("not answered yet", "quiet"))
    else:
        paint.title("Response").json(ex.reply, remarks if answered else {})
    paint.line().line((f"message id {ex.record['message_id']}", "quiet"))
    return paint.content


def _wrong(paint: Painter, ex: Exchange) -> None:
    if ex.findings or ex.errors:
        paint.title("What is wrong", "bad")
    for found in ex.findings:
        finding(paint, found)
    for who, error in ex.errors:
        paint.line(("✗ ", "bad"), f"schema, says {who}: {error}")


def _changed(paint: Painter, ex: Exchange) -> None:
    """What arrived otherwise than it was sent."""
    told = list(changes(ex))
    if told:
        paint.title("Changed on its way", "warn")
    for one in told:
        sent, arrived = (_short(value) for value in (one.sent, one.arrived))
        place = one.pointer or "all of it"
        paint.line((f"{one.of} ", "quiet"), f"{place}  {sent} ", ("→ ", "warn"), arrived)


def finding(paint: Painter, found: Record, width: int = 500) -> None:
    """A broken rule: where, what stood there, what was expected."""
    tone = "warn" if found["severity"] in ("warn", "note") else "bad"
    paint.line((f"✗ {found['rule']}", tone), f"  {found['severity']}, says {found['actor']}")
    paint.line(("  at        ", "quiet"), found["pointer"] or "the whole of it")
    for name, words in (("seen", _short(found["seen"])), ("expected", str(found["expected"]))):
        for number, part in enumerate(wrap(words, max(20, width - 12)) or [""]):
            paint.line((f"  {'' if number else name:<10}", "quiet"), part)


def _short(value: Any) -> str:
    if value is None or value is MISSING:
        return "nothing"
    return value if isinstance(value, str) else " ".join(p.value for p in pretty.lines(value))[:300]


def _remark(found: Record) -> str:
    return f"{found['rule']}: expected {found['expected']}"


def _http(paint: Painter, ex: Exchange, remarks: Mapping[str, list[str]]) -> None:
    record = ex.record
    paint.title("Request")
    paint.line((record["method"], "accent"), f" {record['url']}")
    _headers(paint, record["request"]["headers"])
    if record["request"]["body"]:
        _body(paint, record["request"]["body"], ex.request, remarks)
    response = record["response"]
    if response is None:
        paint.title("Response").line(("there was none", "bad"))
        return
    paint.title(f"Response  HTTP {record['http_status']}")
    _headers(paint, response["headers"])
    _body(paint, response["body"] or "", ex.reply, {} if record["request"]["body"] else remarks)


def _headers(paint: Painter, headers: Mapping[str, str]) -> None:
    for name, value in headers.items():
        paint.line((f"{name}: ", "quiet"), (value, "quiet"))


def _body(paint: Painter, text: str, value: Any, remarks: Mapping[str, list[str]]) -> None:
    if value is None:
        paint.line((text[:2_000] or "no body", "quiet"))
    else:
        paint.json(value, remarks)
