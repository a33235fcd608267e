"""A registration that the CPO begins: it is told where to go, awaited, and what comes is told.

Rule: nothing is asked of the CPO before it has registered; what Plugsurfing does by itself after a
registration is let finish before the check goes on.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

from mock_peer import raw
from mock_peer.check_evidence import Exchange, is_of
from mock_peer.check_rulings import outcome
from mock_peer.pulling import BY_ITSELF
from mock_peer.server import RunningPeer
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from simulator.ocpi.connection import RECEIVER, Connection

# What a check pulls, whoever began; tariffs first, so that they are known to locations.
PULLED = ("tariffs", "locations")


@dataclass(frozen=True, slots=True)
class Listening:
    """Wait at most `wait_s` for the CPO of `connection`, whose `token_in` is token A."""

    peer: RunningPeer
    connection: Connection
    wait_s: float
    tell: Callable[[str], None]

    async def run(self, clock: Clock, journal: Journal) -> bool:
        """Invite, wait, and let what follows a registration finish; False where nobody came."""
        self.tell(f"versions URL  {self.peer.versions_url}")
        self.tell(f"token A       {self.connection.token_in}")
        self.tell(f"waiting up to {self.wait_s:g} s; please let your CPO register there")
        unsubscribe = journal.subscribe(self._told)
        before = journal.seq
        try:
            async with clock.timeout(self.wait_s):
                await self._event("peer.registered", journal, before)
                unsubscribe()
                await self._settled(journal, before)
        except TimeoutError:
            pass
        finally:
            unsubscribe()
        return self.connection.registered

    async def _settled(self, journal: Journal, before: int) -> None:
        """Wait until Plugsurfing has done what it does by itself, then pull what is left."""
        left: tuple[str, ...] = PULLED
        if ("tokens", RECEIVER) in self.connection.endpoints:
            await self._event("peer.tokens-pushed", journal, before)  # the last thing it does
            done = BY_ITSELF[self.connection.version or ""]
            left = tuple(module for module in PULLED if module not in done)
        await self.peer.active.pulling.pull(self.connection, left)

    async def _event(self, name: str, journal: Journal, after: int) -> None:
        """Wait for an event of the connection; who calls bounds the wait."""

        def fits(record: Record) -> bool:
            own = (record["actor"], record["peer"]) == (self.peer.name, self.connection.peer)
            return own and record["leg"] == "event" and record["what"] == name

        await journal.wait_for(fits, timeout_s=2 * self.wait_s, after=after)

    def _told(self, record: Record) -> None:
        """Tell what the CPO does on its way to a registration, and how it is answered."""
        if not is_of(record, self.peer.name, self.connection.peer):
            return
        exchange = Exchange(record)
        if exchange.received:
            why = raw.text(exchange.answer, "/status_message") or ""
            said = f": {why}" if why and not exchange.ok else ""
            what = f"{exchange.method} {exchange.module or record['url']}"
            self.tell(f"  {what}: {outcome(exchange)}{said}")
