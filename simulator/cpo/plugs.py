"""Which connectors offer Plug & Charge: asked of stations, told to peers.

Rule: a connector has OCPI's capability (2.3.0 mod_locations, ConnectorCapability, told in earlier
versions too) while its station says that Plug & Charge is on and holds a V2G chain that is valid as
far as we know; of a chain that we did not have issued we know no dates, and take the station's
word. The world's clock takes it away again when the chain expires.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

import msgspec

from simulator.cpo.book_plugs import STATION, Installed, Plug
from simulator.cpo.calls_certificates import CONTROLLER, PNC_VARIABLE, is_true
from simulator.cpo.common import ACTOR, Common
from simulator.cpo.config import StationEntry
from simulator.kernel.clock import rfc3339
from simulator.kernel.pace import Timer

# StationEntry.iso15118 -> OCPI ConnectorCapability
CAPABILITIES: Mapping[str, str] = {
    "2": "ISO_15118_2_PLUG_AND_CHARGE",
    "20": "ISO_15118_20_PLUG_AND_CHARGE",
}
LEAF = "V2GCertificateChain"


class Plugs:
    """What is known of Plug & Charge at each station, and what its connectors say."""

    def __init__(self, common: Common, on_connector: Callable[[str, str, str], None]) -> None:
        self._common = common
        self._settings = common.config.pnc
        self._on_connector = on_connector
        self._timers: dict[str, Timer] = {}

    def start(self) -> None:
        """Say of every connector what was known before."""
        for station_id in self._common.sites.stations if self._settings else ():
            self._settle(station_id)

    def stop(self) -> None:
        """Forget what was to come."""
        for timer in self._timers.values():
            timer.cancel()
        self._timers.clear()

    def of(self, station_id: str) -> Plug:
        """What is known of a station."""
        return self._common.book.plugs.get(station_id)

    def offered(self, entry: StationEntry) -> dict[str, list[str]]:
        """The capabilities that the connectors of a station's EVSEs have now, by EVSE uid."""
        told: dict[str, list[str]] = {}
        for evse_uid in entry.evse_uids:
            evse = self._common.sites.evse(entry.location_id, evse_uid) or {}
            words = [w for c in evse.get("connectors", ()) for w in c.get("capabilities", ())]
            if words:
                told[evse_uid] = list(dict.fromkeys(words))
        return told

    # What stations tell

    def enabled(self, station_id: str, told: Mapping[int, bool]) -> None:
        """PnCEnabled was told: by EVSE number, 0 for the station."""
        plug = self.of(station_id)
        self._keep(station_id, msgspec.structs.replace(plug, enabled={**plug.enabled, **told}))

    def changed(self, station_id: str, variables: Iterable[Mapping[str, Any]]) -> None:
        """Variables were told (2.0.1): rows of component, variable, and the value as `actualValue`
        (NotifyEvent) or in `variableAttribute` (NotifyReport).
        """
        if self._settings is None:
            return
        told: dict[int, bool] = {}
        for row in variables:
            component = row["component"]
            if (component["name"], row["variable"]["name"]) != (CONTROLLER, PNC_VARIABLE):
                continue
            attributes = row.get("variableAttribute") or [{}]
            value = row.get("actualValue", attributes[0].get("value"))
            told[(component.get("evse") or {}).get("id", STATION)] = is_true(value)
        if told:
            self.enabled(station_id, told)

    def holds(self, station_id: str, chains: Iterable[Mapping[str, Any]]) -> None:
        """All V2G chains that a station has: CertificateHashDataChainType."""
        serials = [
            _serial(row["certificateHashData"])
            for row in chains
            if row.get("certificateType") == LEAF
        ]
        plug = self.of(station_id)
        held = tuple(self._installed(serial) for serial in dict.fromkeys(serials))
        self._keep(station_id, msgspec.structs.replace(plug, chains=held))

    def received(self, station_id: str, serial: str) -> None:
        """The station has taken a chain that we had issued; older ones may still be there."""
        plug = self.of(station_id)
        others = tuple(one for one in plug.chains if one.serial != serial)
        new = (*others, self._installed(serial))
        self._keep(station_id, msgspec.structs.replace(plug, chains=new))

    def spoke(self, station_id: str, dialect: str) -> None:
        """A 1.6 station has spoken of Plug & Charge, in this dialect."""
        plug = self.of(station_id)
        if plug.dialect != dialect:
            told = msgspec.structs.replace(plug, dialect=dialect)
            self._common.book.plugs.put(station_id, told)

    def dialect(self, station_id: str) -> Any:
        """The dialect to speak to a 1.6 station."""
        told = self.of(station_id).dialect
        return told or (self._settings.dialect if self._settings else "note")

    def _installed(self, serial: str) -> Installed:
        issued = self._common.book.plugs.issued(serial)
        return Installed(serial, issued.since, issued.until) if issued else Installed(serial)

    # What connectors say

    def _keep(self, station_id: str, plug: Plug) -> None:
        self._common.book.plugs.put(station_id, plug)
        self._settle(station_id)

    def _settle(self, station_id: str) -> None:
        """Say it of the station's connectors, and come back when a chain begins or ends."""
        timer = self._timers.pop(station_id, None)
        if timer is not None:
            timer.cancel()
        entry = self._common.sites.stations.get(station_id)
        if entry is None or self._settings is None:
            return
        plug, now = self.of(station_id), self._common.clock.now()
        for evse_id, evse_uid in enumerate(entry.evse_uids, 1):
            offers = plug.is_enabled(evse_id) and plug.usable(now)
            words = [CAPABILITIES[edition] for edition in entry.iso15118] if offers else []
            self._say(station_id, entry.location_id, evse_uid, words, plug)
        then = plug.next_change(now)
        if then is not None:
            # A moment late rather than early: a certificate is valid through its last second.
            delay_s = (then - now).total_seconds() + 1.0
            clock = self._common.clock
            self._timers[station_id] = clock.call_later(delay_s, lambda: self._settle(station_id))

    def _say(
        self, station_id: str, location_id: str, evse_uid: str, words: list[str], plug: Plug
    ) -> None:
        at = rfc3339(self._common.clock.now())
        managed = tuple(CAPABILITIES.values())
        changed = self._common.sites.set_capabilities(location_id, evse_uid, words, managed, at)
        for connector_id in changed:
            self._common.journal.event(
                ACTOR,
                "connector.plug_and_charge",
                peer=f"station/{station_id}",
                location=location_id,
                evse_uid=evse_uid,
                connector=connector_id,
                capabilities=words,
                chains=[one.serial for one in plug.chains],
            )
            self._on_connector(location_id, evse_uid, connector_id)


def _serial(hash_data: Mapping[str, Any]) -> str:
    """A serial number as we keep it: hex without leading zeros."""
    return str(hash_data.get("serialNumber", "")).lower().lstrip("0")
