"""Start the systems under test; each prints where it listens."""

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@contextmanager
def running(module: str) -> Iterator[str]:
    """A program of ours, and the URL that it prints once it serves."""
    command = [sys.executable, "-m", module]
    with subprocess.Popen(command, cwd=HERE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        yield process.stdout.readline().strip()
        process.terminate()


@pytest.fixture(scope="session")
def csms() -> Iterator[str]:
    with running("backend.csms") as url:
        yield url


@pytest.fixture
def backend() -> Iterator[str]:
    with running("backend.ocpi") as url:
        yield url
