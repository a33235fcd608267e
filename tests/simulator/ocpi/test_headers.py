"""Token forms, message ids, routing."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from simulator.kernel.chance import Chance
from simulator.ocpi.headers import (
    MessageIds,
    Party,
    Routing,
    Seen,
    authorization,
    candidates,
    token_of,
)
from simulator.wire.http import Headers

TOKENS = st.text(st.characters(min_codepoint=0x21, max_codepoint=0x7E), min_size=1, max_size=64)


def test_base64_without_a_newline_and_raw() -> None:
    assert authorization("example-token", "base64") == "Token ZXhhbXBsZS10b2tlbg=="
    assert authorization("example-token", "raw") == "Token example-token"


def test_the_specification_s_example_hides_a_newline() -> None:
    headers = Headers({"authorization": "Token ZXhhbXBsZS10b2tlbgo="})
    assert token_of(headers) == "example-token"


@given(TOKENS)
def test_each_form_is_among_the_candidates(token: str) -> None:
    for form in ("base64", "raw"):
        headers = {"Authorization": authorization(token, form)}
        assert Seen(token, form) in candidates(headers)
        assert candidates(headers, form)[0] == Seen(token, form)


def test_a_raw_token_that_looks_encoded_is_offered_as_both() -> None:
    seen = candidates({"Authorization": "Token YWJj"})
    assert seen == (Seen("abc", "base64"), Seen("YWJj", "raw"))
    assert candidates({"Authorization": "Token YWJj"}, "raw")[0] == Seen("YWJj", "raw")


def test_missing_padding_and_scheme_in_lower_case_are_read() -> None:
    assert token_of({"Authorization": "token ZXhhbXBsZS10b2tlbg"}) == "example-token"


@pytest.mark.parametrize("value", ["", "Token", "Token ", "Bearer abc", "Basic YWJj"])
def test_no_token(value: str) -> None:
    assert candidates({"Authorization": value}) == ()
    assert token_of({"Authorization": value}) is None
    assert token_of({}) is None


@given(st.text(max_size=80))
def test_any_header_is_read_without_an_exception(value: str) -> None:
    candidates({"Authorization": value})
    candidates({"Authorization": f"Token {value}"})


def test_message_ids_are_drawn_echoed_and_missed(chance: Chance) -> None:
    ids = MessageIds.new(chance)
    assert ids.request_id != ids.correlation_id
    assert MessageIds.of(Headers(ids.headers())) == ids
    assert MessageIds.new(chance, "known").correlation_id == "known"
    assert MessageIds.of({}).missing == ("X-Request-ID", "X-Correlation-ID")
    assert MessageIds.of({}).headers() == {}
    assert MessageIds.of({"X-Request-ID": "1"}).missing == ("X-Correlation-ID",)


def test_routing_turns_round_for_the_answer() -> None:
    routing = Routing(sender=Party("DE", "ABC"), receiver=Party("DE", "8PS"))
    fields = routing.headers()
    assert fields == {
        "OCPI-to-country-code": "DE",
        "OCPI-to-party-id": "8PS",
        "OCPI-from-country-code": "DE",
        "OCPI-from-party-id": "ABC",
    }
    assert Routing.of(Headers(fields)) == routing
    assert routing.answered() == Routing(Party("DE", "8PS"), Party("DE", "ABC"))


def test_half_a_party_is_none() -> None:
    assert Routing.of({"OCPI-to-country-code": "DE"}) == Routing()
    assert Routing().headers() == {}


def test_parties_are_the_same_without_regard_to_case() -> None:
    assert Party("de", "8ps").same(Party("DE", "8PS"))
    assert not Party("DE", "8PS").same(Party("NL", "8PS"))
    assert str(Party("DE", "8PS")) == "DE*8PS"
