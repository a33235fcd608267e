"""What is misspelt is told before anything runs; patterns and variables are left alone."""

from __future__ import annotations

import pytest

from simulator.scenario.match import Match, MatchError
from simulator.scenario.spoken import misspelt


@pytest.mark.parametrize(
    ("leg", "name", "words"),
    [
        ("ocpp", "Authorise", "no OCPP action is called 'Authorise'. Did you mean 'Authorize'?"),
        ("ocpp", "authorize", "Did you mean 'Authorize'?"),
        ("ocpp", "StartTransactions", "Did you mean 'StartTransaction'?"),
        ("ocpi", "POST cdr", "no OCPI module is called 'cdr'. Did you mean 'cdrs'?"),
        ("ocpi", "post cdrs", "no OCPI method is called 'post'. Did you mean 'POST'?"),
        ("ocpi", "POTS  cdrs", "Did you mean 'POST'?"),
        ("ocpi", "POST cdrs now", "no OCPI module is called 'cdrs now'. Did you mean 'cdrs'?"),
        ("ocpi", "location", "no OCPI method or module is called 'location'."),
        ("ocpi", "PATHC", "Did you mean 'PATCH'?"),
        ("ocpi", "* session", "Did you mean 'sessions'?"),
        ("fault", "dropp", "no fault is called 'dropp'. Did you mean 'drop'?"),
        ("event", "cdr.acepted", "no event is called 'cdr.acepted'. Did you mean 'cdr.accepted'?"),
        ("event", "transaction.startet", "Did you mean 'transaction.started'?"),
        ("finding", "cdr.prise", "no rule is called 'cdr.prise'. Did you mean 'cdr.price'?"),
    ],
)
def test_what_no_message_is_called(leg: str, name: str, words: str) -> None:
    assert words in (misspelt(leg, name) or "")
    with pytest.raises(MatchError) as caught:
        Match.parse({leg: name})
    assert words in str(caught.value)
    assert caught.value.field == leg


@pytest.mark.parametrize(
    ("leg", "name"),
    [
        ("ocpp", "*"), ("ocpp", "Start*"), ("ocpp", "Vendor?"), ("ocpp", "${action}"),
        ("ocpp", "NotifyPeriodicEventStream"), ("ocpp", "SignedUpdateFirmware"),
        ("ocpi", "*"), ("ocpi", "* tariffs"), ("ocpi", "GET versions"), ("ocpi", "GET -"),
        ("ocpi", "PUT chargingprofiles"), ("ocpi", "PUT hubclientinfo"), ("ocpi", "DELETE"),
        ("ocpi", "POST nltnm-*"), ("ocpi", "OPTION? cdrs"), ("ocpi", "${method} cdrs"),
        ("fault", "hold"), ("fault", "ocsp_*"), ("fault", "*"),
        ("event", "cdr.made"), ("event", "cdr.*"), ("event", "my-own.eventful*"),
        ("event", "${event}"), ("finding", "cdr.*"), ("finding", "roam.cdr-retry"),
    ],
)  # fmt: skip
def test_what_can_be_looked_for(leg: str, name: str) -> None:
    assert misspelt(leg, name) is None
    assert Match.parse({leg: name})


@pytest.mark.parametrize(
    ("field", "wanted", "words"),
    [
        ("direction", "sendt", "never 'sendt'. Did you mean 'sent'?"),
        ("severity", "rejct", "never 'rejct'. Did you mean 'reject'?"),
        ("severity", "Reject", "Did you mean 'reject'?"),
        ("status", "1000", "expected a number, or comparators, not text: '1000'"),
        ("http", "200", "expected a number"),
        ("status", {"gte": 2000}, "no comparator 'gte'. Did you mean '"),
        ("by", {}, "no comparator ''."),
    ],
)
def test_what_a_fact_can_never_be_is_told_before_anything_runs(
    field: str, wanted: object, words: str
) -> None:
    with pytest.raises(MatchError) as caught:
        Match.parse({"ocpi": "POST cdrs", field: wanted})
    assert (caught.value.field, words in caught.value.why) == (field, True)


@pytest.mark.parametrize(
    ("field", "wanted"),
    [
        ("direction", "received"), ("direction", "${way}"), ("severity", "note"),
        ("severity", {"in": ["drop", "warn"]}), ("status", 2001), ("status", "${status}"),
        ("status", {"ge": 2000}), ("http", 404), ("by", "a-custom-peer"), ("seen", "1000"),
        ("seen", {"currency": "EUR"}),
    ],
)  # fmt: skip
def test_what_a_fact_can_be(field: str, wanted: object) -> None:
    assert Match.parse({"filter": "~err", field: wanted})
