"""Scenario files that can be played from here."""

from __future__ import annotations

import asyncio
import os
from itertools import pairwise
from pathlib import Path

import pytest

from simulator.kernel.filters import parse
from simulator.mistakes import Mistake
from simulator.tui.library import Entry, Library, OfFile

TEXT = "name: {}\nworld: no-such.yaml\nsteps: [note: hello]\n"


def test_your_own_first_then_what_comes_along(tmp_path: Path) -> None:
    (tmp_path / "scenarios").mkdir()
    (tmp_path / "scenarios" / "b.yaml").write_text(TEXT.format("b"))
    (tmp_path / "a.yaml").write_text(TEXT.format("a"))
    (tmp_path / "world.yaml").write_text("name: w\n")
    library = Library(tmp_path)
    found = library.entries()
    assert [(e.folder, e.name) for e in found[:2]] == [("yours", "a"), ("yours", "b")]
    assert ("rfid", "accepted") in {(e.folder, e.name) for e in found}
    assert not {"world", "small"} & {e.name for e in found}  # worlds stand beside scenarios
    (tmp_path / "c.yaml").write_text(TEXT.format("c"))
    assert [e.name for e in library.entries()[:3]] == ["a", "c", "b"]


def test_links_that_lead_nowhere_and_in_a_circle_are_no_scenarios(tmp_path: Path) -> None:
    (tmp_path / "a.yaml").symlink_to("b.yaml")
    (tmp_path / "b.yaml").symlink_to("a.yaml")
    (tmp_path / "c.yaml").symlink_to("none")
    library = Library(tmp_path)
    assert "yours" not in {entry.folder for entry in library.entries()}
    assert library.signs() == []
    (tmp_path / "d.yaml").write_text(TEXT.format("d"))
    assert library.signs() != []


def test_a_file_is_read_without_its_world_and_again_once_it_changed(tmp_path: Path) -> None:
    path, library = tmp_path / "a.yaml", Library(tmp_path)
    path.write_text(TEXT.format("a"))
    first = library.runs(str(path))
    assert first is not None and first[0].name == "a" and library.runs(str(path)) is first
    path.write_text("name: a\nsteps: [plugg]\n")
    os.utime(path, ns=(1, 1))
    for _ in range(2):
        with pytest.raises(Mistake, match="Did you mean 'plug'"):
            library.runs(str(path))
    with pytest.raises(Mistake, match="No such file"):
        library.runs(str(tmp_path / "none.yaml"))


def test_what_becomes_of_your_own_files_is_seen(tmp_path: Path) -> None:
    library = Library(tmp_path)
    seen = [library.signs()]
    path = tmp_path / "a.yaml"
    path.write_text(TEXT.format("a"))
    seen.append(library.signs())
    os.utime(path, ns=(1, 1))
    seen.append(library.signs())
    assert library.signs() == seen[-1]
    (tmp_path / "scenarios").mkdir()
    path.rename(tmp_path / "scenarios" / "a.yaml")
    seen.append(library.signs())
    (tmp_path / "scenarios" / "a.yaml").unlink()
    seen.append(library.signs())
    assert all(old != new for old, new in pairwise(seen)) and seen[0] == seen[-1]


@pytest.mark.real
async def test_a_long_file_is_read_beside_the_loop(tmp_path: Path) -> None:
    path, library = tmp_path / "a.yaml", Library(tmp_path)
    read = asyncio.Event()
    for steps, why in ((1_000, ""), (1_001, "Did you mean 'plug'")):
        last = "plugg" if why else "note: end"
        path.write_text(
            "\n".join(["name: a", "steps:", *["  - note: hello"] * steps, f"  - {last}"])
        )
        assert library.runs(str(path), read.set) is None
        assert library.runs(str(path), read.set) is None  # it is on its way
        assert list(library._reading) == [str(path)]
        await read.wait()
        read.clear()
        if why:
            with pytest.raises(Mistake, match=why):
                library.runs(str(path), read.set)
        else:
            runs = library.runs(str(path), read.set)
            assert runs is not None and len(runs[0].actions) == steps + 1
        assert library._reading == {}


@pytest.mark.parametrize(
    ("text", "picks"),
    [
        ("accept", True), ("HELLO", True), ("~a rfid/*", True), ("~a cdr", False), ("~err", True),
        ("~s FAIL", True), ("~m", True), ("~body hello", True), ("~u x", False),
    ],
)  # fmt: skip
def test_the_filter_sees_names_verdicts_and_text(text: str, picks: bool) -> None:
    row = OfFile(Entry("/x", "rfid", "accepted"), "FAIL", lambda _: "note: hello", {"/x"})
    assert parse(text).matches(row) is picks


def test_a_file_that_cannot_be_read_has_no_words() -> None:
    def broken(path: str) -> str:
        raise Mistake(path)

    assert not parse("~body x").matches(OfFile(Entry("/x", "f", "n"), "", broken))
