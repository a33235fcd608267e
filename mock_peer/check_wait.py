"""What a check waits for, and what the tester does to make it happen.

Rule: one row a wish, literal; whether it has come is read from the exchanges alone.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import NamedTuple

from mock_peer import raw
from mock_peer.check_evidence import Exchange
from mock_peer.rule import ALL, V22X, Occasion
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record

ON = Occasion
_PLACE = (
    ON.LOCATION, ON.EVSE, ON.CONNECTOR, ON.LOCATION_PATCH, ON.EVSE_PATCH, ON.CONNECTOR_PATCH,
)  # fmt: skip


class Wish(NamedTuple):
    """A row: what comes, in which versions, whether it is required, what the tester does, and how
    it is told from other messages.
    """

    name: str
    versions: tuple[str, ...]
    required: bool
    ask: str
    fits: Callable[[Exchange], bool]


def _reads(*occasions: Occasion) -> Callable[[Exchange], bool]:
    return lambda exchange: exchange.received and bool(exchange.occasions & set(occasions))


def _verdict(allowed: bool) -> Callable[[Exchange], bool]:
    def fits(exchange: Exchange) -> bool:
        told = raw.text(exchange.data, "/allowed")
        return ON.AUTHORIZE in exchange.occasions and (told == "ALLOWED") is allowed

    return fits


def _at_a_reader(exchange: Exchange) -> bool:
    """A CDR of a session that was not started by us."""
    return ON.CDR in exchange.occasions and raw.text(exchange.body, "/cdr_token/type") != "APP_USER"


# fmt: off
CPO_WISHES: tuple[Wish, ...] = (
    Wish("location or EVSE pushed", ALL, True,
         "change a location, or let an EVSE change its status (plug in a car)", _reads(*_PLACE)),
    Wish("refused authorization", ALL, False,
         "hold the blocked card {blocked} to a reader: the driver must not charge",
         _verdict(False)),
    Wish("allowed authorization", ALL, True,
         "hold the card {card} to a reader, and charge", _verdict(True)),
    Wish("session pushed", V22X, False, "let the session be pushed", _reads(ON.SESSION)),
    Wish("CDR", ALL, True, "end the session, and send its CDR", _at_a_reader),
)
# fmt: on


NO_CARDS: Mapping[str, str] = MappingProxyType({})


def wishes(
    rows: Iterable[Wish],
    version: str,
    came: Iterable[Exchange],
    cards: Mapping[str, str] = NO_CARDS,
) -> list[Wish]:
    """What has not come yet, with the cards' uids in what the tester is asked."""
    seen = list(came)
    return [
        wish._replace(ask=wish.ask.format_map(cards))
        for wish in rows
        if version in wish.versions and not any(wish.fits(exchange) for exchange in seen)
    ]


@dataclass(frozen=True, slots=True)
class Wait:
    """A wait for all wishes to come true. `left` tells which have not; `finish` is awaited once all
    have, within the same `wait_s`.
    """

    left: Callable[[], list[Wish]]
    own: Callable[[Record], bool]  # whether a record is an exchange with the other side
    wait_s: float
    tell: Callable[[str], None]
    finish: Callable[[], Awaitable[None]]

    async def run(self, clock: Clock, journal: Journal) -> tuple[str, ...]:
        """Wait, and tell what comes; returns the names of what is required and did not come."""
        left = self.left()
        if not left or not self.wait_s:
            return ()
        self.tell(f"waiting up to {self.wait_s:g} s; please:")
        for wish in left:
            self.tell(f"  - {wish.ask}{'' if wish.required else ' (optional)'}")
        try:
            async with clock.timeout(self.wait_s):
                await self._watch(left, journal)
                await self.finish()
        except TimeoutError:
            pass
        missing = tuple(wish.name for wish in self.left() if wish.required)
        if missing:
            self.tell(f"awaited in vain: {', '.join(missing)}")
        return missing

    async def _watch(self, left: list[Wish], journal: Journal) -> None:
        """Tell each wish as it comes true, until none is left."""
        news = asyncio.Event()

        def look(record: Record) -> None:
            if self.own(record):
                news.set()

        unsubscribe = journal.subscribe(look)
        try:
            while left:
                await news.wait()
                news.clear()
                still = self.left()
                names = {wish.name for wish in still}
                for wish in left:
                    if wish.name not in names:
                        self.tell(f"  came: {wish.name}")
                left = still
        finally:
            unsubscribe()
