"""Documents that cannot rot: whatever a user can name stands in them."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import pytest

from mock_peer.rules import RULES
from simulator.cli import COMMANDS, roamlab
from simulator.kernel.clock import Clock
from simulator.kernel.journal import LEGS, Journal
from simulator.mistakes import Exit
from simulator.world_file import PLUGS, SCHEMA, read_text
from tests.readme import capture, shown

ROOT = Path(__file__).parent.parent
DOCS = ROOT / "docs"
PAGES = [ROOT / "README.md", *sorted(DOCS.glob("*.md"))]


def page(name: str) -> str:
    return (DOCS / name).read_text(encoding="utf-8")


def options(name: str) -> Iterator[str]:
    command = roamlab.get_command(click.Context(roamlab), name)
    assert command is not None
    for parameter in command.params:
        if isinstance(parameter, click.Option) and not parameter.hidden:
            yield max(parameter.opts, key=len)


def section(text: str, heading: str) -> str:
    """From a heading to the next of its level."""
    level = heading.split(" ", 1)[0]
    body = text.split(f"\n{heading}", 1)[1]
    return re.split(rf"\n{level} ", body, maxsplit=1)[0]


@pytest.mark.parametrize("name", COMMANDS)
def test_every_command_and_option_stands_in_the_docs(name: str) -> None:
    text = page("cli.md")
    own = section(text, f"## `roamlab {name}")
    shared = section(text, "## Options that several commands share")
    elsewhere = page("peer.md") if name == "peer" else ""
    for option in options(name):
        assert f"`{option}" in own + shared + elsewhere, f"roamlab {name} {option}"


def test_every_exit_code_stands_in_the_docs() -> None:
    table = section(page("cli.md"), "## Exit codes")
    assert {int(code) for code in re.findall(r"^\| (\d+) \|", table, re.MULTILINE)} == set(Exit)


@pytest.mark.parametrize("rule", sorted({rule.id for rule in RULES}))
def test_every_rule_stands_in_the_docs(rule: str) -> None:
    assert f"`{rule}`" in page("rules.md")


def keys(schema: dict[str, Any]) -> Iterator[tuple[str, str]]:
    """Every key of a world file, with the section it belongs to."""
    for name in schema["properties"]:
        yield "top level", name
    for part, definition in schema["$defs"].items():
        for name in definition.get("properties", {}):
            yield part, name


@pytest.mark.parametrize(("part", "key"), list(keys(json.loads(SCHEMA.read_text()))))
def test_every_key_of_a_world_file_stands_in_the_docs(part: str, key: str) -> None:
    assert f"`{key}`" in page("worlds.md"), f"{part}: {key}"


@pytest.mark.parametrize("plug", PLUGS)
def test_every_built_in_plug_stands_in_the_docs(plug: str) -> None:
    assert f"`{plug}`" in page("worlds.md")


def test_the_world_in_the_docs_is_a_world() -> None:
    (example,) = re.findall(r"```yaml\n(.*?)```", page("worlds.md"), re.DOTALL)
    assert read_text(example).stations[0].id == "CP001"


def test_every_field_of_a_record_stands_in_the_docs() -> None:
    text = page("journal.md")
    journal = Journal(Clock("virtual"))
    record: Any = {
        **journal.event("cpo", "something"),
        **journal.ocpp(
            "cpo",
            "station/1",
            None,
            version="1.6",
            direction="sent",
            frame="[]",
            message_type=2,
            message_id="1",
            action=None,
        ),
        **journal.finding(
            "p", "cpo", None, rule="r", severity="warn", pointer="", seen=0, expected="",
            message_seq=1,
        ),
        **journal.ocpi(
            "cpo", "p", None, version=None, module=None, method="GET", url="", direction="sent",
            request_headers={}, request_body="", response_headers=None, response_body=None,
            http_status=None, status_code=None, ms=0,
        ),
    }  # fmt: skip
    for name in [*record, *journal.header, *LEGS]:
        assert f"`{name}`" in text or f'"{name}"' in text, name


def test_the_readme_shows_what_the_demo_prints() -> None:
    assert shown() == capture(), "make docs"


@pytest.mark.parametrize("path", PAGES, ids=lambda path: path.name)
def test_every_link_leads_somewhere(path: Path) -> None:
    for target in re.findall(r"\]\(([^)#\s]+)", path.read_text(encoding="utf-8")):
        if "://" not in target:
            assert (path.parent / target).exists(), target


def test_every_page_is_in_the_index() -> None:
    index = page("index.md")
    for path in DOCS.glob("*.md"):
        assert path.name == "index.md" or f"]({path.name})" in index, path.name
