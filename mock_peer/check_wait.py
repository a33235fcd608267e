"""What a check waits for, and what the tester does to make it happen.

Rule: one row a wish, literal; whether it has come is read from the exchanges.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any, NamedTuple

from mock_peer import raw
from mock_peer.check_evidence import Exchange
from mock_peer.rule import ALL, V22X, Occasion

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
WISHES: tuple[Wish, ...] = (
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


def wishes(version: str, came: Iterable[Exchange], cards: Mapping[str, Any]) -> list[Wish]:
    """What has not come yet, with the cards' uids in what the tester is asked."""
    seen = list(came)
    return [
        wish._replace(ask=wish.ask.format_map(cards))
        for wish in WISHES
        if version in wish.versions and not any(wish.fits(exchange) for exchange in seen)
    ]
