"""All errors of an object with their places: our samples are right, and no mutation goes unseen."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.ocpi.objects import KINDS
from simulator.ocpi.schema import schema_of
from simulator.ocpi.validate import What, errors, extras
from tests.simulator.ocpi.samples import kind_of, names, sample

JSON = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.decimals(allow_nan=False, allow_infinity=False)
    | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=8,
)


def broken(name: str, **changes: Any) -> list[tuple[str, What]]:
    """The problems of a sample with some fields changed."""
    found = errors(kind_of(name), {**sample(name), **changes}, "2.2.1")
    return [(problem.pointer, problem.what) for problem in found]


@pytest.mark.parametrize("name", names())
def test_our_samples_are_valid(name: str) -> None:
    partial = name.endswith(".patch")
    assert errors(kind_of(name), sample(name), "2.2.1", partial=partial) == []
    assert extras(kind_of(name), sample(name), "2.2.1") == []


def places(value: Any, pointer: str = "") -> Iterator[tuple[list[str | int], str]]:
    """Every leaf and node of an object, as path and JSON pointer."""
    if isinstance(value, dict):
        children: list[tuple[str | int, Any]] = list(value.items())
    elif isinstance(value, list):
        children = list(enumerate(value))
    else:
        return
    for step, child in children:
        yield [step], f"{pointer}/{step}"
        for path, deeper in places(child, f"{pointer}/{step}"):
            yield [step, *path], deeper


def set_at(value: Any, path: list[str | int], new: Any) -> Any:
    """A copy with one place changed."""
    changed = copy.deepcopy(value)
    node = changed
    for step in path[:-1]:
        node = node[step]
    node[path[-1]] = new
    return changed


@pytest.mark.parametrize("name", [n for n in names() if not n.endswith(".patch")])
def test_a_wrong_type_is_found_wherever_it_stands(name: str) -> None:
    obj = sample(name)
    for path, pointer in places(obj):
        for wrong in ([["list"]], {"no": "such"}):
            found = errors(kind_of(name), set_at(obj, path, wrong), "2.2.1")
            if found:
                break
        assert [p for p in found if p.pointer.startswith(pointer)], pointer


@pytest.mark.parametrize("kind", KINDS)
def test_an_empty_object_lacks_every_required_field(kind: str) -> None:
    found = errors(kind, {}, "2.2.1")
    assert {p.pointer[1:] for p in found} == set(schema_of(KINDS[kind])["required"])
    assert {p.what for p in found} == {What.MISSING}


def test_all_errors_are_listed_not_only_the_first() -> None:
    token = sample("token")
    del token["issuer"]
    token |= {"uid": "x" * 37, "valid": "true", "whitelist": "SOMETIMES", "last_updated": "now"}
    found = {p.pointer: p for p in errors("token", token, "2.2.1")}
    assert {pointer: p.what for pointer, p in found.items()} == {
        "/issuer": What.MISSING,
        "/uid": What.LENGTH,
        "/valid": What.TYPE,
        "/whitelist": What.ENUM,
        "/last_updated": What.FORMAT,
    }
    assert found["/issuer"].message == "/issuer: missing; expected string(64)"
    assert found["/valid"].message == "/valid: expected true or false, not 'true'"
    assert found["/uid"].expected == "CiString(36)"


@pytest.mark.parametrize(
    ("name", "changes", "expected"),
    [
        ("location", {"country": "DE"}, [("/country", What.FORMAT)]),
        ("location", {"country_code": "DEU"}, [("/country_code", What.FORMAT)]),
        ("location", {"address": "x" * 255}, []),
        ("location", {"address": "x" * 256}, [("/address", What.LENGTH)]),
        ("location", {"evses": []}, []),
        ("location", {"name": "two\nlines"}, [("/name", What.FORMAT)]),
        ("location", {"facilities": ["CAFE", "DISCO"]}, [("/facilities/1", What.ENUM)]),
        (
            "location",
            {"coordinates": {"latitude": "53.5502", "longitude": 9.99214}},
            [("/coordinates/latitude", What.FORMAT), ("/coordinates/longitude", What.TYPE)],
        ),
        ("location", {"coordinates": {"latitude": "-53.5502901", "longitude": "-126.1234567"}}, []),
        ("location", {"opening_times": {"twentyfourseven": False}}, [
            ("/opening_times/regular_hours", What.MISSING)
        ]),
        ("location", {"opening_times": {"twentyfourseven": False, "regular_hours": []}}, [
            ("/opening_times/regular_hours", What.CARDINALITY)
        ]),
        ("location", {"publish_allowed_to": [{"type": "RFID"}]}, [
            ("/publish_allowed_to/0", What.CONDITION)
        ]),
        ("location", {"publish_allowed_to": [{"uid": "1"}]}, [
            ("/publish_allowed_to/0/type", What.MISSING)
        ]),
        ("evse", {"connectors": []}, [("/connectors", What.CARDINALITY)]),
        ("evse", {"evse_id": "DE*SNN*Ä"}, [("/evse_id", What.FORMAT)]),
        ("connector", {"max_voltage": Decimal("229.5")}, [("/max_voltage", What.TYPE)]),
        ("connector", {"max_voltage": -1}, [("/max_voltage", What.RANGE)]),
        ("connector", {"terms_and_conditions": "www.x.example"}, [
            ("/terms_and_conditions", What.FORMAT)
        ]),
        ("connector", {"terms_and_conditions": "https://x.example/" + "y" * 240}, [
            ("/terms_and_conditions", What.LENGTH)
        ]),
        ("session", {"kwh": "14.35"}, [("/kwh", What.TYPE)]),
        ("session", {"status": "RESERVED"}, [("/status", What.ENUM)]),
        ("session", {"end_date_time": "2026-01-15T09:00:00+00:00"}, [
            ("/end_date_time", What.FORMAT)
        ]),
        ("cdr", {"id": "x" * 37}, [("/id", What.LENGTH)]),
        ("cdr.credit", {"id": "x" * 39}, []),
        ("cdr", {"credit": True}, [("/credit_reference_id", What.MISSING)]),
        ("cdr", {"total_cost": {"excl_vat": 1, "incl_vat": None}, "remark": None}, []),
        ("command.START_SESSION", {"evse_uid": ...}, [("/evse_uid", What.MISSING)]),
        ("credentials", {"token": "with space"}, [("/token", What.FORMAT)]),
        ("credentials", {"roles": []}, [("/roles", What.CARDINALITY)]),
    ],
)  # fmt: skip
def test_limits(name: str, changes: dict[str, Any], expected: list[tuple[str, What]]) -> None:
    obj = {**sample(name), **changes}
    obj = {field: value for field, value in obj.items() if value is not ...}
    if name == "cdr" and "credit" in changes:
        obj.pop("credit_reference_id", None)
    found = errors(kind_of(name), obj, "2.2.1")
    assert [(p.pointer, p.what) for p in found] == expected


def test_a_required_field_may_not_be_null() -> None:
    assert broken("token", uid=None) == [("/uid", What.TYPE)]


def test_a_condition_says_what_it_wants_and_why() -> None:
    location = {**sample("location"), "opening_times": {"twentyfourseven": False}}
    (problem,) = errors("location", location, "2.2.1")
    assert problem.expected == "regular hours, as it is not open 24 hours, 7 days"


def test_unknown_enum_values_can_be_tolerated() -> None:
    token = {**sample("token"), "type": "EMAID"}
    assert [p.what for p in errors("token", token, "2.2.1")] == [What.ENUM]
    assert errors("token", token, "2.2.1", unknown_enums=False) == []


def test_unknown_fields_are_no_errors_and_can_be_listed() -> None:
    location = sample("location")
    location["evses"][1]["connectors"][0]["capa/bilities"] = ["X"]
    location["help_phone"] = "+49"
    assert errors("location", location, "2.2.1") == []
    assert extras("location", location, "2.2.1") == [
        "/evses/1/connectors/0/capa~1bilities",
        "/help_phone",
    ]


def test_a_patch_is_any_part_with_last_updated() -> None:
    assert errors("evse", sample("evse.patch"), "2.2.1", partial=True) == []
    found = errors("evse", {"status": "ON"}, "2.2.1", partial=True)
    assert [(p.pointer, p.what) for p in found] == [
        ("/last_updated", What.MISSING),
        ("/status", What.ENUM),
    ] or [(p.pointer, p.what) for p in found] == [
        ("/status", What.ENUM),
        ("/last_updated", What.MISSING),
    ]


def test_long_values_are_cut_in_words_not_in_seen() -> None:
    problem = errors("token", {**sample("token"), "uid": "x" * 500}, "2.2.1")[0]
    assert len(problem.message) < 150 and len(problem.seen) == 500


def test_an_unknown_kind_is_the_caller_s_mistake() -> None:
    with pytest.raises(KeyError):
        errors("invoice", {}, "2.2.1")


@given(JSON)
def test_any_json_is_judged_without_an_exception(value: Any) -> None:
    for kind in ("location", "cdr", "credentials"):
        assert errors(kind, value, "2.2.1")
        extras(kind, value, "2.2.1")
