"""Plugsurfing pulls: tariffs and locations after a registration, CDRs when it is asked to.

Rule: each object of a page is judged by itself, so that one bad object never sinks the rest; what a
full list of locations no longer holds is forgotten, and only then (2.2.1 mod_locations, GET).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from mock_peer import raw
from mock_peer.judging import Judge, refusing
from mock_peer.known import cdr_key
from mock_peer.rule import V22, V211, V221, Occasion
from simulator.kernel.clock import rfc3339
from simulator.ocpi.client import OcpiCallFailed, OcpiClient
from simulator.ocpi.codec import Around
from simulator.ocpi.connection import SENDER, Connection
from simulator.ocpi.envelope import read_json, write_json
from simulator.ocpi.versions import VERSIONS

# Tariffs come first, so that a location's tariffs are known when it is judged. In 2.1.1 Plugsurfing
# pulls nothing by itself, and locations "if necessary" (P21).
BY_ITSELF = {V211: (), V22: ("tariffs", "locations"), V221: ("tariffs", "locations")}
ON_REQUEST = {
    V211: ("locations",),
    V22: ("tariffs", "locations", "cdrs"),
    V221: ("tariffs", "locations", "cdrs"),
}
_KINDS = {"tariffs": "tariff", "locations": "location", "cdrs": "cdr"}
Take = Callable[[Connection, Any, int | None], bool]


@dataclass(slots=True)
class Pulled:
    """What came of a pull: how many objects of each module were kept, what failed, and what is not
    pulled: the CPO does not offer it, or Plugsurfing does not pull it in this version.
    """

    kept: dict[str, int] = field(default_factory=dict)
    absent: list[str] = field(default_factory=list)
    failures: list[str] = field(default_factory=list)


class Pulling:
    """Read a CPO's lists, page by page."""

    def __init__(self, judge: Judge, client: OcpiClient) -> None:
        self._judge = judge
        self._book = judge.book
        self._client = client
        self._takers: dict[str, Take] = {
            "tariffs": self._take_tariff,
            "locations": self._take_location,
            "cdrs": self._take_cdr,
        }

    async def pull(
        self,
        connection: Connection,
        modules: Iterable[str] | None = None,
        *,
        date_from: datetime | None = None,
    ) -> Pulled:
        """Pull these modules, else those that Plugsurfing pulls by itself; a module that the
        version is not pulled in is left out. What failed is told, and stops no other module.
        With `date_from` only what has changed since.
        """
        version = connection.version or V221
        chosen = BY_ITSELF[version] if modules is None else ON_REQUEST[version]
        pulled = Pulled(absent=[name for name in modules or () if name not in chosen])
        for module in chosen:
            if modules is None or module in modules:
                await self._pull(connection, module, pulled, date_from)
        return pulled

    async def _pull(
        self, connection: Connection, module: str, pulled: Pulled, date_from: datetime | None
    ) -> None:
        """Take over one list; what was kept of one that breaks off stays."""
        url = connection.endpoints.get((module, SENDER))
        if url is None:
            pulled.absent.append(module)
            return
        pulled.kept[module] = 0
        take, seen = self._takers[module], set[str]()
        before = set(self._book.known(connection).locations)
        since = rfc3339(date_from) if date_from is not None else None
        kind = _KINDS[module]
        try:
            async for got in self._client.get_all(
                connection, url, module, gives=kind, date_from=since
            ):
                pulled.kept[module] += take(connection, got.raw, got.answer.record_seq)
                if name := raw.key(got.raw, "/id"):
                    seen.add(name)
        except OcpiCallFailed as error:
            self._tell(connection, "peer.call-failed", action=f"pull {module}", error=str(error))
            pulled.failures.append(f"{module}: {error}")
            return
        if module == "locations" and date_from is None:
            for gone in sorted(before - seen):
                self._book.remove_location(connection, gone)
        self._tell(connection, "peer.pulled", module=module, kept=pulled.kept[module])

    def _take_tariff(self, connection: Connection, body: Any, message_seq: int | None) -> bool:
        found = self._judge.pulled(connection, Occasion.OWNER, body, message_seq)
        found += self._judge.pulled(connection, Occasion.TARIFF, body, message_seq)
        canonical = _canonical(connection, "tariff", body)
        name, now = raw.text(canonical, "/id"), self._judge.clock.now()
        if name is None or refusing(found):
            return False
        if any(f.rule == "tariff.regular-only" and f.removes for f in found):
            self._book.drop_tariff(connection, name, now)
            return False
        self._book.put_tariff(connection, name, canonical, now)
        return True

    def _take_location(self, connection: Connection, body: Any, message_seq: int | None) -> bool:
        found = self._judge.pulled(connection, Occasion.OWNER, body, message_seq)
        found += self._judge.pulled(connection, Occasion.LOCATION, body, message_seq)
        canonical = _canonical(connection, "location", body)
        if raw.text(canonical, "/id") is None:
            return False
        refused = {f.rule for f in found if f.severity == "reject"}
        if refused - {"location.territory"}:
            return False
        self._book.share_location(connection, canonical, self._judge.clock.now(), bool(refused))
        return not refused

    def _take_cdr(self, connection: Connection, body: Any, message_seq: int | None) -> bool:
        key, content = cdr_key(body), write_json(body)
        known = self._book.known(connection).cdrs.get(key)
        before = self._book.cdr(connection, key) if known else None
        kept = read_json(before) if before is not None else None
        if known and kept is not None and kept == body:
            return known.accepted  # it was judged when it was pushed
        told = kept if known and known.accepted else None
        found = self._judge.pulled(connection, Occasion.CDR, body, message_seq, seen_before=told)
        if refusing(found) or told is not None:
            return False
        self._book.put_cdr(connection, key, content, body, accepted=True)
        return True

    def _tell(self, connection: Connection, what: str, **data: Any) -> None:
        self._judge.journal.event(self._judge.actor, what, peer=connection.peer, **data)


def _canonical(connection: Connection, kind: str, body: Any) -> Any:
    """A pulled object without what was dropped from it."""
    codec = VERSIONS[connection.version or V221].codec
    return codec.from_wire(kind, body, Around.of(connection))
