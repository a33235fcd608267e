"""`python -m mock_peer`."""

from __future__ import annotations

import pytest

from mock_peer.__main__ import main
from simulator.mistakes import Exit


def test_it_is_the_command_peer(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("sys.argv", ["mock_peer", "--help"])
    assert main() == Exit.PASS
    assert "mock Plugsurfing" in capsys.readouterr().out
