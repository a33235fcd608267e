"""The rule table: complete, well formed, and proof against any JSON."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from mock_peer import rules
from mock_peer.known import Known
from mock_peer.profile import Profile
from mock_peer.rule import ALL, Context, Face, Occasion, Severity
from mock_peer.rules_markdown import rules_markdown
from simulator.ocpi.versions import VERSIONS
from tests.mock_peer import objects as o
from tests.mock_peer import (
    test_rules_211,
    test_rules_cdr,
    test_rules_connection,
    test_rules_location,
    test_rules_session,
    test_rules_tariff,
    test_rules_token,
)
from tests.mock_peer.cases import Case, asked, check, known

CASES = [
    *test_rules_connection.CASES,
    *test_rules_location.CASES,
    *test_rules_tariff.CASES,
    *test_rules_token.CASES,
    *test_rules_session.CASES,
    *test_rules_cdr.CASES,
    *test_rules_211.CASES,
]
# What holds in 2.2.1 is judged over 2.2 as well: the two differ in what no rule looks at.
CASES_22 = [
    replace(case, version="2.2")
    for case in CASES
    if case.version == "2.2.1" and "2.2" in rules.BY_ID[case.rule].versions
]
# Broken by being sent at all: tested one by one, since nothing satisfies them.
ALWAYS_BROKEN = {"credentials.before-data", "token.never-patched"}
OCCASIONS = [occasion for occasion in Occasion if not occasion.value.startswith("roam")]
FACE_A = """
credentials.roles-unique credentials.before-data location.valid location.territory location.unique
location.patch-scope location.publish location.one-tariff location.pnc-capability
tariff.regular-only tariff.unsupported-211 authorize.location-reference authorize.territory
authorize.token authorize.reference-issued session.no-preferences session.start-denied
session.required-for-remote cdr.valid cdr.unaltered cdr.in-time cdr.authorization-reference
cdr.realtime-only cdr.known-location cdr.not-negative cdr.no-credit cdr.price cdr.home-charging
token.never-patched token.fields token.pnc quirk.published-pnc-example
""".split()  # noqa: SIM905


def test_every_rule_that_was_agreed_is_there() -> None:
    assert set(FACE_A) <= {rule.id for rule in rules.RULES if rule.face is Face.A}
    assert len([rule for rule in rules.RULES if rule.face is Face.B]) >= 29


@pytest.mark.parametrize(
    "rule", [r for r in rules.RULES if r.checks and r.face is Face.A], ids=lambda r: r.id
)
def test_every_judged_rule_has_a_test_that_breaks_it_and_one_that_satisfies_it(rule: Any) -> None:
    assert rule.id in ALWAYS_BROKEN or rule.id in {case.rule for case in CASES}


@pytest.mark.parametrize(
    ("rule_id", "version"),
    [
        (rule.id, version)
        for rule in rules.RULES
        if rule.checks and rule.face is Face.A and rule.id not in ALWAYS_BROKEN
        for version in rule.versions
    ],
)
def test_every_judged_rule_is_tested_in_every_version(rule_id: str, version: str) -> None:
    assert (rule_id, version) in {(case.rule, case.version) for case in [*CASES, *CASES_22]}


@pytest.mark.parametrize("case", CASES_22, ids=str)
def test_rule_in_22(case: Case) -> None:
    check(case)


@pytest.mark.parametrize("rule", rules.RULES, ids=lambda r: r.id)
def test_every_row_is_well_formed(rule: Any) -> None:
    assert set(rule.versions) <= set(ALL)
    assert rule.statement
    assert not rule.statement.endswith(".")
    assert all(source in rules.SOURCES for source in rule.source.split(", "))
    if rule.checks and rule.face is Face.A:
        assert rule.hint.endswith("."), "what is judged says what to do"
    if rule.severity is Severity.REJECT:
        assert rule.answers != "1000"


def test_ids_are_unique() -> None:
    assert len(rules.BY_ID) == len(rules.RULES)


json_values = st.recursive(
    st.none()
    | st.booleans()
    | st.integers(-(10**30), 10**30)
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8)
    | st.sampled_from(["LOC1", "T1", o.CARD, o.AT, "RFID", "ref-1", "HCC_E", "ENERGY", "9" * 5000]),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(
            st.sampled_from(
                sorted(
                    {*o.location(), *o.evse(), *o.connector(), *o.tariff(), *o.session(), *o.cdr()}
                    | {"dimensions", "type", "volume", "uid", "excl_vat", "missing", "endpoints"}
                )
            )
            | st.text(max_size=3),
            inner,
            max_size=5,
        )
    ),
    max_leaves=12,
)


@settings(max_examples=300, deadline=None)
@given(st.sampled_from(OCCASIONS), st.sampled_from(sorted(VERSIONS)), json_values)
def test_any_json_is_judged_and_nothing_raises(occasion: Occasion, version: str, body: Any) -> None:
    for knows in (Known(), asked()()):
        rules.evaluate(occasion, body, Context(version, o.NOW, knows, Profile()))


@settings(max_examples=200, deadline=None)
@given(st.data())
def test_a_spoiled_object_is_judged_and_nothing_raises(data: st.DataObject) -> None:
    """One place of a good object holds anything."""
    body: Any = data.draw(st.sampled_from([o.cdr(reference="ref-1"), o.location(), o.tariff()]))
    here = body
    while True:
        name = data.draw(st.sampled_from(sorted(here) if isinstance(here, dict) else [0]))
        inner = here[name]
        if not (isinstance(inner, dict | list) and inner) or data.draw(st.booleans()):
            here[name] = data.draw(json_values)
            break
        here = inner
    for occasion in (Occasion.CDR, Occasion.LOCATION, Occasion.TARIFF):
        rules.evaluate(occasion, body, Context("2.2.1", o.NOW, known(), Profile()))


def test_the_document_is_the_table() -> None:
    path = Path(__file__).parents[2] / "docs" / "rules.md"
    assert path.read_text() == rules_markdown(), (
        "python -m mock_peer.rules_markdown > docs/rules.md"
    )
