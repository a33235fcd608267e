"""What can be taken along."""

from __future__ import annotations

import shlex
from pathlib import Path

import pytest

from simulator.kernel.journal import read
from simulator.mistakes import Mistake
from simulator.tui import export
from simulator.tui.engine import Facts
from tests.simulator.tui.stage import Wire
from tests.simulator.tui.test_pairing import paired

FACTS = Facts("local", "demo", 42, "real")


def test_exchanges_are_a_journal_again(tmp_path: Path) -> None:
    wire = Wire()
    wire.call("Heartbeat")
    wire.ocpi("POST", "cdrs", {"id": "1"})
    told = export.ndjson(paired(wire.records), FACTS)
    path = export.save(tmp_path, "traffic", "ndjson", told)
    head, *records = read(path)
    assert head["world"] == "demo"
    assert records == wire.records
    assert "TOPSECRET" not in told


def test_a_request_as_a_command_line() -> None:
    wire = Wire()
    wire.ocpi("POST", "cdrs", {"id": "it's"})
    told = export.curl(paired(wire.records)[0])
    words = shlex.split(told)
    assert words[:4] == ["curl", "-i", "-X", "POST"]
    assert "Authorization: Token $TOKEN" in words and '{"id":"it\'s"}' in words
    wire.call("Heartbeat")
    with pytest.raises(Mistake, match="no OCPI request"):
        export.curl(paired(wire.records)[1])


@pytest.mark.parametrize("body", ["$TOKEN", "@/etc/passwd", "$(id) `id` 'x' \\ \n\"$TOKEN\""])
def test_a_body_is_sent_as_it_is(body: str) -> None:
    """Not what curl or a shell may find in it."""
    wire = Wire()
    wire.ocpi("POST", "cdrs", {})["request"]["body"] = body
    words = shlex.split(export.curl(paired(wire.records)[0]))
    assert words[-2:] == ["--data-raw", body]
    assert words.count("Authorization: Token $TOKEN") == 1


def test_nothing_is_overwritten(tmp_path: Path) -> None:
    names = [export.save(tmp_path, "a", "sh", "x").name for _ in range(2)]
    assert names == ["a.sh", "a-2.sh"]
    with pytest.raises(Mistake, match="No such file"):
        export.save(tmp_path / "none", "a", "sh", "x")
