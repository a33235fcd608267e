"""What the sessions' pane says: what was refused and why, how it stands, the price, the ladder.

Rule: the price is explained by the CDR's own tariffs; where they give another sum, both are said.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from decimal import Decimal
from textwrap import wrap
from typing import Any

import msgspec
from textual.content import Content

from simulator.kernel.journal import Record
from simulator.ocpi import tariff
from simulator.ocpi.tariff_lines import amount_text, money_text, span_text
from simulator.scenario.ladder import ladder
from simulator.tui import contracts
from simulator.tui.details import finding
from simulator.tui.paint import Painter
from simulator.tui.visits import Visit

_exact = msgspec.json.Decoder(float_hook=Decimal)


def visit(one: Visit, width: int = 100) -> Content:
    """A session from plug-in to its price; only the ladder may be wider than `width`."""
    paint = Painter()
    tone = "good" if one.cdr == "accepted" else "bad" if one.bad else ""
    cdr = ("  CDR " + one.cdr, "bad" if one.cdr == "refused" else "good") if one.cdr else ""
    paint.line((one.id, "strong"), "  ", (one.state, tone), cdr)
    _why(paint, one, width)
    evse = f" EVSE {one.evse}" if one.evse else ""
    if one.problem or one.refusal or one.findings:
        paint.title("Session")
    paint.facts([
        ("station", f"{one.station}{evse}".strip() or None),
        ("car", one.car or None),
        ("token", f"{one.token} {one.by}".strip() or None),
        ("began", one.began),
        ("ended", one.ended or None),
        ("energy", _kwh(one)),
    ], 8)  # fmt: skip
    _price(paint, one)
    contracts.tell(paint, one.records, width)
    _ladder(paint, one)
    return paint.content


def _kwh(one: Visit) -> str | None:
    so_far = ", as the CPO has told so far" if one.state == "charging" else ""
    try:
        return f"{float(one.kwh):.3f} kWh{so_far}" if one.kwh else None
    except ValueError:  # whatever somebody has told
        return one.kwh


def _why(paint: Painter, one: Visit, width: int) -> None:
    problem = one.problem or one.refusal
    if not (problem or one.findings):
        return
    head = "Why the CDR was refused" if one.refusal else "What is wrong"
    now = f" (now {one.cdr})" if one.refusal and one.cdr != "refused" else ""
    paint.title(head + now, "bad" if one.bad or problem else "warn")
    if problem:
        for part in wrap(problem, max(20, width)):
            paint.line(part)
    for found in one.findings:
        finding(paint, found, width)


def _price(paint: Painter, one: Visit) -> None:
    cdr = newest_cdr(one.records)
    if cdr is None:
        return
    paint.title("Price")
    total = cdr.get("total_cost")
    asked = total.get("excl_vat") if isinstance(total, Mapping) else total
    try:
        priced = tariff.price(cdr["tariffs"], cdr, time_zone=_zone(cdr))
    except (tariff.TariffError, KeyError, TypeError) as error:
        paint.line(f"the CDR asks for {asked} {cdr.get('currency', '')}")
        paint.line((f"it cannot be explained: {error}", "warn"))
        return
    for line in priced.lines:
        paint.line(f"{money_text(line.cost.excl_vat):>10}  {line.dimension.lower()}: ",
                   (line.explanation, "quiet"))  # fmt: skip
    sum_ = priced.total_cost
    paint.line((f"{money_text(sum_.excl_vat):>10}  {priced.currency} net", "strong"),
               f", {money_text(sum_.incl_vat)} with VAT, {amount_text(priced.total_energy)} kWh in "
               f"{span_text(priced.total_time * 3600)}")  # fmt: skip
    if isinstance(asked, int | Decimal) and abs(Decimal(asked) - sum_.excl_vat) > Decimal("0.01"):
        paint.line((f"the CDR asks for {asked}, which its tariff does not give", "bad"))
    for note in priced.notes:
        paint.line((note, "quiet"))


def newest_cdr(records: Iterable[Record]) -> dict[str, Any] | None:
    """The CDR that was posted last, with exact numbers."""
    found = None
    for record in records:
        if record["leg"] == "ocpi" and (record["method"], record["module"]) == ("POST", "cdrs"):
            try:
                body = _exact.decode(record["request"]["body"])
            except msgspec.DecodeError:
                continue
            found = body if isinstance(body, dict) else found
    return found


def _zone(cdr: Mapping[str, Any]) -> str:
    place = cdr.get("cdr_location") or cdr.get("location")
    zone = place.get("time_zone") if isinstance(place, Mapping) else None
    return zone if isinstance(zone, str) and zone else "UTC"


def _ladder(paint: Painter, one: Visit) -> None:
    told = ladder(one.records)
    if not told:
        return
    paint.title("Ladder")
    for number, rung in enumerate(told.splitlines()):
        paint.line((rung, "accent" if number == 0 else "bad" if rung.lstrip("0123456789:. ")
                    .startswith("!") else ""))  # fmt: skip
