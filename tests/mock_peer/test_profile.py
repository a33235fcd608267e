"""Connection profiles from JSON and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from mock_peer.profile import Profile, ProfileError, load, parse

WHOLE = """\
# What Plugsurfing asks, answered.
peer: plugsurfing
main_cpo: {name: Test CPO, country_code: DE, party_id: ABC}
cpos:
  - {name: Test CPO, country_code: DE, party_id: ABC}
  - name: Sub CPO
    country_code: NL
    party_id: X1Z
remote_start: false
remote_start_token_first: false
private_locations: depots behind a gate
cdr_right_after_session: true
rules:
  cdr.price: reject
  cdr.in-time: off
territory: [DEU, NLD]
strict: false
quirks: [published-pnc-example]
interruptions:
  - {since: 2026-01-15T07:00:00Z, until: 2026-01-15T08:00:00Z}
"""


def write(tmp_path: Path, text: str) -> Path:
    path = tmp_path / "profile.yaml"
    path.write_text(text)
    return path


def test_a_whole_profile_is_read(tmp_path: Path) -> None:
    text = WHOLE.replace("off", '"off"')
    profile = load(write(tmp_path, text))
    assert profile.rules == {"cdr.price": "reject", "cdr.in-time": "off"}
    assert [party.party_id for party in profile.cpos] == ["ABC", "X1Z"]
    assert profile.territory_of("2.2.1") == {"DEU", "NLD"}
    (gap,) = profile.told_interruptions
    assert gap.until is not None
    assert gap.since.tzinfo is not None
    assert parse(profile.to_json()) == profile


def test_off_needs_no_quotes(tmp_path: Path) -> None:
    assert load(write(tmp_path, WHOLE)).rules["cdr.in-time"] == "off"


def test_what_is_left_out_is_the_base(tmp_path: Path) -> None:
    base = Profile(strict=False, private_locations="x")
    merged = parse({"remote_start": False}, base=base)
    assert (merged.strict, merged.private_locations, merged.remote_start) == (False, "x", False)
    assert parse(None) == Profile()


@pytest.mark.parametrize(
    ("was", "becomes", "line", "words"),
    [
        ("cdr.price: reject", "cdr.prize: reject", 14, "Did you mean 'cdr.price'?"),
        ("cdr.price: reject", "cdr.price: refuse", 14, "refuse"),
        ("strict: false", "strikt: false", 17, "Did you mean 'strict'?"),
        ("strict: false", "strict: maybe", 17, "bool"),
        ("party_id: X1Z", "party_id: X", 8, "three letters or digits"),
        ("country_code: NL", "country_code: NLD", 7, "two letters"),
        ("[DEU, NLD]", "[DEU, Holland]", 16, "alpha-3"),
        ("peer: plugsurfing", "peer: plugsurf", 2, "Did you mean 'plugsurfing'?"),
        ("published-pnc-example", "published-example", 18, "no such quirk"),
        ("2026-01-15T07:00:00Z", "noon", 20, "datetime"),
        ("rules:", "rules: [", 15, "expected"),
    ],
)
def test_a_mistake_is_told_with_file_and_line(
    tmp_path: Path, was: str, becomes: str, line: int, words: str
) -> None:
    path = write(tmp_path, WHOLE.replace(was, becomes))
    with pytest.raises(ProfileError) as error:
        load(path)
    assert str(error.value).startswith(f"{path}:{line}"), str(error.value)
    assert words in str(error.value)


def test_an_unreadable_file_is_told(tmp_path: Path) -> None:
    with pytest.raises(ProfileError, match="cannot be read"):
        load(tmp_path / "none.yaml")
    with pytest.raises(ProfileError, match="expected an object"):
        load(write(tmp_path, "- a\n- b\n"))
