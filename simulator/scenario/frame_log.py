"""A plain OCPP-J frame log becomes a journal, so that what happened in production can be replayed.

Rule: tolerant, and nothing in silence: every line that is not taken is told with its number. Whose
sent and received are meant is learnt from the messages that only one side ever begins.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal

import msgspec

from simulator.kernel.clock import rfc3339
from simulator.kernel.journal import FORMAT, Record
from simulator.kernel.redaction import redact_frame
from simulator.mistakes import Exit, Mistake
from simulator.scenario.frame_line import Frame, Scheme, read_line

CSMS = "cpo"
Writer = Literal["station", "csms"]
# What stations begin, in 1.6 and its whitepapers, 2.0.1 and 2.1; both sides begin DataTransfer, and
# the CSMS all the rest.
_BY_STATION = frozenset(
    {"Authorize", "BatterySwap", "BootNotification", "ClearedChargingLimit",
     "DiagnosticsStatusNotification", "FirmwareStatusNotification", "Get15118EVCertificate",
     "GetCertificateChainStatus", "GetCertificateStatus", "Heartbeat", "LogStatusNotification",
     "MeterValues", "NotifyAllowedEnergyTransfer", "NotifyChargingLimit",
     "NotifyCustomerInformation", "NotifyDERAlarm", "NotifyDERStartStop", "NotifyDisplayMessages",
     "NotifyEVChargingNeeds", "NotifyEVChargingSchedule", "NotifyEvent", "NotifyMonitoringReport",
     "NotifyPeriodicEventStream", "NotifyPriorityCharging", "NotifyReport", "NotifySettlement",
     "NotifyWebPaymentStarted", "PublishFirmwareStatusNotification", "PullDynamicScheduleUpdate",
     "ReportChargingProfiles", "ReportDERControl", "ReservationStatusUpdate",
     "SecurityEventNotification", "SignCertificate", "SignedFirmwareStatusNotification",
     "StartTransaction", "StatusNotification", "StopTransaction", "TransactionEvent",
     "VatNumberValidation"}
)  # fmt: skip
_BY_EITHER = frozenset({"DataTransfer"})
_ONLY_16 = frozenset({"StartTransaction", "StopTransaction", "RemoteStartTransaction",
                      "RemoteStopTransaction", "ChangeConfiguration",
                      "GetConfiguration"})  # fmt: skip
_ONLY_2 = frozenset({"TransactionEvent", "RequestStartTransaction", "RequestStopTransaction",
                     "SetVariables", "GetVariables", "NotifyReport", "NotifyEvent",
                     "GetBaseReport"})  # fmt: skip
_SHOWN = 20
_PACKED = {b"\x1f\x8b": "gzip", b"PK\x03\x04": "zip", b"BZh": "bzip2"}


@dataclass(slots=True)
class Import:
    """What came of a log. `unread` are line numbers with the reason."""

    header: Record
    records: list[Record] = field(default_factory=list)
    unread: list[tuple[int, str]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)

    def dump(self) -> bytes:
        """The bytes of the journal's file."""
        return b"".join(msgspec.json.encode(each) + b"\n" for each in (self.header, *self.records))


def import_file(
    path: Path, station: str, *, version: str | None = None, writer: Writer = "csms",
    both: bool = False, strict: bool = False,
) -> Import:  # fmt: skip
    """Read a log. Raises Mistake: not to be read, nothing in it (5), or with `strict` any line
    that is no frame.
    """
    try:
        data = path.read_bytes()
    except OSError as error:
        raise Mistake(f"{path}: {error.strerror or error}") from error
    for magic, kind in _PACKED.items():
        if data.startswith(magic):
            raise Mistake(f"{path}: packed with {kind}: unpack it first")
    text = data.decode(errors="replace")
    made = import_text(text, station, version=version, writer=writer, both=both)
    if strict and made.unread:
        raise Mistake("\n".join(unread_in_words(path, made.unread)))
    if not made.records:
        told = "\n".join(unread_in_words(path, made.unread))
        raise Mistake(f"{path}: no OCPP-J frame in it\n{told}".rstrip(), Exit.NOTHING)
    return made


def import_text(
    text: str, station: str, *, version: str | None = None, writer: Writer = "csms",
    both: bool = False,
) -> Import:  # fmt: skip
    """Read the text of a log. Raises Mistake where the version cannot be told."""
    made = Import({"format": FORMAT, "seed": None, "clock": "real", "world": None})
    frames: list[Frame] = []
    for number, line in enumerate(text.split("\n"), 1):
        if line.strip():
            read = read_line(line, number)
            if isinstance(read, Frame):
                frames.append(read)
            else:
                made.unread.append((number, read))
    if not frames:
        return made
    spoken = version or _version(frames)
    if spoken is None:
        raise Mistake("--version: 1.6 or 2.0.1? The frames do not tell")
    turned = _turned(frames, writer)
    _write(made, list(_directed(frames, turned, made.unread)), station, spoken, both=both)
    made.unread.sort()
    if any(one.at > other.at for one, other in pairwise(frames)):
        made.notes.append("its times go back in places: the order of the lines is kept")
    return made


def unread_in_words(path: Path, unread: list[tuple[int, str]]) -> list[str]:
    """The lines that were not taken, the first of many."""
    told = [f"{path}:{number}: {why}" for number, why in unread[:_SHOWN]]
    more = len(unread) - _SHOWN
    return [*told, f"{path}: and {more} lines more"] if more > 0 else told


# Version and direction


def _version(frames: Iterable[Frame]) -> str | None:
    for frame in frames:
        action = frame.action
        if action in _ONLY_16:
            return "1.6"
        if action in _ONLY_2:
            return "2.0.1"
        if action == "BootNotification" and isinstance(frame.parts[3], Mapping):
            return "2.0.1" if "chargingStation" in frame.parts[3] else "1.6"
    return None


def _begins(action: str | None) -> bool | None:
    """True for what a station begins, False for what a CSMS does; None where that says nothing."""
    if action is None or action in _BY_EITHER:
        return None
    return action in _BY_STATION


def _turned(frames: Sequence[Frame], writer: Writer) -> Mapping[Scheme, bool]:
    """For each scheme of words that tells anything, whether its first way is the station's."""
    votes: dict[Scheme, int] = {"party": 0, "arrow": 0}
    for frame in frames:
        begins = _begins(frame.action)
        if frame.way is not None and begins is not None:
            scheme, first = frame.way
            votes[scheme] += 1 if first is begins else -1
    default: dict[Scheme, bool] = {"party": True, "arrow": writer == "station"}
    told = votes.keys() - _empty_words(frames)
    return {each: votes[each] > 0 if votes[each] else default[each] for each in told}


def _empty_words(frames: Iterable[Frame]) -> set[Scheme]:
    """The schemes that tell nothing: of a CALL and of its answer they say the same way."""
    calls: dict[tuple[str, Scheme], bool] = {}
    same: dict[Scheme, int] = {"party": 0, "arrow": 0}
    for frame in frames:
        if frame.way is None:
            continue
        scheme, first = frame.way
        if frame.action is not None:
            calls[frame.message_id, scheme] = first
        elif (call := calls.pop((frame.message_id, scheme), None)) is not None:
            same[scheme] += 1 if call is first else -1
    return {scheme for scheme, more in same.items() if more > 0}


def _directed(
    frames: Iterable[Frame], turned: Mapping[Scheme, bool], unread: list[tuple[int, str]]
) -> Iterator[tuple[Frame, bool, str | None]]:
    """Each frame, whether the station sent it, and its action, on answers too."""
    calls: dict[tuple[str, bool], str] = {}
    for frame in frames:
        from_station = _begins(frame.action)
        if frame.way is not None and frame.way[0] in turned:
            scheme, first = frame.way
            from_station = first is turned[scheme]
        if from_station is None and frame.action is None:  # an answer, without a word of its way
            asked = [by for by in (True, False) if (frame.message_id, by) in calls]
            from_station = not asked[0] if len(asked) == 1 else None
        if from_station is None:
            unread.append((frame.number, "no direction, and the frame does not tell it"))
            continue
        action = frame.action
        if action is not None:
            calls[frame.message_id, from_station] = action
        else:
            action = calls.pop((frame.message_id, not from_station), None)
        yield frame, from_station, action


# Records


def _write(
    made: Import, told: list[tuple[Frame, bool, str | None]], station: str, version: str,
    *, both: bool,
) -> None:  # fmt: skip
    sessions = _sessions(told, station)
    actor = f"station/{station}"
    for frame, from_station, action in told:
        ends = [(actor, CSMS, from_station), (CSMS, actor, not from_station)]
        if not from_station:
            ends.reverse()  # who sends records first
        for own, peer, sent in ends:
            if own != actor and not both:
                continue
            made.records.append({
                "seq": len(made.records) + 1,
                "at": rfc3339(frame.at),
                "leg": "ocpp",
                "actor": own,
                "peer": peer,
                "session": sessions.get(frame.message_id),
                "version": version,
                "action": action,
                "message_type": frame.kind,
                "message_id": frame.message_id,
                "direction": "sent" if sent else "received",
                "frame": redact_frame(frame.text),
                "errors": [],
            })  # fmt: skip


def _sessions(told: Iterable[tuple[Frame, bool, str | None]], station: str) -> Mapping[str, str]:
    """Message ids and the session they belong to: a transaction makes one."""
    names: dict[str, str] = {}
    sessions: dict[str, str] = {}
    starts: dict[str, None] = {}

    def belongs(message_id: str, transaction: Any) -> None:
        if isinstance(transaction, str | int):
            name = names.setdefault(str(transaction), f"{station}-{len(names) + 1}")
            sessions[message_id] = name

    for frame, _, action in told:
        payload = frame.parts[3] if frame.action is not None else frame.parts[2]
        if not isinstance(payload, Mapping):
            continue
        info = payload.get("transactionInfo")
        if action == "StartTransaction" and frame.action is not None:
            starts[frame.message_id] = None
        elif frame.action is None and frame.message_id in starts:
            belongs(frame.message_id, payload.get("transactionId"))
        elif frame.action is not None:
            inner = info.get("transactionId") if isinstance(info, Mapping) else None
            belongs(frame.message_id, payload.get("transactionId", inner))
    return sessions
