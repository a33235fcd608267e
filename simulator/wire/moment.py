"""A message at one end of a wire, as faults and filters see it.

Rule: what costs something (reading the message) is only done for who asks for it.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from simulator.kernel.filter_rows import (
    CALLERROR,
    CALLRESULTERROR,
    ocpi_failed,
    ocpi_outcome,
    ocpp_outcome,
    who,
)
from simulator.kernel.filters import Value
from simulator.wire import faults_text as texts
from simulator.wire.fault_kinds import ANSWER, HTTP, OCPP

SENT, RECEIVED = "sent", "received"
# Operators that say nothing of a message on its way: it has not been judged, nor answered.
LACKING = frozenset({"fault", "lat", "m", "rule"})


@dataclass(frozen=True, slots=True)
class Moment:
    """A message at one end of a wire: `direction` as `actor` sees it.

    `payload` gives what `where` looks at, `message` what the journal shows, `body` the text of a
    message that this is not. `status` is HTTP's, of an answer. An unknown is None.
    """

    wire: str
    actor: str
    peer: str | None
    direction: str
    of: str
    action: str | None = None
    module: str | None = None
    method: str | None = None
    path: str | None = None
    session: str | None = None
    message: str = ""
    payload: Callable[[], Any] = dict
    body: Callable[[], str] | None = None
    status: int | None = None
    id: str | None = None

    @property
    def text(self) -> str:
        """The wire's text."""
        return self.message if self.body is None else self.body()

    @property
    def name(self) -> str:
        """What is said: an action, or a method and module."""
        return self.action or "" if self.wire == OCPP else f"{self.method} {self.module or '-'}"

    @property
    def ends(self) -> tuple[str | None, str | None]:
        """Who sends it, and who gets it."""
        return (self.actor, self.peer) if self.direction == SENT else (self.peer, self.actor)

    @property
    def key(self) -> tuple[str | None, ...] | None:
        """What is the same at both of its ends; None where nothing is.

        On HTTP who is asked does not know who asks, and OCPI 2.1.1 has no ids of requests.
        """
        if self.wire == HTTP:
            return (self.of, self.method, self.path, self.id)
        return None if self.id is None else (*self.ends, self.of, self.id)


@dataclass(frozen=True, slots=True)
class OfMoment:
    """A message on its way, as a filter's row."""

    moment: Moment

    def field(self, name: str) -> Value:
        """See `Filterable`."""
        moment = self.moment
        match name:
            case "cp":
                return who(moment.actor, moment.peer)
            case "a":
                return moment.name
            case "s":
                return self._outcome()
            case "leg":
                return "ocpp" if moment.wire == OCPP else "ocpi"
            case "u":
                return moment.path
            case "tok" | "body":
                return moment.text
            case "err":
                return self._failed()
            case "sess":
                return moment.session
            case "any":
                people = who(moment.actor, moment.peer)
                return (*people, moment.name, moment.path or "", moment.text)
        return None

    def _outcome(self) -> str | None:
        moment = self.moment
        if moment.of != ANSWER:
            return None
        if moment.wire == OCPP:
            return ocpp_outcome(texts.decoded(moment.message))
        return ocpi_outcome(moment.status, moment.payload())

    def _failed(self) -> bool:
        moment = self.moment
        if moment.of != ANSWER:
            return False
        if moment.wire == OCPP:
            parts = texts.decoded(moment.message)
            return isinstance(parts, list) and parts[:1] in ([CALLERROR], [CALLRESULTERROR])
        told = moment.payload()
        return ocpi_failed(told.get("status_code") if isinstance(told, Mapping) else None)
