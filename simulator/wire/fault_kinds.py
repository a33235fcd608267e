"""FAULTS: every kind of fault there is, with its parameters: one literal table.

Rule: a kind stands here once. The reader of specs, the documentation, steps and control APIs come
from this table; what a kind does to a message stands in its family's file.
"""

from __future__ import annotations

import math
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from typing import Any

from simulator.kernel.duration import seconds
from simulator.mistakes import did_you_mean

OCPP, HTTP, ACTOR = "ocpp", "http", "actor"
REQUEST, ANSWER, CLOSE = "request", "answer", "close"
HOLD = "hold"
_YEAR_S = 366 * 86400.0
_SECRET_HEADER = "authorization"
_HEADER_NAME = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")


class Takes(StrEnum):
    """What a parameter takes, in words for people."""

    DURATION = "a duration"
    NUMBER = "a number"
    WHOLE = "a whole number"
    TEXT = "text"
    WORDS = "names, a list or with blanks between"
    VALUES = "JSON pointers and values, as in {/country: BRA}"
    FLAG = "true or false"
    HEADERS = "names and texts, as in {OCPI-to-party-id: ABC}"


@dataclass(frozen=True, slots=True)
class Parameter:
    """A parameter of a kind. `default` None: what `help` says. Bounds are inclusive."""

    name: str
    takes: Takes
    help: str
    default: Any = None
    low: float = 0.0
    high: float = _YEAR_S
    choices: tuple[str, ...] = ()

    def read(self, value: Any) -> Any:
        """The value as the fault wants it. Raises ValueError, whose text says what was expected."""
        read = _READERS[self.takes](value)
        if read is None:
            raise ValueError(f"expected {self.takes.value}, not {value!r:.40}")
        if isinstance(read, int | float) and not self.low <= read <= self.high:
            raise ValueError(f"expected {self.low:g} to {self.high:g}, not {read:g}")
        if self.choices and read not in self.choices:
            raise ValueError(f"'{read}' is none of the choices.{did_you_mean(read, self.choices)}")
        return read


def _duration(value: Any) -> float | None:
    return seconds(value)


def _number(value: Any) -> float | None:
    fits = isinstance(value, int | float) and not isinstance(value, bool)
    return value if fits and abs(value) < 1e300 and math.isfinite(value) else None


def _whole(value: Any) -> int | None:
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def _text(value: Any) -> str | None:
    return value if isinstance(value, str) else None


def _flag(value: Any) -> bool | None:
    return value if isinstance(value, bool) else None


def _words(value: Any) -> tuple[str, ...] | None:
    told = value.split() if isinstance(value, str) else value
    if not isinstance(told, list | tuple) or not told:
        return None
    return tuple(told) if all(isinstance(word, str) and word for word in told) else None


def _values(value: Any) -> Mapping[str, Any] | None:
    fits = isinstance(value, Mapping) and bool(value)
    return value if fits and all(_is_pointer(pointer) for pointer in value) else None


def _headers(value: Any) -> Mapping[str, str] | None:
    if not isinstance(value, Mapping) or not value:
        return None
    if any(str(name).lower() == _SECRET_HEADER for name in value):
        raise ValueError("a spec is shown to anybody, and Authorization is a secret")
    return value if all(_is_header(*field) for field in value.items()) else None


def _is_header(name: Any, told: Any) -> bool:
    """True for what HTTP can carry (RFC 9110, 5.1 and 5.5)."""
    named = isinstance(name, str) and _HEADER_NAME.fullmatch(name) is not None
    return named and isinstance(told, str) and told.isprintable() and told.isascii()


def _is_pointer(told: Any) -> bool:
    return isinstance(told, str) and (told == "" or told.startswith("/"))


_READERS: Mapping[Takes, Callable[[Any], Any]] = {
    Takes.DURATION: _duration,
    Takes.NUMBER: _number,
    Takes.WHOLE: _whole,
    Takes.TEXT: _text,
    Takes.WORDS: _words,
    Takes.VALUES: _values,
    Takes.FLAG: _flag,
    Takes.HEADERS: _headers,
}


@dataclass(frozen=True, slots=True)
class FaultKind:
    """A kind of fault. `on` tells for each wire what it strikes, by default the first of these;
    nothing for what strikes an actor. `hook`: what a world must have registered for it.
    `either_end`: it strikes at whichever end a message is seen first, not only where it is sent.
    """

    name: str
    help: str
    on: Mapping[str, tuple[str, ...]]
    parameters: tuple[Parameter, ...] = ()
    hook: str | None = None
    either_end: bool = False

    @property
    def lasting(self) -> bool:
        """True for what strikes when it is placed, and lasts until it is removed."""
        return ACTOR in self.on

    @property
    def wires(self) -> str:
        """Where it strikes, in words."""
        return ", ".join(self.on)


_EITHER = (REQUEST, ANSWER)
_BOTH = {OCPP: _EITHER, HTTP: _EITHER}
_STATUS = {HTTP: (ANSWER, REQUEST)}
_BY = Parameter("by", Takes.DURATION, "how long it is held up", 5.0)
_LASTS = Parameter("lasts", Takes.DURATION, "how long nothing passes", 60.0)


def _pki(name: str, about: str, *parameters: Parameter) -> FaultKind:
    return FaultKind(name, about, {ACTOR: ()}, parameters, hook=name)


# fmt: off
_KINDS: tuple[FaultKind, ...] = (
    FaultKind("drop", "It is lost on its way.", _BOTH),
    FaultKind("delay", "It comes later; order is kept on OCPP.", _BOTH, (
        _BY,
        Parameter("distribution", Takes.TEXT, "how delays are spread around `by`", "fixed",
                  choices=("fixed", "uniform", "normal", "exponential")),
        Parameter("spread", Takes.DURATION,
                  "uniform: so much more or less; normal: the standard deviation", 0.0))),
    FaultKind(HOLD, "It waits until somebody lets it go on, as it is or changed; what comes after"
              " it passes.", _BOTH, (
        Parameter("within", Takes.DURATION, "without a word it goes on unchanged after so long",
                  600.0),
        Parameter("pause", Takes.FLAG, "the world's time stands while it waits, on a scaled clock",
                  False)), either_end=True),
    FaultKind("duplicate", "It comes more than once.", {OCPP: _EITHER, HTTP: (REQUEST,)}, (
        Parameter("copies", Takes.WHOLE, "so many more", 1, low=1, high=10),)),
    FaultKind("reorder", "The next message overtakes it.", {OCPP: _EITHER}, (
        Parameter("within", Takes.DURATION, "without a next one it goes on after so long", 5.0),)),
    FaultKind("truncate", "Its end is missing.", _BOTH, (
        Parameter("bytes", Takes.WHOLE, "so many arrive; by default chance decides", high=2**20),)),
    FaultKind("corrupt", "Bits of it are flipped; it stays UTF-8.", _BOTH, (
        Parameter("bytes", Takes.WHOLE, "in so many places", 1, low=1, high=1000),)),
    FaultKind("malformed_json", "It is no JSON: the last bracket is missing.", _BOTH),
    FaultKind("wrong_message_id", "It bears another message id.", {OCPP: (ANSWER, REQUEST)}),
    FaultKind("wrong_type", "Something in it is of another type.", _BOTH, (
        Parameter("pointer", Takes.TEXT, "the place in the payload whose JSON type changes;"
                  " by default OCPP's message type, or the whole body"),
        Parameter("message_type", Takes.WHOLE, "OCPP: the number in place of 2, 3 or 4", 7,
                  low=-999, high=999))),
    FaultKind("alter", "Something else stands in it, as if its sender had written so.", _BOTH, (
        Parameter("set", Takes.VALUES, "new values in the JSON payload, by pointer; what is not"
                  " there is made, `-` at a list's end adds to it"),
        Parameter("remove", Takes.WORDS, "pointers of what is taken out"),
        Parameter("as_method", Takes.TEXT, "HTTP: a request's method"),
        Parameter("as_path", Takes.TEXT, "HTTP: a request's path"),
        Parameter("as_query", Takes.TEXT, "HTTP: what stands behind a request's ?, or '' for"
                  " nothing"),
        Parameter("set_headers", Takes.HEADERS, "HTTP: headers, by name"))),
    FaultKind("late_answer", "The answer comes when nobody waits for it any more.",
              {OCPP: (ANSWER,), HTTP: (ANSWER,)}, (
        Parameter("by", Takes.DURATION, "how long it is held up", 90.0),)),
    FaultKind("call_error", "A CALLERROR stands in the answer's place; of a request: nobody reads"
              " the request.", {OCPP: (ANSWER, REQUEST)}, (
        Parameter("code", Takes.TEXT, "its error code", "InternalError"),
        Parameter("description", Takes.TEXT, "its words", ""))),
    FaultKind("http_status", "Another HTTP status, without a body; of a request: nobody reads the"
              " request.", _STATUS, (
        Parameter("status", Takes.WHOLE, "the status", 500, low=200, high=599),)),
    FaultKind("ocpi_status", "HTTP 200 with another OCPI status and no data; of a request: nobody"
              " reads the request.", _STATUS, (
        Parameter("status_code", Takes.WHOLE, "the status", 3000, low=1000, high=4999),)),
    FaultKind("missing_headers", "Headers are missing.", {HTTP: _EITHER}, (
        Parameter("headers", Takes.WORDS, "which", ("Authorization",)),)),
    FaultKind("empty_body", "The body is missing.", {HTTP: _EITHER}),
    FaultKind("reset", "It is lost, and the connection with it.", _BOTH),
    FaultKind("half_open", "From here on nothing passes either way, and nobody is told. On HTTP"
              " the exchange hangs, then breaks.", _BOTH, (_LASTS,)),
    FaultKind("slow_close", "Closing takes its time. On HTTP the answer ends only when the"
              " connection is closed.", {OCPP: (CLOSE,), HTTP: (ANSWER,)}, (_BY,)),
    FaultKind("bandwidth", "The line carries only so much.", _BOTH, (
        Parameter("bytes_per_s", Takes.NUMBER, "bytes a second", 1000.0, low=1.0, high=1e9),)),
    FaultKind("power_cut", "The actor loses its power.", {OCPP: _EITHER}, (
        Parameter("lasts", Takes.DURATION, "how long", 30.0),
        Parameter("when", Takes.TEXT, "before or after the message", "after",
                  choices=("before", "after"))), hook="power_cut"),
    FaultKind("clock_skew", "The actor's clock is wrong.", {ACTOR: ()}, (
        Parameter("seconds", Takes.NUMBER, "so much ahead, or behind if negative", 0.0,
                  low=-_YEAR_S, high=_YEAR_S),
        Parameter("drift", Takes.NUMBER, "seconds that it gains a day", 0.0,
                  low=-86400.0, high=86400.0))),
    _pki("ocsp_slow", "OCSP answers take their time.",
         Parameter("by", Takes.DURATION, "how long", 8.0, high=3600.0)),
    _pki("ocsp_down", "The OCSP responder is not there."),
    _pki("ocsp_garbage", "OCSP answers are nonsense."),
    _pki("ocsp_stale", "OCSP answers are out of date."),
    _pki("tls_expired", "The actor shows a certificate that has expired."),
    _pki("tls_wrong_ca", "The actor shows a certificate of an authority nobody trusts."),
    _pki("tls_wrong_name", "The actor shows a certificate of another name."),
)
# fmt: on
FAULTS: Mapping[str, FaultKind] = {kind.name: kind for kind in _KINDS}
