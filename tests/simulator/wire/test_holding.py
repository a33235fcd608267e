"""The desk: what waits, how it goes on, what the journal hears, and that nothing waits for ever."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.wire import holding
from simulator.wire.faults import FaultBoard, FaultError
from simulator.wire.held_edit import Edit, Letter
from simulator.wire.holding import Desk, HoldError
from simulator.wire.moment import Moment


class Bench:
    """A board with a desk, and what became of letters."""

    def __init__(self, clock: Clock, journal: Journal) -> None:
        self.board = FaultBoard(Chance(1), clock, journal)
        self.desk = self.board.desk = Desk(clock, journal)
        self.journal = journal
        self.gone: list[Letter | None] = []

    def pass_by(self, letter: Letter, owner: object = None, **told: Any) -> None:
        about: dict[str, Any] = {"module": "sessions", "method": "PUT", "path": "/s", **told}
        moment = Moment("http", "cpo", "plugsurfing", "sent", "request", message="PUT /s", **about)
        for hit in self.board.strike(moment):
            self.desk.take(hit, letter, self.gone.append, owner)

    @property
    def ids(self) -> list[str]:
        return [told["id"] for told in self.desk.snapshot()]

    def events(self) -> Iterator[tuple[str, Any]]:
        for record in self.journal.records:
            if record["leg"] == "event" and record["what"].startswith("hold."):
                yield record["what"], record["data"]


@pytest.fixture
def bench(clock: Clock, journal: Journal) -> Bench:
    return Bench(clock, journal)


LETTER = Letter('{"kwh":1}', None, {"Authorization": "Token SECRET"})


async def test_what_is_held_can_be_seen_without_secrets(bench: Bench) -> None:
    bench.board.add({"kind": "hold", "within": "60 s"})
    bench.pass_by(LETTER, session="S1")
    (told,) = bench.desk.snapshot()
    assert told == {
        "id": "held-1", "at": "2026-01-15T07:00:00.000Z", "until": "2026-01-15T07:01:00.000Z",
        "intercept": "fault-1", "wire": "http", "from": "cpo", "to": "plugsurfing",
        "at_end_of": "cpo", "of": "request", "name": "PUT sessions", "session": "S1",
        "message_id": None, "path": "/s", "status": None,
        "headers": {"Authorization": "Token ***"}, "text": '{"kwh":1}', "body": {"kwh": 1},
    }  # fmt: skip
    (record,) = (r for r in bench.journal.records if r["leg"] == "fault")
    assert (record["session"], record["data"]["held"]) == ("S1", "held-1")
    assert (record["data"]["did"], record["data"]["name"]) == ("held as held-1", "PUT sessions")
    assert bench.gone == []


@pytest.mark.parametrize("module", ["credentials", None])
async def test_credentials_are_hidden_and_go_on_whole(bench: Bench, module: str | None) -> None:
    bench.board.add({"kind": "hold"})
    bench.pass_by(Letter('{"token":"SECRET"}', None, {}), module=module)
    assert "SECRET" not in str(bench.desk.snapshot())
    bench.desk.release("held-1", Edit(body='{"token":"***","url":"u"}'))
    assert bench.gone == [Letter('{"token":"SECRET","url":"u"}', None, {})]
    ((_, told),) = bench.events()
    assert told["changed"] == ["/url"]


async def test_one_is_changed_the_others_stay(bench: Bench) -> None:
    bench.board.add({"kind": "hold", "times": "always"})
    for _ in range(3):
        bench.pass_by(LETTER)
    assert bench.desk.release("held-2", Edit(set={"/kwh": -1})) == ["held-2"]
    assert bench.ids == ["held-1", "held-3"]
    assert bench.gone == [Letter('{"kwh":-1}', None, LETTER.headers)]
    assert bench.desk.release() == ["held-1", "held-3"]
    assert [what for what, _ in bench.events()] == ["hold.released"] * 3
    assert [data["changed"] for _, data in bench.events()] == [["/kwh"], [], []]
    assert bench.desk.release() == []


async def test_what_is_dropped_is_lost(bench: Bench) -> None:
    bench.board.add({"kind": "hold"})
    bench.pass_by(LETTER)
    bench.desk.release("held-1", Edit(drop=True))
    assert bench.gone == [None]
    assert [what for what, _ in bench.events()] == ["hold.lost"]


@pytest.mark.parametrize(
    ("number", "edit", "why"),
    [
        ("held-11", None, "no message 'held-11' is held. Did you mean 'held-1'?"),
        (None, Edit(body="{}"), "which one shall be changed? held-1, held-2"),
        ("held-1", Edit(status=500), "held-1: status: only an answer"),
    ],
)
async def test_what_cannot_be_done_changes_nothing(
    bench: Bench, number: str | None, edit: Edit | None, why: str
) -> None:
    bench.board.add({"kind": "hold", "times": 2})
    bench.pass_by(LETTER)
    bench.pass_by(LETTER)
    with pytest.raises(HoldError) as caught:
        bench.desk.release(number, edit)
    assert why in str(caught.value)
    assert (bench.ids, bench.gone) == (["held-1", "held-2"], [])
    bench.desk.close()


async def test_nothing_waits_for_ever(bench: Bench, clock: Clock) -> None:
    bench.board.add({"kind": "hold", "times": 3, "within": "5 s"})
    mine, other = object(), object()
    for owner in (mine, other, other):
        bench.pass_by(LETTER, owner)
    bench.desk.lose(mine, "the connection is over")
    bench.desk.withdraw("held-2", "it gave up")
    bench.desk.withdraw(None, "nobody")
    assert (bench.ids, bench.gone) == (["held-3"], [])
    await clock.sleep(4.9)
    assert bench.ids == ["held-3"]
    await clock.sleep(0.2)
    assert (bench.ids, bench.gone) == ([], [LETTER])
    assert [data["because"] for _, data in bench.events()] == [
        "the connection is over", "it gave up", holding.TIME_UP,
    ]  # fmt: skip


async def test_at_the_end_all_go_on_and_nothing_more_is_held(bench: Bench) -> None:
    bench.board.add({"kind": "hold", "times": "always"})
    bench.pass_by(LETTER)
    bench.desk.close()
    bench.pass_by(LETTER)
    assert (bench.ids, bench.gone) == ([], [LETTER, LETTER])
    assert [data["because"] for _, data in bench.events()] == [holding.WORLD_ENDS]


async def test_a_full_desk_lets_pass(bench: Bench, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(holding, "MOST", 2)
    bench.board.add({"kind": "hold", "times": "always"})
    for _ in range(3):
        bench.pass_by(LETTER)
    assert (len(bench.ids), bench.gone) == (2, [LETTER])
    assert bench.journal.records[-1]["data"]["did"] == "passed: 2 are held already"
    bench.desk.close()


async def test_without_a_desk_nothing_can_be_held(clock: Clock, journal: Journal) -> None:
    board = FaultBoard(Chance(1), clock, journal)
    with pytest.raises(FaultError, match="nobody here could let a message go on"):
        board.add({"kind": "hold"})


async def test_only_a_scaled_clock_can_stand(bench: Bench) -> None:
    with pytest.raises(FaultError, match="pause: a virtual clock cannot pause"):
        bench.board.add({"kind": "hold", "pause": True})


@pytest.mark.real
async def test_time_stands_while_something_is_held() -> None:
    clock = Clock("scaled", factor=50)
    bench = Bench(clock, Journal(clock))
    bench.board.add({"kind": "hold", "pause": True, "times": 2})
    for _ in range(2):
        bench.pass_by(LETTER)
    assert clock.paused
    bench.desk.release("held-1")
    assert clock.paused
    bench.desk.release("held-2", Edit(drop=True))
    assert (clock.paused, clock.factor) == (False, 50)
    told = [r["data"] for r in bench.journal.records if r.get("what") == "clock.speed"]
    assert [one["paused"] for one in told] == [True, False]


@pytest.mark.real
async def test_who_lets_time_go_on_meanwhile_is_obeyed() -> None:
    clock = Clock("scaled", factor=50)
    bench = Bench(clock, Journal(clock))
    bench.board.add({"kind": "hold", "pause": True, "times": 3})
    for _ in range(2):
        bench.pass_by(LETTER)
    clock.speed(5)
    bench.desk.release("held-1")
    assert (clock.paused, clock.factor) == (False, 5)
    bench.pass_by(LETTER)
    stands = clock.paused
    bench.desk.release()
    assert (stands, clock.paused, clock.factor) == (True, False, 5)


@pytest.mark.real
async def test_who_paused_the_clock_lets_it_go_on() -> None:
    clock = Clock("scaled", factor=50)
    bench = Bench(clock, Journal(clock))
    bench.board.add({"kind": "hold", "pause": True})
    clock.speed(0)
    bench.pass_by(LETTER)
    bench.desk.release()
    assert clock.paused


@pytest.mark.real
async def test_where_time_stands_real_time_is_the_bound() -> None:
    clock = Clock("scaled", factor=1)
    bench = Bench(clock, Journal(clock))
    bench.board.add({"kind": "hold", "pause": True, "within": 0.05})
    bench.pass_by(LETTER)
    await Clock("real").sleep(0.2)
    assert (bench.gone, clock.paused) == ([LETTER], False)
