"""What was said on a wire, as one side of it would say it again: exchanges in their order.

Rule: pure, from records alone. Where both ends recorded, the side that is played tells; where only
the other end did, what it received was sent, and the other way round.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from typing import Any, Literal

import msgspec

from simulator.kernel.journal import Record
from simulator.scenario.compare import MISSING
from simulator.scenario.replay_recording import Recording, moment

CALL, CALLRESULT, CALLERROR, SEND = 2, 3, 4, 6
STATION = "station/"


@dataclass(frozen=True, slots=True)
class Answer:
    """What was answered: a payload, or with `error` an error's code."""

    payload: Any = MISSING
    error: str | None = None
    description: str = ""

    @property
    def facts(self) -> Any:
        """What of it is compared."""
        return self.payload if self.error is None else {"CALLERROR": self.error}


@dataclass(eq=False, slots=True)
class Exchange:
    """A CALL and its answer, or an OCPI request and its. Times are seconds since the recording
    began. `raw`: a frame that is no message, to be sent as it stood.
    """

    seq: int
    at_s: float
    ours: bool
    name: str
    request: Any
    answer: Answer | None = None
    answered_s: float | None = None
    raw: str | None = None
    kind: int = CALL

    @property
    def delay_s(self) -> float:
        """How long the answer took."""
        return 0.0 if self.answered_s is None else max(0.0, self.answered_s - self.at_s)


@dataclass(frozen=True, slots=True)
class Cut:
    """The connection went, or came back."""

    at_s: float
    kind: Literal["down", "up"]


@dataclass(slots=True)
class Talk:
    """Everything between one station and its CSMS, as one of them would say it. `beside` is what
    the other side asked outside of the stretch that is played: it is answered, not awaited.
    """

    station: str
    version: str
    turns: list[Exchange | Cut] = field(default_factory=list)
    beside: list[Exchange] = field(default_factory=list)

    @property
    def exchanges(self) -> list[Exchange]:
        """The exchanges alone."""
        return [turn for turn in self.turns if isinstance(turn, Exchange)]


def ocpp_talks(
    recording: Recording, *, csms: bool, station: str | None = None, whole: Recording | None = None
) -> list[Talk]:
    """The talks of the stations in a recording; `whole` is what it is a stretch of.

    A station that is not heard booting in the stretch boots first, as it did before.
    """
    began = whole or recording
    talks = []
    for name in _stations(recording.records):
        if station in (None, name):
            talk = _talk(name, recording.records, began, csms=csms)
            if talk.exchanges:
                if began is not recording:
                    _look_beside(talk, began, csms=csms)
                talks.append(talk)
    return talks


def _stations(records: Iterable[Record]) -> list[str]:
    names = (_station(record) for record in records if record["leg"] == "ocpp")
    return list(dict.fromkeys(name for name in names if name))


def _station(record: Record) -> str:
    for name in (record["actor"], record["peer"] or ""):
        if name.startswith(STATION):
            return str(name.removeprefix(STATION))
    return ""


def _talk(name: str, records: Iterable[Record], whole: Recording, *, csms: bool) -> Talk:
    """One station's talk, told by the played side if it recorded."""
    own = [record for record in records if _station(record) == name]
    frames = [record for record in own if record["leg"] == "ocpp"]
    by_station = [record["actor"].startswith(STATION) for record in frames]
    from_station = all(by_station) or (any(by_station) and not csms)
    told = [r for r in own if r["actor"].startswith(STATION) is from_station]
    version = next((r["version"] for r in told if r["leg"] == "ocpp"), "1.6")
    sent_is_ours = from_station is not csms
    turns = list(_turns(told, _origin(whole), sent_is_ours=sent_is_ours))
    return Talk(name, version, _trimmed(turns))


def _origin(whole: Recording) -> float:
    return moment(whole.records[0]).timestamp() if whole.records else 0.0


def _turns(
    records: Iterable[Record], origin_s: float, *, sent_is_ours: bool
) -> Iterator[Exchange | Cut]:
    open_calls: dict[tuple[str, str], Exchange] = {}
    for record in records:
        at_s = moment(record).timestamp() - origin_s
        if record["leg"] == "event" and (kind := _CUTS.get(record["what"])) is not None:
            yield Cut(at_s, kind)
        if record["leg"] != "ocpp":
            continue
        direction, message_id = record["direction"], record["message_id"] or ""
        ours = (direction == "sent") is sent_is_ours
        parts = _parts(record["frame"])
        if record["message_type"] in (CALL, SEND) and len(parts) > 3:
            name = str(parts[2])
            exchange = Exchange(record["seq"], at_s, ours, name, parts[3], kind=parts[0])
            if parts[0] == CALL:
                open_calls[direction, message_id] = exchange
            yield exchange
        elif record["message_type"] in (CALLRESULT, CALLERROR) and len(parts) > 2:
            other = "received" if direction == "sent" else "sent"
            call = open_calls.pop((other, message_id), None)
            if call is not None:
                call.answer, call.answered_s = _answer(parts), at_s
        elif ours and record["message_type"] is None:
            raw = record["frame"]
            yield Exchange(record["seq"], at_s, True, "a frame that is no message", None, raw=raw)


_CUTS: dict[str, Literal["down", "up"]] = {"ocpp.disconnected": "down", "ocpp.connected": "up"}


def _trimmed(turns: list[Exchange | Cut]) -> list[Exchange | Cut]:
    """Without the connection's first coming and last going: both are the replay's own."""
    while turns and isinstance(turns[0], Cut):
        turns.pop(0)
    while turns and isinstance(turns[-1], Cut):
        turns.pop()
    return turns


def _answer(parts: list[Any]) -> Answer:
    if parts[0] == CALLRESULT:
        return Answer(parts[2])
    described = str(parts[3]) if len(parts) > 3 else ""
    return Answer(error=str(parts[2]), description=described)


def _parts(frame: str) -> list[Any]:
    try:
        parts = msgspec.json.decode(frame)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return []
    return parts if isinstance(parts, list) else []


def _look_beside(talk: Talk, whole: Recording, *, csms: bool) -> None:
    """What of the whole recording a stretch of it needs: answers, and the station's boot."""
    first, played = talk.exchanges[0], {each.seq for each in talk.exchanges}
    all_of_it = _talk(talk.station, whole.records, whole, csms=csms).exchanges
    talk.beside = [each for each in all_of_it if not each.ours and each.seq not in played]
    boots = [
        each
        for each in all_of_it
        if each.name == "BootNotification" and each.answer is not None and each.seq < first.seq
    ]
    if boots and not any(each.name == "BootNotification" for each in talk.exchanges):
        boot = boots[-1]
        took = boot.delay_s
        boot.at_s = first.at_s
        boot.answered_s = first.at_s + took
        talk.turns.insert(0, boot)
        talk.beside = [each for each in talk.beside if each is not boot]


# OCPI


@dataclass(eq=False, slots=True)
class OcpiExchange(Exchange):
    """An OCPI exchange, with its record. `began_s` orders what was asked, `answered_s` what was
    answered.
    """

    record: Record = field(default_factory=dict)

    @property
    def module(self) -> str:
        """Its module; `versions` for the list of them."""
        return str(self.record["module"] or "versions")


def ocpi_talk(recording: Recording, side: str, other: str | None = None) -> list[OcpiExchange]:
    """What `side` and the other party said, in the order in which it was answered."""
    exchanges = [record for record in recording.records if record["leg"] == "ocpi"]
    own = [r for r in exchanges if r["actor"] == side and other in (None, r["peer"])]
    theirs = [r for r in exchanges if r["peer"] == side and other in (None, r["actor"])]
    told, sent_is_ours = (own, True) if own else (theirs, False)
    origin_s = _origin(recording)
    return [_ocpi(record, origin_s, sent_is_ours=sent_is_ours) for record in told]


def _ocpi(record: Record, origin_s: float, *, sent_is_ours: bool) -> OcpiExchange:
    response = record["response"]
    answered_s = moment(record).timestamp() - origin_s
    return OcpiExchange(
        seq=record["seq"],
        at_s=answered_s - record["ms"] / 1000,
        ours=(record["direction"] == "sent") is sent_is_ours,
        name=f"{record['method']} {record['module'] or 'versions'}",
        request=body_of(record["request"]["body"]),
        answer=None if response is None else Answer(ocpi_answer(record["http_status"], response)),
        answered_s=answered_s,
        record=record,
    )


def ocpi_answer(http_status: int | None, response: Any) -> dict[str, Any]:
    """What of an OCPI answer is compared: HTTP's status, OCPI's code, the data."""
    body = body_of(response["body"])
    if not isinstance(body, dict):
        return {"http_status": http_status, "body": body}
    told = {name: body[name] for name in ("status_code", "data") if name in body}
    return {"http_status": http_status, **told}


def body_of(text: str | None) -> Any:
    """A body: JSON where it is, else the text; MISSING for none."""
    if not text:
        return MISSING
    try:
        return msgspec.json.decode(text)
    except (msgspec.DecodeError, RecursionError, UnicodeEncodeError):
        return text


def ocpi_parties(recording: Recording) -> list[str]:
    """Everybody who speaks OCPI in a recording."""
    told = [record for record in recording.records if record["leg"] == "ocpi"]
    names = [name for record in told for name in (record["actor"], record["peer"])]
    return list(dict.fromkeys(name for name in names if name))


def comes_first(theirs: OcpiExchange, ours: OcpiExchange) -> bool:
    """True if the other side had asked this before we asked that.

    Records stand in the order of answers, and credentials are answered after the other side was
    asked back for versions (OCPI 2.2.1 credentials, "Registration").
    """
    if ours.module == "credentials":
        return theirs.seq < ours.seq and theirs.at_s < ours.at_s
    if theirs.module == "credentials" and ours.module == "versions":
        return theirs.at_s <= ours.at_s
    return theirs.seq < ours.seq
