"""A recorded world in the interface."""

from __future__ import annotations

import os
from pathlib import Path

import pytest

from simulator.mistakes import Mistake
from simulator.tui.recorded import RecordedEngine
from tests.simulator.tui.stage import Wire, seen, showing, until

WHOLE = b'{"format":"roamlab-journal/1","seed":7,"clock":"virtual","world":"mine"}\n'


def written(folder: Path, wire: Wire, cut: int = 0) -> Path:
    path = folder / "run.ndjson"
    raw = wire.journal.dump()
    path.write_bytes(raw[: len(raw) - cut])
    return path


def wire_of(calls: int = 3) -> Wire:
    wire = Wire()
    for _ in range(calls):
        wire.call("Heartbeat", {}, {})
    wire.finding(2)
    return wire


@pytest.mark.real
async def test_it_is_shown_and_nothing_can_be_done(tmp_path: Path) -> None:
    async with showing(RecordedEngine.read(written(tmp_path, wire_of()))) as (app, pilot):
        words = ("recorded · test", "Heartbeat", "read-only", "CP1")
        await until(pilot, lambda: all(each in seen(app) for each in words))
        await pilot.press("p")
        await until(pilot, lambda: "this view is read-only" in seen(app))
        await pilot.press("2")
        await until(pilot, lambda: "cdr.some-rule" in seen(app))


async def test_a_file_that_breaks_off_is_shown_up_to_there(tmp_path: Path) -> None:
    engine = RecordedEngine.read(written(tmp_path, wire_of(), cut=40))
    assert engine.trouble == "the file breaks off after record 12"
    assert len(engine.take()) == 12
    (tmp_path / "head").write_bytes(WHOLE)
    engine = RecordedEngine.read(tmp_path / "head")
    assert (engine.facts.seed, engine.facts.world, engine.trouble) == (7, "mine", "")
    assert not engine.names() and not engine.take()


async def test_records_of_another_shape_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "odd"
    path.write_bytes(WHOLE + b'{"leg":"ocpp"}\n{"leg":"dance"}\n{}\n')
    assert RecordedEngine.read(path).take() == []


async def test_a_long_journal_comes_in_parts() -> None:
    wire = wire_of(calls=2_000)
    engine = RecordedEngine({}, wire.records)
    parts = [len(engine.take()) for _ in range(3)]
    assert parts == [5_000, 3_001, 0]


async def test_what_is_no_record_is_left_out_and_told(tmp_path: Path) -> None:
    wire = wire_of()
    wire.journal.append("event", "station/CP1", what="message.queued", data={"waiting": {}})
    wire.journal.append("event", "station/CP1", what="fault.placed", data={"id": [1], "spec": 5})
    path = written(tmp_path, wire)
    whole = RecordedEngine.read(path)
    assert whole.trouble == "" and whole.names() == ["CP1"]
    head, first, second, *rest = path.read_bytes().splitlines(keepends=True)
    odd = [
        first.replace(b'"at":"', b'"at":"yester'),
        second.replace(b'"leg":"', b'"leg":["x"],"l":"'),
    ]
    path.write_bytes(b"".join([head, *odd, *rest]))
    engine = RecordedEngine.read(path)
    assert engine.trouble == "2 lines are no records"
    assert len(engine.take()) == len(whole.take()) - 2


@pytest.mark.parametrize(
    ("raw", "why"),
    [(b"", "the file is empty"), (b"hello", "not JSON"), (b"{}", "not a roamlab-journal/1"),
     (None, "No such file")],
)  # fmt: skip
def test_what_is_no_journal(raw: bytes | None, why: str, tmp_path: Path) -> None:
    path = tmp_path / "x"
    if raw is not None:
        path.write_bytes(raw)
    with pytest.raises(Mistake, match=why):
        RecordedEngine.read(path)


def test_what_has_no_end_is_refused_at_once(tmp_path: Path) -> None:
    pipe, large = tmp_path / "pipe", tmp_path / "large"
    os.mkfifo(pipe)
    with large.open("wb") as file:
        file.write(WHOLE)
        file.truncate(5 * 2**30)  # of zeros that take no room
    for path, why in ((pipe, "a pipe"), (Path("/dev/zero"), "a device"), (tmp_path, "a folder"),
                      (large, "5,120 MB are more than the 256 MB")):  # fmt: skip
        with pytest.raises(Mistake, match=why):
            RecordedEngine.read(path)


async def test_faults_that_were_still_there() -> None:
    wire = Wire()
    for number in (1, 2):
        wire.journal.event("world", "fault.placed", id=number, spec={"kind": "drop"})
    wire.journal.event("world", "fault.removed", id=1, hits=3)
    (left,) = RecordedEngine({}, wire.records).faults()
    assert (left["id"], left["kind"]) == (2, "drop")


async def test_it_refuses_what_changes_a_world() -> None:
    engine = RecordedEngine({}, [])
    for refused in (engine.perform("plug", {}), engine.load([], "x"), engine.step("1"),
                    engine.play("1"), engine.drop("1")):  # fmt: skip
        with pytest.raises(Mistake, match="nothing can be done"):
            await refused
    assert await engine.stages() == [] and await engine.figures() == {}
