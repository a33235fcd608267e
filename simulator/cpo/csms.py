"""The CSMS: one port, any OCPP version, a table of actions for each.

Rule: an action is one small function `(csms, station, payload) -> Reply` in its version's ROUTES;
what is in no table is answered NotImplemented or NotSupported, and a transaction message is
answered only once it is in the book for good.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from simulator.cpo import door
from simulator.cpo.book import ConnectorStatus
from simulator.cpo.common import ACTOR, Common
from simulator.cpo.counter import Counter
from simulator.cpo.ledger import Ledger
from simulator.cpo.plugs import Plugs
from simulator.cpo.pnc import Pnc
from simulator.cpo.providers import Providers
from simulator.cpo.session import AHEAD
from simulator.cpo.sites import evse_status
from simulator.kernel.clock import parse_rfc3339, rfc3339
from simulator.kernel.pace import Timer
from simulator.wire.ocpp_link import Link
from simulator.wire.ocpp_messages import (
    Call,
    CallHandler,
    ErrorCode,
    OcppError,
    OcppVersion,
    Payload,
    Reply,
    not_implemented,
    not_supported,
)
from simulator.wire.ocpp_schema import actions
from simulator.wire.ocpp_server import Admission, Knock

ACCEPTED = "Accepted"
# Who asks for a new session knows whether it is that of the car at the EVSE.
_BEGINNING = frozenset({"RemoteStartTransaction", "RequestStartTransaction"})
# What belongs to a transaction is money, and a station discards what is refused: it is taken in
# where it can be, for want of an offset or a known reason.
FORGIVING = frozenset({"StartTransaction", "StopTransaction", "MeterValues", "TransactionEvent"})
_OLDEST = timedelta(days=366)  # a station may replay what is so old


@dataclass(slots=True)
class Station:
    """A station that is connected. `trace` is the session that its present call belongs to."""

    id: str
    link: Link
    accepted: bool
    trace: str | None = None

    @property
    def version(self) -> OcppVersion:
        """The version of this connection."""
        return self.link.version


Action = Callable[["Csms", Station, Payload], Awaitable[Reply]]
Routes = Mapping[str, Action]


class Csms:
    """What the actions of every version share."""

    def __init__(
        self,
        common: Common,
        ledger: Ledger,
        counter: Counter,
        *,
        dialects: Mapping[OcppVersion, Routes],
        on_evse: Callable[[str, str], None],
        pnc: Pnc,
        plugs: Plugs,
        providers: Providers,
    ) -> None:
        self.config = common.config
        self.book = common.book
        self.sites = common.sites
        self.clock = common.clock
        self.journal = common.journal
        self.ledger = ledger
        self.counter = counter
        self.pnc = pnc
        self.plugs = plugs
        self.providers = providers
        self._dialects = dialects
        self._on_evse = on_evse
        self.connected: dict[str, Station] = {}
        self._absences: dict[str, Timer] = {}
        for location_id, evse_uid, status, at in self.book.stations.evses():
            self.sites.set_status(location_id, evse_uid, status, at)

    # Connections

    def admit(self, knock: Knock) -> Admission:
        """Let a station in. One that is not known may knock: its boot is answered as configured."""
        entry = self.sites.stations.get(knock.station_id)
        if entry is None or (why := door.refusal(entry, knock)) is None:
            return Admission.ADMITTED
        peer = f"station/{knock.station_id}"
        self.journal.event(ACTOR, "station.refused", peer=peer, why=why)
        return Admission.UNAUTHORIZED

    def arrive(self, link: Link) -> CallHandler:
        """A station has connected; returns what answers its calls."""
        boot = self.book.stations.boot(link.peer_id)
        known = link.peer_id in self.sites.stations
        station = Station(
            link.peer_id, link, known and boot is not None and boot.status == ACCEPTED
        )
        link.session_for = lambda action, payload: (
            None if action in _BEGINNING else self._trace(station.id, payload)
        )
        self.connected[station.id] = station
        absence = self._absences.pop(station.id, None)
        if absence is not None:
            absence.cancel()
        else:
            self._restore(station.id)

        async def handle(call: Call) -> Reply:
            return await self._dispatch(station, call)

        return handle

    def start(self) -> None:
        """After a restart nobody is connected yet; who does not come back in time is missed."""
        for station_id in self.sites.stations:
            self._expect(station_id)

    def leave(self, link: Link) -> None:
        """A station has gone; after a while nobody knows how its EVSEs are."""
        station = self.connected.get(link.peer_id)
        if station is None or station.link is not link:
            return
        del self.connected[station.id]
        if station.id in self.sites.stations:
            self._expect(station.id)

    def stop(self) -> None:
        """Forget what was to come."""
        for absence in self._absences.values():
            absence.cancel()
        self._absences.clear()

    def _expect(self, station_id: str) -> None:
        self._absences[station_id] = self.clock.call_later(
            self.config.offline_grace_s, lambda: self._miss(station_id)
        )

    def _miss(self, station_id: str) -> None:
        del self._absences[station_id]
        for evse_id in range(1, len(self.sites.stations[station_id].evse_uids) + 1):
            self._set_evse(station_id, evse_id, "UNKNOWN")

    def _restore(self, station_id: str) -> None:
        """Back after a while: its connectors are taken to be as they last were."""
        told: dict[int, list[str]] = {}
        for connector in self.book.stations.connectors(station_id):
            told.setdefault(connector.evse_id, []).append(connector.status)
        for evse_id, statuses in told.items():
            self._set_evse(station_id, evse_id, evse_status(statuses))

    # Calls

    async def _dispatch(self, station: Station, call: Call) -> Reply:
        action = self._dialects[station.version].get(call.action)
        if action is None:
            if call.action in actions(station.version):
                raise not_supported(call.action)
            raise not_implemented(call.action)
        if not station.accepted and call.action != "BootNotification":
            raise OcppError(ErrorCode.SECURITY_ERROR, "the boot of this station is not accepted")
        by_message = self.journal.session_of(f"message/{call.message_id}")
        station.trace = by_message or self._trace(station.id, call.payload)
        if call.refusal is not None:
            errors = list(call.errors)
            self.event(
                "message.forgiven", station, station.trace, action=call.action, errors=errors
            )
        try:
            return await action(self, station, call.payload)
        except OverflowError as error:  # a number that fits neither the book nor a clock
            raise _out_of_range("a number is too large") from error
        except (AttributeError, KeyError, TypeError, ValueError):
            if call.refusal is None:
                raise
            raise call.refusal from None

    # What the actions of several versions do alike

    def booted(
        self,
        station: Station,
        payload: Payload,
        after: Callable[[], Awaitable[None]] | None = None,
    ) -> Reply:
        """Answer a boot notification: what is known is accepted, and `after` follows."""
        known = station.id in self.sites.stations
        status = ACCEPTED if known else self.config.unknown_stations
        station.accepted = known
        now = self.clock.now()
        self.book.stations.booted(station.id, station.version, status, payload, now)
        self.event("station.booted", station, status=status)
        interval_s = self.config.heartbeat_interval_s
        answer = {"status": status, "currentTime": rfc3339(now), "interval": interval_s}
        return Reply(answer, after if known else None)

    def connector_changed(
        self, station: Station, evse_id: int, connector_id: int, status: str, error: str, at: str
    ) -> None:
        """Keep a connector's status, and the EVSE's that follows from it. Raises OcppError."""
        if evse_id < 0 or connector_id < 0:
            raise _out_of_range(f"connector {connector_id} of EVSE {evse_id}")
        told = ConnectorStatus(evse_id, connector_id, status, error, at)
        self.book.stations.set_connector(station.id, told)
        if evse_id == 0:
            return
        connectors = self.book.stations.connectors(station.id)
        statuses = [c.status for c in connectors if c.evse_id == evse_id]
        self._set_evse(station.id, evse_id, evse_status(statuses))

    def _set_evse(self, station_id: str, evse_id: int, status: str) -> None:
        entry = self.sites.stations.get(station_id)
        if entry is None or not 1 <= evse_id <= len(entry.evse_uids):
            return
        location_id, evse_uid = entry.location_id, entry.evse_uids[evse_id - 1]
        now = rfc3339(self.clock.now())
        if self.sites.set_status(location_id, evse_uid, status, now):
            self.book.stations.set_evse(location_id, evse_uid, status, now)
            self._on_evse(location_id, evse_uid)

    def notice(self, station: Station, action: str, payload: Payload) -> None:
        """Keep what a station tells and nothing acts upon."""
        self.book.stations.notice(station.id, action, payload, self.clock.now())

    def moment(self, text: object) -> datetime:
        """A station's own time; ours where it cannot be read, or is that of a clock never set."""
        now = self.clock.now()
        try:
            told = parse_rfc3339(str(text))
        except (ValueError, OverflowError):
            return now
        return told if now - _OLDEST < told < now + AHEAD else now

    def event(self, what: str, station: Station, session: str | None = None, **data: Any) -> None:
        """Journal what was decided about a station."""
        self.journal.event(ACTOR, what, peer=f"station/{station.id}", session=session, **data)

    # Correlation

    def _trace(self, station_id: str, payload: Payload) -> str | None:
        """The session a message belongs to, by the transaction or the EVSE that it names."""
        info = payload.get("transactionInfo")
        named = info if isinstance(info, dict) else payload
        evse = payload.get("evse")
        evse_id = evse.get("id") if isinstance(evse, dict) else payload.get("connectorId")
        transaction_id = named.get("transactionId")
        return self.journal.session_of(
            None if transaction_id is None else f"tx/{station_id}/{transaction_id}",
            None if evse_id is None else f"evse/{station_id}/{evse_id}",
        )


def _out_of_range(what: str) -> OcppError:
    return OcppError(ErrorCode.PROPERTY_CONSTRAINT_VIOLATION, f"out of range: {what}")
