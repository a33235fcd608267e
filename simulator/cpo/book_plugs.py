"""The book's side of Plug & Charge: what stations told of it, and the certificates we had issued.

Rule: what a station told survives a restart, since it is asked again only when it boots.
"""

from __future__ import annotations

from datetime import datetime

import msgspec

from simulator.cpo.store import Store

STATION = 0  # instead of an EVSE's number: the whole station


class Installed(msgspec.Struct, frozen=True):
    """A leaf that a station holds with its key; `until` is None where we did not have it issued."""

    serial: str
    since: datetime | None = None
    until: datetime | None = None


class Plug(msgspec.Struct, frozen=True, omit_defaults=True):
    """What a station told: PnCEnabled by EVSE number (0: the station), and its V2G chains.

    `dialect` is the one in which a 1.6 station last spoke of Plug & Charge.
    """

    enabled: dict[int, bool] = {}
    chains: tuple[Installed, ...] = ()
    dialect: str | None = None

    def is_enabled(self, evse_id: int) -> bool:
        """True if it is on for this EVSE: as told for itself, else for the station."""
        return self.enabled.get(evse_id, self.enabled.get(STATION, False))

    def usable(self, now: datetime) -> bool:
        """True if a chain is there that is valid, as far as we know."""
        return any(
            (one.since is None or one.since <= now) and (one.until is None or now < one.until)
            for one in self.chains
        )

    def next_change(self, now: datetime) -> datetime | None:
        """When a chain begins or ends to be valid next."""
        moments = (moment for one in self.chains for moment in (one.since, one.until))
        return min((each for each in moments if each is not None and each > now), default=None)


class Issued(msgspec.Struct, frozen=True):
    """A leaf certificate that we had issued for a station, by its serial number."""

    serial: str
    station_id: str
    kind: str  # CertificateSigningUseEnumType
    since: datetime
    until: datetime


class Plugs:
    """Plug & Charge by station."""

    def __init__(self, store: Store) -> None:
        self._store = store

    def put(self, station_id: str, plug: Plug) -> None:
        """Keep what is known of a station."""
        row = (station_id, msgspec.json.encode(plug))
        self._store.write("REPLACE INTO plugs VALUES (?, ?)", row)

    def get(self, station_id: str) -> Plug:
        """What is known of a station; nothing, of one that never told."""
        row = self._store.row("SELECT body FROM plugs WHERE station_id = ?", (station_id,))
        return msgspec.json.decode(row[0], type=Plug) if row else Plug()

    def issue(self, issued: Issued) -> None:
        """Keep which certificate was issued, and until when it is valid."""
        row = (issued.serial, msgspec.json.encode(issued))
        self._store.write("REPLACE INTO issued VALUES (?, ?)", row)

    def issued(self, serial: str) -> Issued | None:
        """The certificate of that serial number, if we had it issued."""
        row = self._store.row("SELECT body FROM issued WHERE serial = ?", (serial,))
        return msgspec.json.decode(row[0], type=Issued) if row else None
