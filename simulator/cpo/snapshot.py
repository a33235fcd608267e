"""A CPO at a glance, for whoever displays it.

Rule: plain values; looking changes nothing.
"""

from __future__ import annotations

from typing import Any

from simulator.cpo.book import Book
from simulator.cpo.csms import Csms
from simulator.cpo.ledger import Ledger
from simulator.cpo.peers import Peers
from simulator.cpo.plugs import Plugs
from simulator.cpo.sites import Object, Sites


def snapshot(
    book: Book, sites: Sites, csms: Csms, plugs: Plugs, peers: Peers, ledger: Ledger
) -> dict[str, Any]:
    """What it knows of its stations, tariffs and peers, and of what goes on."""
    return {
        "stations": [
            {
                "id": entry.id,
                "location": entry.location_id,
                "connected": entry.id in csms.connected,
                "connectors": [c._asdict() for c in book.stations.connectors(entry.id)],
                "plug_and_charge": plugs.offered(entry),
            }
            for entry in sites.stations.values()
        ],
        "evses": {
            evse["uid"]: evse["status"]
            for location in sites.locations()
            for evse in location.get("evses", ())
        },
        "tariffs": {name: _tariff(tariff) for name, tariff in sites.tariffs.items()},
        "peers": [
            {"id": peer.id, "name": peer.peer, "version": peer.version}
            for peer in peers.registered()
        ],
        "tokens": book.tokens.count(),
        "sessions": [_session(session) for session in ledger.open_sessions()],
        "cdrs": book.cdrs.states(),
        "outbox": [list(due) for due in book.outbox.due()],
    }


def _tariff(tariff: Object) -> dict[str, Any]:
    """A tariff's essence: `prices` by OCPI TariffDimensionType, each amount once, as they come."""
    prices: dict[str, list[Any]] = {}
    for element in tariff["elements"]:
        for component in element["price_components"]:
            of_kind = prices.setdefault(component["type"], [])
            if component["price"] not in of_kind:
                of_kind.append(component["price"])
    return {
        "type": tariff.get("type", "REGULAR"),
        "currency": tariff["currency"],
        "from": tariff.get("start_date_time"),
        "until": tariff.get("end_date_time"),
        "prices": prices,
    }


def _session(session: Any) -> dict[str, Any]:
    head = session.head
    return {
        "id": head.id,
        "trace": head.trace,
        "station": head.station_id,
        "evse_id": head.evse_id,
        "transaction": head.transaction_id,
        "status": session.status,
        "state": session.state,
        "kwh": str(session.kwh),
    }
