"""The user's own file."""

from __future__ import annotations

from pathlib import Path

import pytest

from simulator.mistakes import Mistake
from simulator.tui.config import VARIABLE, Config, place, read


def test_without_a_file_nothing_is_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(VARIABLE, raising=False)
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path))
    assert place() == tmp_path / "roamlab" / "tui.toml"
    assert read() == Config()


def test_a_file_that_was_named_must_be_there(tmp_path: Path) -> None:
    with pytest.raises(Mistake, match=r"none\.toml: No such file"):
        read(tmp_path / "none.toml")


def test_both_spellings_of_keys(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "mine.toml"
    path.write_text('theme = "light"\n[keys]\n"fleet.tap" = "T"\ntraffic.ladder = "L"\n')
    monkeypatch.setenv(VARIABLE, str(path))
    assert read() == Config("light", {"fleet.tap": "T", "traffic.ladder": "L"})


@pytest.mark.parametrize(
    ("text", "why"),
    [
        ("theme =", "not TOML: "),
        ("teme = 1", "teme: no such setting. Did you mean 'theme'?"),
        ('theme = "blue"', "theme: expected dark or light, not 'blue'"),
        ("keys = 1", "keys: expected a table"),
        ('[keys]\nfleet.tab = "T"', "keys.fleet.tab: no such key. Did you mean 'fleet.tap'?"),
        ("[keys]\nfleet.tap = 1", "keys.fleet.tap: expected keys"),
        ('[keys]\nfleet.tap = "p"', "'p' is fleet.plug already"),
    ],
)
def test_mistakes_name_the_file_and_the_key(tmp_path: Path, text: str, why: str) -> None:
    path = tmp_path / "tui.toml"
    path.write_text(text)
    with pytest.raises(Mistake) as caught:
        read(path)
    assert str(caught.value).startswith(f"{path}: ")
    assert why in str(caught.value)
