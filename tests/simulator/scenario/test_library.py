"""The library: every file reads and ends as it says, every rule has one, the README lists them."""

from __future__ import annotations

import re
from collections import Counter
from pathlib import Path

import pytest

from mock_peer.rule import V221, Face, Rule, Severity
from mock_peer.rules import RULES
from simulator.scenario.collect import files
from simulator.scenario.runner import run
from simulator.scenario.schema import read
from tests.scenario_list import FOLDERS, LIBRARY, field, listed, shown

FILES = files([str(LIBRARY)])
# Face -> where the scenarios of its rules are: `<folder>/<id>.yaml`, and nowhere else.
FOLDER_OF = {Face.A: "rules", Face.B: "roam"}
# Rules that nobody is seen to break, for Plugsurfing keeps them itself: id -> what to know.
KEPT_ONLY = {
    "authorize.reference-issued": "the mock issues the references",
    "token.never-patched": "the mock pushes the tokens",
    "token.fields": "the mock pushes the tokens",
    "token.pnc": "the mock pushes the tokens",
    "quirk.published-pnc-example": "a switch of the mock, without a finding",
    "roam.unique-ids": "Roam issues the ids: an EMP cannot tell which it did",
    "roam.locations-delta": "Roam alone knows when a location changed",
    "roam.locations-removed": "Roam alone knows what the CPO has removed",
    "roam.locations-countries": "Roam alone knows whom the organisation blocked",
    "roam.token-issuer": "Roam writes it into the tokens for CPOs",
    "roam.original-protocol": "Roam alone knows whether the key is certain",
}
# Rules without a scenario of their own: id -> the reason.
WITHOUT: dict[str, str] = {}


def name_of(path: Path) -> str:
    """The file as it is called from the library's folder."""
    return path.relative_to(LIBRARY).with_suffix("").as_posix()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_every_run_ends_as_its_file_says(path: Path) -> None:
    outcomes = [run(scenario) for scenario in read(path)]
    wrong = [f"{o.title}: {o.verdict}: {o.why}\n{o.details}" for o in outcomes if not o.ok]
    assert not wrong, "\n".join(wrong)
    remarks = [f"{o.title}: {remark}" for o in outcomes for remark in o.remarks]
    assert not remarks, "a fault that never strikes shows nothing"
    assert any(outcome.steps for outcome in outcomes), "it applies nowhere"


def test_names_are_unique_and_every_scenario_has_a_purpose_and_tags() -> None:
    names = Counter(field(path, "name") for path in FILES)
    assert [name for name, count in names.items() if count > 1] == []
    for word in ("name", "purpose", "tags"):
        assert [name_of(path) for path in FILES if not field(path, word)] == []


def test_every_folder_is_in_the_readme() -> None:
    assert {path.parent.name for path in FILES} <= set(FOLDERS)
    assert shown() == listed(), "python -m tests.scenario_list renews it"


@pytest.mark.parametrize("rule", RULES, ids=lambda rule: rule.id)
def test_every_rule_is_kept_and_broken_in_a_scenario_of_its_own(rule: Rule) -> None:
    path = LIBRARY / FOLDER_OF[rule.face] / f"{rule.id}.yaml"
    assert path.exists() is not (rule.id in WITHOUT), "a scenario, or a reason why there is none"
    if rule.id in WITHOUT:
        return
    scenarios = read(path)
    # Roam speaks 2.2.1 alone, whatever the CPO behind it does.
    spoken = [s.values.get("ocpi", V221 if rule.face is Face.B else None) for s in scenarios]
    assert {str(version) for version in spoken} == set(rule.versions)
    steps = [a for a in scenarios[0].actions if isinstance(a.given, dict)]
    found = {a.name: a for a in steps if a.given.get("finding") == rule.id}
    assert "never" in found or rule.id.startswith("quirk."), "it is kept"
    assert ("expect" in found) is (rule.id not in KEPT_ONLY), "it is broken, unless nobody can"
    if "expect" in found:
        severity = rule.severity or Severity.NOTE
        assert found["expect"].given.get("severity") == str(severity)
        assert found["never"].line < found["expect"].line, "first kept, then broken"


@pytest.mark.parametrize("face", Face, ids=str)
def test_the_folders_of_rules_hold_nothing_else(face: Face) -> None:
    known = {rule.id for rule in RULES if rule.face is face}
    more = {path.stem for path in (LIBRARY / FOLDER_OF[face]).glob("*.yaml")} - known
    assert more == ({"agreed-exception", "silent"} if face is Face.A else set())


def test_the_reasons_name_rules_that_there_are() -> None:
    assert {*KEPT_ONLY, *WITHOUT} <= {rule.id for rule in RULES}
    kept = {rule.id for rule in RULES if rule.severity is None}
    assert set(KEPT_ONLY) <= kept
    assert {name for name in kept - set(KEPT_ONLY) if not name.startswith("roam.")} == set()


@pytest.mark.parametrize(
    ("world", "name"), [("small", "rules/cdr.not-negative"), ("roam", "roam/roam.capabilities")]
)
def test_a_scenario_of_a_rule_fails_where_the_rule_is_not_broken(
    tmp_path: Path, world: str, name: str
) -> None:
    text = (LIBRARY / f"{name}.yaml").read_text(encoding="utf-8")
    text = text.replace(f"../worlds/{world}.yaml", str(LIBRARY / "worlds" / f"{world}.yaml"))
    mended = tmp_path / "mended.yaml"
    mended.write_text(re.sub(r"\n  - fault:.*", "", text), encoding="utf-8")
    outcome = run(read(mended)[-1])
    assert outcome.verdict == "FAIL" and name.partition("/")[2] in str(outcome.why)


def test_a_scenario_of_a_wrong_token_fails_where_the_token_is_right(tmp_path: Path) -> None:
    text = (LIBRARY / "registration" / "wrong_token.yaml").read_text(encoding="utf-8")
    text = text.replace("../worlds/small.yaml", str(LIBRARY / "worlds" / "small.yaml"))
    right = tmp_path / "right.yaml"
    right.write_text(text.replace(" token_a: wrong,", ""), encoding="utf-8")
    outcome = run(read(right)[-1])
    assert (outcome.verdict, outcome.line) == ("FAIL", 9)
    assert outcome.why == "register: plugsurfing and the CPO did register"
