"""`roamlab peer` as a process."""

from __future__ import annotations

import json
import signal
import socket
import subprocess
import sys
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import Any

import pytest


def command(*arguments: str) -> list[str]:
    return [sys.executable, "-m", "mock_peer", *arguments]


@contextmanager
def running(*arguments: str) -> Iterator[tuple[subprocess.Popen[str], Any]]:
    process = subprocess.Popen(
        command("--port", "0", "--json", *arguments),
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        line = process.stdout.readline()
        yield process, json.loads(line)
    finally:
        process.kill()
        process.communicate()


def test_it_says_what_a_cpo_needs_and_ends_on_ctrl_c(tmp_path: Path) -> None:
    journal = tmp_path / "peer.ndjson"
    with running("--seed", "7", "--journal", str(journal), "--silent") as (process, facts):
        assert facts["strict"] is False
        request = urllib.request.Request(
            facts["versions_url"], headers={"Authorization": f"Token {facts['token_a']}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert json.load(answer)["data"][0]["version"]
        with urllib.request.urlopen(f"{facts['control_url']}/connections", timeout=60) as answer:
            assert json.load(answer)["token_a"] == facts["token_a"]
        process.send_signal(signal.SIGINT)
        assert process.wait(timeout=60) == 130
    lines = [json.loads(line) for line in journal.read_text().splitlines()]
    assert lines[0]["format"] == "roamlab-journal/1"
    assert any(line.get("leg") == "ocpi" for line in lines[1:])
    assert facts["token_a"] not in journal.read_text()


def test_it_tells_each_exchange_and_each_broken_rule_line_by_line() -> None:
    process = subprocess.Popen(
        command("--port", "0"), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True
    )
    try:
        assert process.stdout is not None
        told = {}
        while "Ctrl-C" not in (line := process.stdout.readline()):
            told[line.strip().split("  ")[0]] = line.split()
        versions, token = told["versions url"][2], told["token a"][2]
        request = urllib.request.Request(
            versions, headers={"Authorization": f"Token {token}"}, method="GET"
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            assert answer.status == 200
        assert "GET versions: HTTP 200, OCPI 1000" in process.stdout.readline()
        empty = urllib.request.Request(
            versions.replace("versions", "2.2.1/credentials"), data=b"{}", method="POST",
            headers={"Authorization": f"Token {token}", "Content-Type": "application/json"},
        )  # fmt: skip
        with suppress(urllib.error.HTTPError), urllib.request.urlopen(empty, timeout=60):
            pass
        said = [process.stdout.readline() for _ in range(2)]
        assert any("warn: credentials.valid at /token: expected" in line for line in said), said
    finally:
        process.kill()
        process.communicate()


def test_it_offers_only_the_versions_that_are_asked_for() -> None:
    with running("--ocpi", "2.1.1", "--ocpi", "2.2", "--ocpi", "2.1.1") as (_, facts):
        request = urllib.request.Request(
            facts["versions_url"], headers={"Authorization": f"Token {facts['token_a']}"}
        )
        with urllib.request.urlopen(request, timeout=60) as answer:
            listed = [row["version"] for row in json.load(answer)["data"]]
    assert listed == ["2.1.1", "2.2"]


@pytest.mark.parametrize(
    ("arguments", "code", "words"),
    [
        (("--profile", "none.yaml"), 2, "none.yaml: cannot be read"),
        (("--clock", "virtual"), 2, "real or scaled"),
        (("--port", "99999"), 2, "99999"),
        (("--ocpi", "2.2.2"), 2, "no OCPI version '2.2.2' here. Did you mean '2.2"),
        (("--ocpi", "2.2", "--ocpi", "3.0-dev"), 2, "3.0-dev"),
        (("--tokens", "none.yaml"), 2, "none.yaml"),
        (("--database", "/none/book.db"), 2, "/none/book.db"),
    ],
)
def test_a_mistake_is_one_line_and_exit_2(
    arguments: tuple[str, ...], code: int, words: str
) -> None:
    done = subprocess.run(command(*arguments), capture_output=True, text=True, timeout=60)
    assert done.returncode == code
    assert words in done.stderr
    assert "Traceback" not in done.stderr


def test_a_port_in_use_is_exit_3() -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = subprocess.run(command("--port", port), capture_output=True, text=True, timeout=60)
    assert done.returncode == 3
    assert port in done.stderr
