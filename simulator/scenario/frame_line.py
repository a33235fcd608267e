"""One line of somebody's OCPP-J log: the time, the direction, the frame, wherever they stand.

Rule: reading never raises; a line is a Frame, or words for why it is none. A line's direction is
kept in its own words: whose they are is known only from the whole log.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any, Literal

Scheme = Literal["arrow", "party"]
_FRAME = re.compile(r"\[\s*[2-6]\s*,\s*\\?\"")
_ISO = re.compile(
    r"(\d{4}-\d\d-\d\d)[T ](\d\d:\d\d:\d\d)(?:[.,](\d{1,9}))?\s?(Z|UTC|[+-]\d\d:?\d\d)?"
)
_EPOCH = re.compile(r"(?<![\d.])(1\d{9})(\d{3})?(?:\.(\d{1,6}))?(?!\d)")
_STATION = (
    r"(?:the\s+)?(?:cp|charge[\s_-]?point|charging[\s_-]?station|station|charger|evse|client)"
)
_CENTRAL = r"(?:the\s+)?(?:cs|csms|central(?:[\s_-]?system)?|server|backend|back[\s_-]?office)"
_TO = r"\s*(?:-+>|=+>|→|>+|\bto\b)\s*"
_BACK = r"\s*(?:<-+|<=+|←|<+)\s*"
# Which of two ways a line goes, by its words. The first scheme names parties, and means what it
# says unless the log shows otherwise (CS is the central system in 1.6, a station in 2.0.1); the
# second tells of whoever wrote the log: True is sent.
_PARTIES = (
    (re.compile(rf"\bcs{_TO}csms\b|\bcsms{_BACK}cs\b", re.I), True),
    (re.compile(rf"\bcsms{_TO}cs\b|\bcs{_BACK}csms\b", re.I), False),
    (re.compile(rf"\b{_STATION}{_TO}{_CENTRAL}\b|\b{_CENTRAL}{_BACK}{_STATION}\b", re.I), True),
    (re.compile(rf"\b{_CENTRAL}{_TO}{_STATION}\b|\b{_STATION}{_BACK}{_CENTRAL}\b", re.I), False),
    (re.compile(rf"\bfrom[\s_-]+{_STATION}\b|\bto[\s_-]+{_CENTRAL}\b", re.I), True),
    (re.compile(rf"\bfrom[\s_-]+{_CENTRAL}\b|\bto[\s_-]+{_STATION}\b", re.I), False),
)
_ARROWS = (
    (re.compile(r"\b(?:sent|send|sending|out|outgoing|outbound|tx|request to)\b", re.I), True),
    (re.compile(r"\b(?:received?|recv|rcvd|receiving|in|incoming|inbound|rx)\b", re.I), False),
    (re.compile(r"->|=>|>>|→"), True),
    (re.compile(r"<-|<=|<<|←"), False),
    (re.compile(r"(?:^|\s)>(?:\s|$)"), True),
    (re.compile(r"(?:^|\s)<(?:\s|$)"), False),
)
_TIMES = ("timestamp", "@timestamp", "time", "ts", "at", "datetime", "date")
_DIRECTIONS = ("direction", "dir", "way", "origin", "source", "from", "type", "kind")
_MESSAGES = ("message", "frame", "msg", "payload", "raw", "data", "text", "body", "content")
# A line holds so many things that look like frames before it is given up.
_TRIES = 4
_EARLIEST, _LATEST = datetime(1990, 1, 1, tzinfo=UTC), datetime(2200, 1, 1, tzinfo=UTC)


@dataclass(frozen=True, slots=True)
class Frame:
    """A frame of a log. `way`: which scheme its words are of, and which of two ways they say."""

    number: int
    at: datetime
    text: str
    parts: list[Any]
    way: tuple[Scheme, bool] | None

    @property
    def kind(self) -> int:
        """The message type."""
        return int(self.parts[0])

    @property
    def message_id(self) -> str:
        """The message id."""
        return _sound(self.parts[1])

    @property
    def action(self) -> str | None:
        """The action of a CALL."""
        return _sound(self.parts[2]) if self.kind in (2, 6) and len(self.parts) > 3 else None


def _sound(text: str) -> str:
    """A text that UTF-8 can hold: escapes may have named half a character."""
    return text.encode(errors="replace").decode()


def read_line(line: str, number: int) -> Frame | str:
    """A line as a frame, or why it is none."""
    text = line.strip().lstrip("\ufeff")
    if text.startswith("{"):
        told = _loaded(text)
        if isinstance(told, Mapping):
            return _from_object(told, number)
    found = _frame_in(text)
    if found is None:
        return "no OCPP-J frame is in it"
    begin, frame, parts = found
    around = text[:begin]
    at = _time_in(around)
    if at is None:
        return "no time is in front of the frame"
    return Frame(number, at, _sound(frame), parts, _way_in(around))


def _from_object(told: Mapping[str, Any], number: int) -> Frame | str:
    """A line that is a JSON object."""
    fields = {str(name).lower(): value for name, value in told.items()}
    frame: tuple[str, list[Any]] | None = None
    for value in (fields[name] for name in _MESSAGES if name in fields):
        frame = _whole_frame(value)
        if frame is not None:
            break
    if frame is None:
        return f"no OCPP-J frame is in {', '.join(_MESSAGES[:5])}, …"
    at = next((t for t in (_time_of(fields[n]) for n in _TIMES if n in fields) if t), None)
    if at is None:
        return f"no time is in {', '.join(_TIMES[:4])}, …"
    words = (fields[name] for name in _DIRECTIONS if isinstance(fields.get(name), str))
    way = next((w for w in (_way_of(word) for word in words) if w is not None), None)
    return Frame(number, at, _sound(frame[0]), frame[1], way)


def _whole_frame(value: Any) -> tuple[str, list[Any]] | None:
    if isinstance(value, list):
        return (json.dumps(value, separators=(",", ":")), value) if _is_frame(value) else None
    if isinstance(value, str):
        found = _frame_in(value)
        return None if found is None else found[1:]
    return None


def _frame_in(text: str) -> tuple[int, str, list[Any]] | None:
    """Where a frame begins, its text, its parts. It may stand in quotes, with escapes."""
    for _, match in zip(range(_TRIES), _FRAME.finditer(text), strict=False):
        for rest in _spellings(text[match.start() :], match.group()):
            try:
                parts, end = _DECODER.raw_decode(rest)
            except (ValueError, RecursionError):
                continue
            if _is_frame(parts):
                return match.start(), rest[:end], parts
    return None


def _spellings(rest: str, begin: str) -> Iterator[str]:
    """What a line's rest may be: as it stands, within a JSON text, within a field of CSV."""
    if begin.endswith('\\"'):
        yield rest.replace('\\"', '"').replace("\\\\", "\\")
        return
    yield rest
    if rest.startswith('"', len(begin)):
        yield rest.replace('""', '"')


_DECODER = json.JSONDecoder()


def _is_frame(parts: Any) -> bool:
    shape = isinstance(parts, list) and len(parts) >= 3
    if not shape or type(parts[0]) is not int or not isinstance(parts[1], str):
        return False
    named = parts[0] in (3,) or isinstance(parts[2], str)
    return 2 <= parts[0] <= 6 and named and (parts[0] not in (2, 6) or len(parts) > 3)


def _loaded(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        return None


# Time


def _time_of(value: Any) -> datetime | None:
    if isinstance(value, bool):
        return None
    return _time_in(str(value)) if isinstance(value, str | int | float) else None


def _time_in(text: str) -> datetime | None:
    """The first time in a text: ISO 8601, or seconds or milliseconds since 1970."""
    match = _ISO.search(text)
    if match is not None:
        return _iso(*match.groups())
    match = _EPOCH.search(text)
    if match is None:
        return None
    seconds, ms, fraction = match.groups()
    past = timedelta(seconds=int(seconds), milliseconds=int(ms or 0))
    past += timedelta(seconds=float(f"0.{fraction}")) if fraction and not ms else timedelta()
    return datetime(1970, 1, 1, tzinfo=UTC) + past


def _iso(day: str, time: str, fraction: str | None, zone: str | None) -> datetime | None:
    zone = "+00:00" if zone in (None, "Z", "UTC") else zone
    try:
        moment = datetime.fromisoformat(f"{day}T{time}.{(fraction or '0')[:6]:0<6}{zone}")
        moment = moment.astimezone(UTC)
    except (ValueError, OverflowError):
        return None
    return moment if _EARLIEST <= moment <= _LATEST else None


# Direction


def _way_in(text: str) -> tuple[Scheme, bool] | None:
    """The direction that stands in the words around a frame, times left out."""
    return _way_of(_ISO.sub(" ", text))


def _way_of(words: str) -> tuple[Scheme, bool] | None:
    schemes: Iterable[tuple[Scheme, Any]] = (("party", _PARTIES), ("arrow", _ARROWS))
    for scheme, rows in schemes:
        for pattern, is_first in rows:
            if pattern.search(words):
                return scheme, is_first
    alone = words.strip().strip("\"'[]()").lower()
    if re.fullmatch(_STATION, alone):
        return "party", True
    return ("party", False) if re.fullmatch(_CENTRAL, alone) else None
