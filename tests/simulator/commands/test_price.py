"""`roamlab price` from files: tables, JSON, and mistakes that name file and pointer."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest

from simulator.cli import run
from tests.simulator.ocpi.tariff_examples import (
    MONDAY,
    Json,
    component,
    element,
    energy,
    period,
    session,
    tariff,
    utc,
)

TARIFF = tariff(
    element(component("ENERGY", 0.3, 20, 100), start_time="11:00"),
    element(component("ENERGY", 0.25, 10, 100)),
    id="day",
)
SESSION = session(energy(20.45))


class Desk:
    """Runs the command on documents written to files."""

    def __init__(self, folder: Path, capsys: pytest.CaptureFixture[str]) -> None:
        self.folder = folder
        self.capsys = capsys

    def file(self, name: str, content: Any) -> str:
        path = self.folder / f"{name}.json"
        if isinstance(content, bytes):
            path.write_bytes(content)
        else:
            path.write_text(json.dumps(content))
        return str(path)

    def price(self, made: Any, billed: Any, *more: str) -> tuple[int, str, str]:
        arguments = ["price", "--session", self.file("session", billed)]
        if made is not None:
            arguments += ["--tariff", self.file("tariff", made)]
        code = run([*arguments, *more])
        out, err = self.capsys.readouterr()
        return code, out, err

    def total(self, made: Any, billed: Any, *more: str) -> float:
        code, out, err = self.price(made, billed, "--json", *more)
        assert code == 0, err
        total = json.loads(out)["total_cost"]["excl_vat"]
        assert isinstance(total, int | float)
        return total


@pytest.fixture
def desk(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> Desk:
    return Desk(tmp_path, capsys)


def test_json_result(desk: Desk) -> None:
    code, out, _ = desk.price(TARIFF, SESSION, "--json")
    result = json.loads(out)
    assert code == 0
    assert result["total_cost"] == {"excl_vat": 5.125, "incl_vat": 5.6375}
    assert result["total_energy_cost"] == result["total_cost"]
    assert result["total_time_cost"] is None
    assert result["lines"][0]["billed_volume"] == 20.5
    assert '"5.125"' not in out


def test_table(desk: Desk) -> None:
    code, out, _ = desk.price(TARIFF, SESSION)
    assert code == 0
    for shown in ("Bill in EUR", "ENERGY", "5.125", "5.6375", "20.45 kWh in 1 h"):
        assert shown in out
    assert "Note" not in out


def test_a_period_that_was_not_cut_is_noted(desk: Desk) -> None:
    long = session(energy(20.45, 120))
    _, out, _ = desk.price(TARIFF, long)
    assert "the price changes at 2026-05-04T11:00:00Z" in " ".join(out.split())


def test_time_zone_from_the_option_the_location_or_utc(desk: Desk) -> None:
    assert desk.total(TARIFF, SESSION) == 5.125
    assert desk.total(TARIFF, SESSION, "--time-zone", "Europe/Berlin") == 6.15
    for place in (
        {"cdr_location": {"time_zone": "Europe/Berlin"}},
        {"location": {"time_zone": "Europe/Berlin"}},
        {"time_zone": "Europe/Berlin"},
    ):
        assert desk.total(TARIFF, SESSION | place) == 6.15
        assert desk.total(TARIFF, SESSION | place, "--time-zone", "UTC") == 5.125
    assert desk.total(TARIFF, SESSION | {"cdr_location": {"time_zone": 5}}) == 5.125


def envelope(data: Any) -> Json:
    return {"data": data, "status_code": 1000, "timestamp": "2026-05-04T12:00:00Z"}


def test_ocpi_responses_and_lists_are_opened(desk: Desk) -> None:
    assert desk.total(envelope([TARIFF]), envelope(SESSION)) == 5.125
    assert desk.total([TARIFF], envelope([SESSION])) == 5.125


def test_each_period_by_its_tariff_and_tariffs_inside_the_cdr(desk: Desk) -> None:
    other = tariff(element(component("ENERGY", 1)), id="other")
    billed = SESSION | {"charging_periods": [period(MONDAY, "other", ENERGY=3)]}
    assert desk.total([TARIFF, other], billed) == 3
    assert desk.total({"x": TARIFF, "y": other}, billed) == 3
    assert desk.total(None, billed | {"tariffs": [TARIFF, other]}) == 3


def test_numbers_of_json_stay_exact(desk: Desk) -> None:
    made = (
        b'{"elements": [{"price_components": [{"type": "ENERGY", "price": 0.1, "step_size": 0}]}]}'
    )
    _, out, _ = desk.price(made, session(energy(3)), "--json")
    assert '"excl_vat": 0.3' in out


MISTAKES = [
    (TARIFF, b"{", "session.json: not JSON"),
    (b"\xff\xfe", SESSION, "tariff.json: not JSON"),
    (b"[" * 200_000, SESSION, "tariff.json: not JSON"),
    (TARIFF, {}, "session.json: /start_date_time: required"),
    (TARIFF, [SESSION, SESSION], "session.json: expected an object, found a list"),
    (TARIFF, envelope([{}]), "session.json: /data/0/start_date_time: required"),
    ({}, SESSION, "tariff.json: /elements: expected a list, found null"),
    (envelope([TARIFF, {}]), SESSION, "tariff.json: /data/1/elements: expected a list"),
    (
        TARIFF,
        session(energy(-1)),
        "session.json: /charging_periods/0/dimensions/0/volume: expected a number of at least 0",
    ),
    (
        TARIFF,
        SESSION | {"end_date_time": utc(MONDAY.replace(year=2020))},
        "session.json: /end_date_time: the end is before start_date_time",
    ),
    (None, SESSION, "--tariff is needed"),
    (None, SESSION | {"tariffs": [{}]}, "session.json: /tariffs/0/elements: expected a list"),
]


@pytest.mark.parametrize(("made", "billed", "told"), MISTAKES)
def test_mistakes_name_file_and_pointer(desk: Desk, made: Any, billed: Any, told: str) -> None:
    code, out, err = desk.price(made, billed, "--json")
    assert code == 2
    assert out == ""
    assert told in err
    assert "Traceback" not in err


def test_a_time_zone_that_does_not_exist(desk: Desk) -> None:
    code, _, err = desk.price(TARIFF, SESSION, "--time-zone", "Mars/Base")
    assert (code, "--time-zone: expected an IANA name" in err) == (2, True)


def test_a_file_that_does_not_exist(desk: Desk) -> None:
    assert run(["price", "--tariff", "none.json", "--session", "none.json"]) == 2
    assert "'none.json' does not exist" in desk.capsys.readouterr().err


def test_help_teaches_by_an_example_that_works(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
    assert run(["price", "--help"]) == 0
    shown = desk.capsys.readouterr().out
    example = shown[shown.index("  echo") : shown.index("  roamlab price --tariff")]
    found = re.findall(r"echo '(.*?)' > (\w+)\.json", example, re.DOTALL)
    assert [name for _, name in found] == ["tariff", "session"]
    made, billed = (json.loads(text) for text, _ in found)
    assert desk.total(made, billed) == 5


@pytest.mark.real
def test_the_command_is_cheap_to_import() -> None:
    script = (
        "import sys, simulator.commands.price; "
        "print([name for name in ('rich', 'msgspec', 'decimal', 'simulator.ocpi.tariff')"
        " if name in sys.modules])"
    )
    shown = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, check=True, timeout=60
    )
    assert shown.stdout.strip() == "[]"
