"""The teller: calm, and readable wherever it prints."""

from __future__ import annotations

import io

import pytest

from simulator.demo.teller import Teller
from simulator.demo.witness import Claim
from simulator.kernel.journal import Journal


def exchange(journal: Journal, teller: Teller, action: str, answer: str, number: int = 1) -> None:
    """One exchange that a station begins, heard by the teller."""
    for direction, kind, frame in (
        ("sent", 2, f'[2,"{number}","{action}",{{"connectorId":1,"idTag":"04A1B2C3D4E580"}}]'),
        ("received", 3, f'[3,"{number}",{answer}]'),
    ):
        teller.hear(
            journal.ocpp(
                "station/CP1", "cpo", None, version="1.6", direction=direction, frame=frame,  # type: ignore[arg-type]
                message_type=kind, message_id=str(number), action=action,
            )
        )  # fmt: skip


@pytest.fixture
def page(monkeypatch: pytest.MonkeyPatch) -> io.StringIO:
    monkeypatch.setenv("COLUMNS", "80")
    return io.StringIO()


async def test_a_reader_that_has_gone_is_an_error_like_any(journal: Journal) -> None:
    class Gone(io.StringIO):
        def write(self, text: str) -> int:
            raise BrokenPipeError(32, "Broken pipe")

    with pytest.raises(BrokenPipeError):  # and not the end of the process
        exchange(journal, Teller(Gone()), "Authorize", '{"idTagInfo":{"status":"Accepted"}}')


async def test_an_exchange_is_a_line(journal: Journal, page: io.StringIO) -> None:
    exchange(journal, Teller(page), "Authorize", '{"idTagInfo":{"status":"Accepted"}}')
    assert page.getvalue() == (
        "07:00:00          CP1 ──▶ cpo         Authorize 04A1B2C3D4E580 Accepted\n"
    )


async def test_what_repeats_is_counted(journal: Journal, page: io.StringIO) -> None:
    teller = Teller(page)
    for number in range(40):
        exchange(journal, teller, "MeterValues", "{}", number)
    exchange(journal, teller, "Heartbeat", "{}", 50)
    teller.note("she leaves")
    assert [line.strip() for line in page.getvalue().splitlines()] == [
        "07:00:00          CP1 ──▶ cpo         MeterValues EVSE 1",
        "… and 39 more MeterValues",
        "· she leaves",
    ]


async def test_the_outcome_survives_a_narrow_page(
    journal: Journal, page: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    for columns in ("62", "48", "34"):
        monkeypatch.setenv("COLUMNS", columns)
        page.truncate(0)
        page.seek(0)
        exchange(journal, Teller(page), "Authorize", '{"idTagInfo":{"status":"Blocked"}}')
        (line,) = page.getvalue().splitlines()
        assert len(line) <= int(columns)
        assert line.endswith("Blocked")


async def test_acts_and_claims(page: io.StringIO) -> None:
    teller = Teller(page)
    teller.title("roamlab", "clock virtual")
    teller.act(1, "Registration", "Credentials are exchanged.")
    teller.claims([Claim("it went well", True), Claim("it rained", False)])
    lines = [line.rstrip() for line in page.getvalue().splitlines()]
    assert lines[:2] == ["roamlab", "clock virtual"]
    assert lines[3].startswith("1  Registration ──")
    assert lines[4] == "Credentials are exchanged."
    assert lines[5:] == [" ✓         it went well", " ✗ not so: it rained"]


async def test_in_a_crowd_only_what_goes_wrong_is_told(journal: Journal, page: io.StringIO) -> None:
    teller = Teller(page, only_bad=True)
    exchange(journal, teller, "Authorize", '{"idTagInfo":{"status":"Accepted"}}', 1)
    exchange(journal, teller, "Authorize", '{"idTagInfo":{"status":"Blocked"}}', 2)
    assert len(page.getvalue().splitlines()) == 1


async def test_a_pipe_and_no_color_get_no_escapes(
    journal: Journal, page: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("NO_COLOR", "1")
    exchange(journal, Teller(page), "Authorize", "{}")
    assert "\x1b" not in page.getvalue()
