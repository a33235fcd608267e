"""What came of a session, as expectations: the main exchanges on both wires, and findings.

Rule: a literal table says which exchanges count and what of them must be so again; the rest of a
message may change with its time and ids.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.scenario.compare import MISSING
from simulator.scenario.replay_recording import Recording, moment
from simulator.scenario.sights import Sight, point, sights

# What a meter may count more or less, when steps come some milliseconds later.
_NEAR_KWH, _NEAR_MONEY = 0.02, 0.05


@dataclass(frozen=True, slots=True)
class Expected:
    """A match for `expect`, and where it was seen."""

    seq: int
    at_s: float
    match: Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class _Row:
    """What of an exchange must be so again. `only`: it counts only where one of these stands."""

    where: tuple[str, ...] = ()
    answer: tuple[str, ...] = ()
    near: Mapping[str, float] | None = None
    only: tuple[str, tuple[Any, ...]] | None = None
    save: Mapping[str, str] | None = None


_STATUS = ("/status",)
_TAG = ("/idTagInfo/status",)
_OCPP: Mapping[str, _Row] = {
    "Authorize": _Row(answer=(*_TAG, "/idTokenInfo/status")),
    "StartTransaction": _Row(where=("/connectorId", "/idTag"), answer=_TAG),
    "StopTransaction": _Row(where=("/reason",), answer=_TAG),
    "TransactionEvent": _Row(
        where=("/eventType", "/triggerReason"),
        answer=("/idTokenInfo/status",),
        only=("/eventType", ("Started", "Ended")),
    ),
    "RemoteStartTransaction": _Row(where=("/idTag",), answer=_STATUS),
    "RemoteStopTransaction": _Row(answer=_STATUS),
    "RequestStartTransaction": _Row(where=("/idToken/idToken",), answer=_STATUS),
    "RequestStopTransaction": _Row(answer=_STATUS),
}
_OCPI: Mapping[str, _Row] = {
    "POST tokens": _Row(answer=("/allowed",)),
    "PUT sessions": _Row(where=_STATUS, save={"session": "/id"}),
    "POST cdrs": _Row(near={
        "/total_energy": _NEAR_KWH, "/total_cost": _NEAR_MONEY, "/total_cost/excl_vat": _NEAR_MONEY,
    }),
    "POST commands": _Row(where=("/result",), answer=("/result",)),
}  # fmt: skip


def expectations_of(recording: Recording, session: str) -> list[Expected]:
    """What is to be expected of a session, in the order in which it was seen; each thing once."""
    seen = [sight for sight in sights(recording.records) if sight.session == session]
    told: dict[str, Expected] = {}
    for sight in seen:
        match = _match(sight)
        if match is not None:
            at_s = moment(sight.answer or sight.record).timestamp()
            told.setdefault(repr(match), Expected(sight.seq, at_s, match))
    return list(_save_once(told.values()))


def _save_once(told: Iterable[Expected]) -> Iterable[Expected]:
    """The session's id is read from its first message alone."""
    saved = False
    for each in told:
        match = dict(each.match)
        if "save" in match:
            if saved:
                del match["save"]
            saved = True
        yield Expected(each.seq, each.at_s, match)


def _match(sight: Sight) -> dict[str, Any] | None:
    make = _MAKE.get(sight.leg)
    return None if make is None else make(sight)


def _ocpp(sight: Sight) -> dict[str, Any] | None:
    row = _OCPP.get(sight.name)
    if row is None or sight.record["direction"] != "sent" or sight.answer is None:
        return None
    if sight.error is not MISSING:
        return {"ocpp": sight.name, "by": sight.record["actor"], "error": sight.error}
    return _told(row, sight, {"ocpp": sight.name, "by": sight.record["actor"]})


def _ocpi(sight: Sight) -> dict[str, Any] | None:
    row = _OCPI.get(sight.name)
    record = sight.record
    if row is None or record["direction"] != "sent" or record["status_code"] is None:
        return None
    by = {"ocpi": sight.name, "by": record["actor"], "status": record["status_code"]}
    return _told(row, sight, by)


def _told(row: _Row, sight: Sight, match: dict[str, Any]) -> dict[str, Any] | None:
    if row.only is not None and point(sight.request, row.only[0]) not in row.only[1]:
        return None
    where: dict[str, Any] = {}
    for pointer in row.where:
        _keep(where, pointer, point(sight.request, pointer))
    for pointer, near in (row.near or {}).items():
        value = point(sight.request, pointer)
        if isinstance(value, int | float):
            where[pointer] = {"approx": [value, near]}
    answer: dict[str, Any] = {}
    for pointer in row.answer:
        _keep(answer, pointer, point(sight.reply, pointer))
    if sight.leg == "ocpp" and not answer:
        # An answer that says nothing is still one: match it as such.
        answer = {"": {"exists": True}}
    parts = {"where": where, "answer": answer}
    match |= {name: part for name, part in parts.items() if part}
    return {**match, "save": dict(row.save)} if row.save else match


def _keep(part: dict[str, Any], pointer: str, value: Any) -> None:
    if value is not MISSING and isinstance(value, str | int | float):
        part[pointer] = value


def _finding(sight: Sight) -> dict[str, Any]:
    return {"finding": sight.name, "severity": sight.record["severity"]}


_MAKE: Mapping[str, Callable[[Sight], dict[str, Any] | None]] = {
    "ocpp": _ocpp,
    "ocpi": _ocpi,
    "finding": _finding,
}
