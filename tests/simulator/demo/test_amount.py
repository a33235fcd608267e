"""What a session should cost, and whether the story sees it when it costs something else."""

from __future__ import annotations

import io
from collections.abc import Mapping
from dataclasses import replace
from decimal import Decimal
from typing import Any

import pytest

from mock_peer.emp_tokens import TokenSource
from simulator.demo.amount import counted_wh, owed
from simulator.demo.story import BRIEF, Stage, Told, play, quicken
from simulator.demo.teller import Teller
from simulator.demo.witness import Witness
from simulator.ocpi.tariff_charge import Charge
from simulator.ocpi.tariff_lines import Price
from simulator.station.boot import Queued, TransactionQueue
from simulator.world import World
from simulator.world_file import find, read

FLAT = {"type": "FLAT", "price": 0.35, "vat": 19}
ENERGY = {"type": "ENERGY", "price": 0.49, "vat": 19}
TIME = {"type": "TIME", "price": 6}
LATER = {"price_components": [ENERGY, TIME], "restrictions": {"min_duration": 2700}}
PLAIN = {"price_components": [FLAT, ENERGY]}


def test_energy_and_a_fee() -> None:
    due = owed({"elements": [PLAIN]}, 7.279, 2400)
    assert due is not None
    assert due.net == Decimal("0.35") + Decimal("7.279") * Decimal("0.49")
    assert due.gross == due.net * Decimal("1.19")
    assert due.words == "0.35 + 7.279 kWh x 0.49"
    assert due.is_told(3.9167, 4.6609) and due.is_told(3.91671, None)
    assert not due.is_told(3.92, 4.66) and not due.is_told(3.9167, 4.67)
    assert not due.is_told(None, None)


def test_what_begins_later_counts_for_nothing() -> None:
    due = owed({"elements": [LATER, PLAIN]}, 1, 2699)
    assert due is not None and due.net == Decimal("0.84")
    assert owed({"elements": [LATER, PLAIN]}, 1, 2700) is None


def test_no_vat_is_no_vat() -> None:
    due = owed({"elements": [{"price_components": [{"type": "FLAT", "price": 1}]}]}, 5, 60)
    assert due is not None and (due.net, due.gross) == (1, 1)


@pytest.mark.parametrize(
    "elements",
    [
        [],
        [{"price_components": [TIME]}],
        [{**PLAIN, "restrictions": {"start_time": "08:00"}}, PLAIN],
    ],
)
def test_what_is_not_plain_is_left_to_the_engine(elements: list[Any]) -> None:
    assert owed({"elements": elements}, 1, 60) is None


def register(value: float, **more: Any) -> dict[str, Any]:
    sample = {"value": value, "measurand": "Energy.Active.Import.Register", **more}
    other = {"value": 7, "measurand": "Voltage"}
    return {"meterValue": [{"sampledValue": [other, sample]}]}


def test_what_the_meter_counted() -> None:
    assert counted_wh([{"meterStart": 100}, {"meterStop": 7403}]) == 7303
    assert counted_wh([register(5), register(90), register(105)]) == 100
    kilo = {"unitOfMeasure": {"unit": "kWh", "multiplier": 0}}
    assert counted_wh([register(1, **kilo), register(3.5, **kilo)]) == 2500
    assert counted_wh([register(5), {"meterValue": None}]) is None


async def tell() -> list[Told]:
    plan = read(find("demo"))
    stations = tuple(s for s in plan.stations if s.id in ("DE-AC-1", "NL-AC-2"))
    world = World(replace(plan, emps=(), stations=stations))
    quicken(world, BRIEF)
    stage = Stage(world, Teller(io.StringIO()), BRIEF, Witness(world.journal))
    await world.start_peers()
    try:
        return await play(stage)
    finally:
        await world.stop()


def broken(told: list[Told]) -> list[str]:
    return [claim.text for act in told for claim in act.claims if not claim.holds]


async def test_the_story_reckons_the_price_itself() -> None:
    told = await tell()
    assert broken(told) == []
    claims = [claim.text for act in told for claim in act.claims]
    assert sum("its price is the tariff's" in text for text in claims) == 2
    assert sum("what the meter counted" in text for text in claims) == 2


async def test_a_mistake_in_the_engine_that_both_ends_share_is_noticed(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    honest = Charge.cost.fget
    assert honest is not None

    def doubled(charge: Charge) -> Price:
        right = honest(charge)
        return Price(right.excl_vat * 2, right.incl_vat * 2)

    monkeypatch.setattr(Charge, "cost", property(doubled))
    assert [text.split(":")[0] for text in broken(await tell())] == [
        "its price is the tariff's"
    ] * 2


async def test_a_peer_that_issues_no_reference_fails_the_claim(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    authorize = TokenSource.authorize

    async def without(self: TokenSource, ctx: Any) -> Any:
        result = await authorize(self, ctx)
        data = {k: v for k, v in result.data.items() if k != "authorization_reference"}
        return replace(result, data=data)

    monkeypatch.setattr(TokenSource, "authorize", without)
    assert "it carries the authorization_reference that Plugsurfing gave" in broken(await tell())


@pytest.mark.parametrize("what", ["lost", "reversed", "unmarked"])
async def test_a_station_that_replays_wrongly_is_noticed(
    monkeypatch: pytest.MonkeyPatch, what: str
) -> None:
    push = TransactionQueue.push

    def wrongly(queue: TransactionQueue, message: Queued) -> None:
        payload: Mapping[str, Any] = message.payload
        waits = message.waited and payload.get("eventType") == "Updated"
        if what == "lost" and waits:
            return
        if what == "reversed" and waits:
            queue.entries.appendleft(message)
            return
        if what == "unmarked":
            message.payload.pop("offline", None)
        push(queue, message)

    monkeypatch.setattr(TransactionQueue, "push", wrongly)
    told = await tell()
    assert [act.title for act in told if not act.ok] == ["The network is cut in mid-session"]


async def test_an_act_that_breaks_off_has_not_gone_as_told(monkeypatch: pytest.MonkeyPatch) -> None:
    async def none_of_it(*_: Any, **__: Any) -> None:
        raise KeyError("authorization_reference")

    monkeypatch.setattr(Stage, "started", none_of_it)
    texts = broken(await tell())
    assert texts == ["it broke off: KeyError: 'authorization_reference'"] * 2
