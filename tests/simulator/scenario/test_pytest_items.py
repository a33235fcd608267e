"""Scenario files as items of pytest: what fixtures and the command line give them."""

from __future__ import annotations

import pytest

from .stage import scenario_file
from .test_pytest_plugin import pytest_here

SYSTEM = """
import pytest

@pytest.fixture(scope="module", autouse=True)
def started():
    yield

@pytest.fixture(scope="session")
def backend():
    return {"port": 4711}

@pytest.fixture
def roamlab_values(backend, request):
    return {"host": f"backend-{backend['port']}", "card": "04AA", "unknown": 1}
"""
REACHES = """
name: reaches-{name}
world: tiny.yaml
change: {{/cpo/name: "of ${{host}}"}}
values: {{host: nobody, card: 0123}}
matrix: {{n: [1, 2]}}
steps:
  - note: "${{n}}: ${{card}} at ${{host}}"
  - expect: {{step: note, where: {{/arguments/text: "{told}"}}, within: 0}}
"""


def test_scenarios_are_given_values_by_fixtures_and_on_the_command_line(
    pytester: pytest.Pytester,
) -> None:
    tmp_path = pytester.path
    (tmp_path / "pytest.ini").write_text("[pytest]\nroamlab_scenarios = own\n")
    (tmp_path / "own").mkdir()

    def given(told: str, *options: str) -> str:
        text = REACHES.format(name="it", told=told)
        scenario_file(tmp_path / "own", text, "it.yaml")
        return pytest_here(pytester, *options)

    assert "2 passed" in given("${n}: 0123 at nobody")
    on_line = given("${n}: 0123 at there:9", "--roamlab-set", "host=there:9")
    assert "2 passed" in on_line, on_line[-3000:]
    (tmp_path / "conftest.py").write_text(SYSTEM)
    by_fixture = given("${n}: 04AA at backend-4711")
    assert "2 passed" in by_fixture, by_fixture[-3000:]
    assert "2 passed" in given("${n}: 04AA at there", "--roamlab-set", "host=there")
    assert "2 failed" in given("${n}: 0123 at nobody")
    assert "expected NAME=VALUE" in given("", "--roamlab-set", "host")
