"""What was said between partners, as far as this view remembers: counts, the last of each kind.

Rule: read from the exchanges that the view holds anyway, and only while somebody looks: a record
costs nothing here.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Collection, Iterator
from dataclasses import dataclass

from simulator.kernel.journal import Record
from simulator.tui.exchange import Exchange
from simulator.tui.ring import Ring

# How many are remembered: findings of each rule, parts of handshakes, authorizations.
FINDINGS, HANDSHAKES, ASKED = 5, 60, 200
IDS = 5_000  # requests by id
_SET_UP = ("versions", "credentials")


@dataclass(slots=True)
class Use:
    """How often something was asked, how often in vain, and when last."""

    times: int = 0
    failed: int = 0
    last: str = ""


class Heard:
    """A reader of the exchanges, which goes on where it stopped."""

    def __init__(self, exchanges: Ring[Exchange]) -> None:
        self._exchanges = exchanges
        self._read = 0
        self._ids: dict[str, None] = {}
        self.findings: dict[str, deque[Record]] = {}
        # By who was asked, OCPI version, module and method.
        self.uses: dict[tuple[str, str, str, str], Use] = {}
        self.handshakes: deque[Exchange] = deque(maxlen=HANDSHAKES)
        self.asked: deque[Exchange] = deque(maxlen=ASKED)

    def read(self) -> None:
        """Take in what was said since."""
        for exchange in self._exchanges.after(self._read):
            if exchange.leg == "ocpi":
                self._said(exchange)
            elif exchange.leg == "finding":
                record = exchange.record
                self.findings.setdefault(record["rule"], deque(maxlen=FINDINGS)).append(record)
        self._read = self._exchanges.last

    def _said(self, exchange: Exchange) -> None:
        record = exchange.record
        if self._known(str(record["request"]["headers"].get("X-Request-ID", ""))):
            return
        module, method = str(record["module"] or ""), str(record["method"])
        key = (exchange.receiver, str(record["version"] or ""), module, method)
        use = self.uses.setdefault(key, Use())
        use.times += 1
        use.failed += exchange.failed
        use.last = record["at"]
        if module in _SET_UP:
            self.handshakes.append(exchange)
        elif (module, method) == ("tokens", "POST"):
            self.asked.append(exchange)

    def _known(self, ident: str) -> bool:
        """Whether the other end told of it already: ends may know each other by other names."""
        known = ident in self._ids
        if ident and not known:
            self._ids[ident] = None
            if len(self._ids) > IDS:
                del self._ids[next(iter(self._ids))]
        return known

    def used(self, whom: Collection[str], version: str, module: str) -> dict[str, Use]:
        """What was asked of somebody, by method."""
        return {
            method: use
            for (receiver, number, name, method), use in self.uses.items()
            if receiver in whom and (number, name) == (version, module)
        }

    def handshakes_with(self, whom: Collection[str]) -> Iterator[Exchange]:
        """Who asked whom for versions and credentials, oldest first."""
        return (ex for ex in self.handshakes if ex.sender in whom or ex.receiver in whom)

    def asked_of(self, whom: Collection[str]) -> Iterator[Exchange]:
        """Real-time authorizations that somebody was asked for, newest first."""
        return (ex for ex in reversed(self.asked) if ex.receiver in whom)
