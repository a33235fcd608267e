"""A CPO's day at a location with two EVSEs, over the real HTTP face, in any version."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import datetime, timedelta
from typing import Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.ocpi.client import Answer
from simulator.ocpi.codec import Around
from simulator.ocpi.headers import Party
from simulator.ocpi.versions import VERSIONS
from tests.mock_peer import objects as o
from tests.mock_peer.cpo import TestCpo, connected

EVERY_VERSION = tuple(sorted(VERSIONS))
WITH_REFERENCES = ("2.2", "2.2.1")
FIRST, SECOND = "LOC1-1", "LOC1-2"
HALF_HOUR = timedelta(minutes=30)


def place(**fields: Any) -> dict[str, Any]:
    """The location, canonical: two EVSEs beside each other."""
    evses = [o.evse(FIRST, "DE*ABC*ELOC11"), o.evse(SECOND, "DE*ABC*ELOC12")]
    return o.location(evses=evses, **fields)


class Day:
    """What the CPO does: ask, charge, bill; answers are as they came."""

    def __init__(self, cpo: TestCpo, version: str) -> None:
        self.cpo = cpo
        self.clock = cpo.clock
        self.version = version

    @property
    def now(self) -> datetime:
        """The time, in whole seconds."""
        return self.clock.now().replace(microsecond=0)

    def wire(self, kind: str, body: dict[str, Any]) -> dict[str, Any]:
        """A canonical object as the version writes it."""
        ours, theirs = Party("DE", "ABC"), Party("DE", "8PS")
        around = Around(ours, theirs, location=lambda _name: place())
        made: dict[str, Any] = VERSIONS[self.version].codec.to_wire(kind, body, around).obj
        return made

    async def share(self) -> None:
        """Push tariff and location."""
        location = self.wire("location", place())
        if self.version == "2.1.1":
            location["type"] = "PARKING_LOT"
        for answer in (
            await self.cpo.put_tariff(self.wire("tariff", o.tariff())),
            await self.cpo.put_location(location),
        ):
            assert answer.status_code == 1000, answer.message

    async def ask(self, card: str = o.CARD, evse: str | None = FIRST) -> Answer:
        """Authorize in real time."""
        here = {"location_id": "LOC1", **({"evse_uids": [evse]} if evse else {})}
        return await self.cpo.authorize(card, here)

    async def allowed(self, card: str = o.CARD, evse: str | None = FIRST) -> str | None:
        """Authorize in real time; the reference of the ALLOWED answer, where there is one."""
        answer = await self.ask(card, evse)
        assert answer.data["allowed"] == "ALLOWED"
        reference: str | None = answer.data.get("authorization_reference")
        return reference

    async def charge(self, minutes: float = 30) -> datetime:
        """Charge so long; returns when it began."""
        begun = self.now
        await self.clock.sleep(minutes * 60)
        return begun

    def cdr(
        self,
        name: str,
        start: datetime,
        reference: str | None = None,
        *,
        card: str = o.CARD,
        evse: str = FIRST,
        **fields: Any,
    ) -> dict[str, Any]:
        """The CDR of half an hour's charge, as the version writes it."""
        fields.setdefault("session_id", f"S-{name}")
        fields.setdefault("cdr_token", o.cdr_token(card))
        where = o.cdr_location("LOC1", evse)
        body = o.cdr(name, start=start, reference=reference, cdr_location=where, **fields)
        return self.wire("cdr", body)

    async def bill(self, *args: Any, **rest: Any) -> Answer:
        """POST the CDR that `cdr` makes."""
        return await self.cpo.post_cdr(self.cdr(*args, **rest))

    async def whitelisted(self, *args: Any, **rest: Any) -> Answer:
        """POST the CDR of a session that began without being asked for."""
        return await self.bill(*args, auth_method="WHITELIST", **rest)

    async def silence(self) -> None:
        """From now on real-time authorization is not answered: an interruption."""
        await self.cpo.control("PUT", "/authorizations", {"default": {"no_answer": True}})

    async def findings(self) -> list[dict[str, Any]]:
        """The findings so far, whole."""
        _, told = await self.cpo.control("GET", "/findings")
        found: list[dict[str, Any]] = told["findings"]
        return found

    async def broken(self) -> list[str]:
        """The rules that broke so far."""
        return [finding["rule"] for finding in await self.findings()]


@asynccontextmanager
async def day(
    clock: Clock, chance: Chance, journal: Journal, version: str, **options: Any
) -> AsyncIterator[Day]:
    """A registered CPO that has shared its tariff and its location."""
    async with connected(clock, chance, journal, version=version, **options) as cpo:
        made = Day(cpo, version)
        await made.share()
        yield made


def good(answer: Answer) -> None:
    """It was taken."""
    assert (answer.http_status, answer.status_code) == (201, 1000), answer.message


def refused(answer: Answer, rule: str, status: int = 2000) -> None:
    """It was refused by that rule, named in the message."""
    assert (answer.http_status, answer.status_code) == (200, status), answer.message
    assert answer.message.startswith(f"{status} {rule} "), answer.message
