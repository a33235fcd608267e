"""`roamlab emp`: its options, and the EMP they make."""

from __future__ import annotations

import re
import signal
import subprocess
import sys
from pathlib import Path

import pytest
from click.testing import CliRunner

from mock_peer.emp_command import _config, emp
from simulator.mistakes import Mistake


def test_help_names_what_it_does() -> None:
    told = CliRunner().invoke(emp, ["--help"])
    assert told.exit_code == 0
    assert "checks the price of every CDR" in " ".join(told.output.split())


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        (["http://127.0.0.1:1/versions"], "belong together"),
        (["--token", "A"], "belong together"),
        (["--clock", "virtual"], "lives in real time"),
        (["--party", "DEEMP"], "expected country and party"),
        (["--tokens", "nowhere.yaml"], "nowhere.yaml"),
    ],
)
def test_mistakes_are_told(arguments: list[str], words: str) -> None:
    told = CliRunner().invoke(emp, arguments)
    assert isinstance(told.exception, Mistake)
    assert words in str(told.exception)


def test_a_file_of_tokens(tmp_path: Path) -> None:
    file = tmp_path / "tokens.yaml"
    file.write_text("- {uid: 'A', contract_id: 'NL-ABC-C00000001-1', whitelist: NEVER}\n")
    config = _config("NL*ABC", "An EMP", "127.0.0.1", 0, file, "garbage", False)
    assert (config.country_code, config.party_id) == ("NL", "ABC")
    assert config.tokens[0]["whitelist"] == "NEVER"
    assert config.answers.default.manner == "garbage"
    file.write_text("uid: A\n")
    with pytest.raises(Mistake, match="expected a list of tokens"):
        _config("NL*ABC", "An EMP", "127.0.0.1", 0, file, "ALLOWED", False)


@pytest.mark.real
def test_it_runs_until_it_is_told_to_stop() -> None:
    script = "from mock_peer.emp_command import emp; emp(['--port', '0', '--json'])"
    with subprocess.Popen([sys.executable, "-c", script], stdout=subprocess.PIPE, text=True) as run:
        assert run.stdout is not None
        line = run.stdout.readline()
        assert re.search(r'"versions_url":"http://127.0.0.1:\d+/ocpi/versions"', line)
        assert '"token_a"' in line
        run.send_signal(signal.SIGTERM)
        assert run.wait(timeout=60) != 0


@pytest.mark.real
def test_a_registration_that_fails_is_exit_3() -> None:
    script = (
        "from simulator.cli import run; from mock_peer.emp_command import emp; "
        "emp(['http://127.0.0.1:9/versions', '--token', 'A', '--port', '0'])"
    )
    ended = subprocess.run(
        [sys.executable, "-c", script], capture_output=True, text=True, timeout=60, check=False
    )
    assert "the registration failed" in ended.stderr
