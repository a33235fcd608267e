"""What a station is asked about its certificates: after it has booted, and by the CPO's verbs.

Rule: what a station answers is kept at once (`plugs`), so that connectors say what holds now. No
station is asked anything where Plug & Charge is not set up.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from typing import Any

from simulator.cpo.book_plugs import STATION
from simulator.cpo.calls_certificates import (
    DeleteCertificate,
    GetPnc,
    InstallCertificate,
    InstalledCertificates,
    SetPnc,
    TriggerSign,
)
from simulator.cpo.csms import Csms, Station
from simulator.cpo.dispatcher import Dispatcher
from simulator.cpo.plugs import LEAF


def questions(csms: Csms, station: Station) -> Callable[[], Awaitable[None]] | None:
    """What follows the answer to a boot: is Plug & Charge on, and which chains are there?"""
    if csms.pnc.settings is None:
        return None

    async def ask() -> None:
        await CertificateVerbs(csms).look(station.id)

    return ask


class CertificateVerbs:
    """What may be asked of any station; results are OCPI's CommandResultType."""

    def __init__(self, csms: Csms) -> None:
        self._csms = csms
        self._dispatcher = Dispatcher(csms)

    async def look(self, station_id: str) -> None:
        """Learn whether Plug & Charge is on, and which V2G chains are there."""
        evses = len(self._csms.sites.evse_uids(station_id))
        _, told = await self._dispatcher.ask(station_id, GetPnc(evses))
        if enabled := told.get("enabled"):
            self._csms.plugs.enabled(station_id, enabled)
            await self.installed(station_id, LEAF)

    async def installed(self, station_id: str, *kinds: str) -> list[dict[str, Any]]:
        """Which certificates of these kinds (all if none) there are: CertificateHashDataChain."""
        _, told = await self._dispatcher.ask(station_id, InstalledCertificates(kinds))
        chains: list[dict[str, Any]] = told.get("certificateHashDataChain") or []
        if told.get("status") in ("Accepted", "NotFound") and (not kinds or LEAF in kinds):
            self._csms.plugs.holds(station_id, chains)
        return chains

    async def install(self, station_id: str, kind: str, certificate: str) -> str:
        """Have a root certificate (PEM) kept."""
        result, _ = await self._dispatcher.ask(station_id, InstallCertificate(kind, certificate))
        return result

    async def delete(self, station_id: str, hash_data: Mapping[str, Any]) -> str:
        """Have a certificate deleted, and learn what is left."""
        result, _ = await self._dispatcher.ask(station_id, DeleteCertificate(hash_data))
        if result == "ACCEPTED" and self._csms.pnc.settings is not None:
            await self.installed(station_id, LEAF)
        return result

    async def trigger_sign(self, station_id: str, message: str) -> str:
        """Have a CSR sent: SignV2GCertificate, SignChargingStationCertificate, or both in one."""
        request = TriggerSign(message, self._csms.plugs.dialect(station_id))
        result, _ = await self._dispatcher.ask(station_id, request)
        return result

    async def set_pnc(self, station_id: str, enabled: bool, evse_id: int = STATION) -> str:
        """Switch Plug & Charge at a station, or (2.0.1) at one of its EVSEs."""
        result, told = await self._dispatcher.ask(station_id, SetPnc(enabled, evse_id))
        if told.get("status") == "Accepted":  # after a reboot that it requires we ask anew
            self._csms.plugs.enabled(station_id, {evse_id: enabled})
        return result
