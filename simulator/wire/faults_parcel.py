"""What faults do to one HTTP request or answer: a table of small functions.

Rule: pure but for chance and the time; each changes a parcel, and says in words what it did.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from simulator.kernel.clock import Clock, rfc3339
from simulator.wire import faults_text as texts
from simulator.wire.fault_kinds import REQUEST
from simulator.wire.faults import Hit
from simulator.wire.held_edit import Letter
from simulator.wire.http import Headers, Response

# A server that says nothing holds the connection for so long.
_SILENCE_S = 120.0


@dataclass(slots=True)
class Parcel:
    """A request or an answer on its way, as faults leave it."""

    body: bytes
    headers: dict[str, str] = field(default_factory=dict)
    status: int = 0
    copies: int = 1
    delay_s: float = 0.0
    silence_s: float | None = None  # nothing comes for so long, then the connection breaks
    broken: bool = False
    instead: Response | None = None  # the answer, without the request being read
    method: str | None = None  # another one than it was sent with
    path: str | None = None
    query: str | None = None
    keep: Hit | None = None  # it waits until somebody lets it go on

    @property
    def letter(self) -> Letter:
        """What somebody may change of it."""
        return Letter(self.text, self.status or None, self.headers)

    def become(self, letter: Letter | None) -> None:
        """Go on like that, or be lost."""
        if letter is None:
            self.silence_s = _SILENCE_S
            return
        if letter.text != self.text:
            self.body = letter.text.encode()
        self.status, self.headers = letter.status or 0, dict(letter.headers or {})

    @property
    def gone(self) -> bool:
        """It does not arrive."""
        return self.broken or self.silence_s is not None or self.instead is not None

    @property
    def text(self) -> str:
        """The body as text."""
        return self.body.decode(errors="replace")


Effect = Callable[[Parcel, Hit, Clock], str]


def _drop(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.silence_s = _SILENCE_S
    return "lost"


def _delay(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    delay_s = hit.delay_s()
    parcel.delay_s += delay_s
    return f"{delay_s:g} s later"


def _duplicate(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.copies += hit.fault["copies"]
    return f"{hit.fault['copies']} more"


def _truncate(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    whole = len(parcel.body)
    parcel.body = texts.truncate(parcel.text, hit.chance, hit.fault["bytes"]).encode()
    return f"{len(parcel.body)} of {whole} bytes"


def _corrupt(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.body = texts.corrupt(parcel.text, hit.chance, hit.fault["bytes"]).encode()
    return f"bits flipped in {hit.fault['bytes']} places"


def _malformed(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.body = texts.malformed(parcel.text).encode()
    return "its last bracket is missing"


def _wrong_type(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    pointer = hit.fault["pointer"] or ""
    body = texts.retyped(texts.decoded(parcel.body), pointer)
    if body is None:
        return f"nothing: there is no {pointer}"
    parcel.body = texts.encoded(body).encode()
    return f"{pointer or 'the body'} is of another type"


def _alter(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    fault, did = hit.fault, []
    if fault["set"] or fault["remove"]:
        did.append(_altered(parcel, fault["set"] or {}, fault["remove"] or ()))
    if fault["set_headers"]:
        did.append(_put_headers(parcel, fault["set_headers"]))
    if hit.moment.of == REQUEST:
        did += _sent_elsewhere(parcel, fault["as_method"], fault["as_path"], fault["as_query"])
    return ", ".join(did) or "nothing"


def _sent_elsewhere(
    parcel: Parcel, method: str | None, path: str | None, query: str | None
) -> list[str]:
    """Another method, path or query, each where one is told; an empty query takes it away."""
    parcel.method, parcel.path = method or parcel.method, path or parcel.path
    parcel.query = parcel.query if query is None else query
    return [told for told in (method, path) if told] + ([] if query is None else [f"?{query}"])


def _put_headers(parcel: Parcel, new: Mapping[str, str]) -> str:
    """Put headers in, each in the place of its namesake."""
    gone = {name.lower() for name in new}
    kept = {name: value for name, value in parcel.headers.items() if name.lower() not in gone}
    parcel.headers = {**kept, **new}
    return f"with {', '.join(new)}"


def _altered(parcel: Parcel, new: Mapping[str, Any], gone: tuple[str, ...]) -> str:
    body = texts.decoded(parcel.body) if parcel.body else {}
    if body is None:
        return "nothing: it is no JSON"
    body, astray = texts.altered(body, new, gone)
    parcel.body = texts.encoded(body).encode()
    return texts.alteration(new, gone, astray)


def _hold(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.keep = hit
    return ""  # the desk tells


def _late(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.delay_s += hit.fault["by"]
    return f"{hit.fault['by']:g} s later"


def _http_status(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    status = hit.fault["status"]
    _answer(parcel, hit, Response(status))
    return f"HTTP {status}"


def _ocpi_status(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    code = hit.fault["status_code"]
    envelope = {
        "status_code": code,
        "status_message": "a fault was placed here",
        "timestamp": rfc3339(clock.now()),
    }
    headers = Headers({"Content-Type": "application/json"})
    _answer(parcel, hit, Response(200, headers, texts.encoded(envelope).encode()))
    return f"OCPI {code}"


def _answer(parcel: Parcel, hit: Hit, answer: Response) -> None:
    """Put another answer in place of this one; a request gets it without being read."""
    if hit.moment.of == REQUEST:
        parcel.instead = answer
    else:
        parcel.status, parcel.body = answer.status, answer.body
        parcel.headers = answer.headers.plain()


def _missing_headers(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    wanted = {name.lower() for name in hit.fault["headers"]}
    missing = [name for name in parcel.headers if name.lower() in wanted]
    for name in missing:
        del parcel.headers[name]
    return f"without {', '.join(missing)}" if missing else "nothing: it had none of them"


def _empty(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.body = b""
    return "without its body"


def _reset(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.broken = True
    return "lost, with the connection"


def _half_open(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.silence_s = hit.fault["lasts"]
    return f"nothing for {parcel.silence_s:g} s, then the connection breaks"


def _slow_close(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    parcel.delay_s += hit.fault["by"]
    parcel.headers["Connection"] = "close"
    return f"ends {hit.fault['by']:g} s later"


def _bandwidth(parcel: Parcel, hit: Hit, clock: Clock) -> str:
    took_s = round(len(parcel.body) / hit.fault["bytes_per_s"], 3)
    parcel.delay_s += took_s
    return f"takes {took_s:g} s"


EFFECTS: Mapping[str, Effect] = {
    "drop": _drop,
    "hold": _hold,
    "delay": _delay,
    "duplicate": _duplicate,
    "truncate": _truncate,
    "corrupt": _corrupt,
    "malformed_json": _malformed,
    "wrong_type": _wrong_type,
    "alter": _alter,
    "late_answer": _late,
    "http_status": _http_status,
    "ocpi_status": _ocpi_status,
    "missing_headers": _missing_headers,
    "empty_body": _empty,
    "reset": _reset,
    "half_open": _half_open,
    "slow_close": _slow_close,
    "bandwidth": _bandwidth,
}
