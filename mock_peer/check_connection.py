"""The checks of any connection, whoever is on the other side: versions, handshake, transport.

Rule: one row each, in the order in which a report tells them; the tests stand in `check_rulings`,
here are those that only this table needs.
"""

from __future__ import annotations

from mock_peer import check_rulings as judge
from mock_peer import raw
from mock_peer.check_evidence import Evidence, Exchange
from mock_peer.check_model import Ruling, failed, not_applicable, not_exercised, passed
from mock_peer.check_rulings import Check, every, http, is_ok, probe
from mock_peer.rule import ALL, V22X

# What is noted under this name tells why it did not come to a registration.
REGISTRATION = "registration"


def _versions(exchange: Exchange) -> bool:
    listed = raw.items(exchange.answer, "/data")
    return exchange.ok and any(raw.text(entry, "/version") in ALL for entry in listed)


def _details(evidence: Evidence) -> Ruling:
    asked = evidence.sent("versions", "GET")
    found = [e for e in asked if raw.items(e.data, "/endpoints")]
    if not found and not any(map(_versions, asked)):
        why = "no version was found whose details could be asked for"
        return not_exercised(_cut_short(evidence) or why)
    if not found:
        return failed("no answer listed endpoints", [e.seq for e in asked[-1:]])
    invalid = judge.invalid("version_details", evidence.version)
    return every(lambda _: found[-1:], invalid, "")(evidence)


def _registration(evidence: Evidence) -> Ruling:
    who_posts = evidence.received if evidence.invited else evidence.sent
    posted = who_posts("credentials", "POST")
    if not posted and (why := _cut_short(evidence)):
        return not_exercised(why)
    if evidence.refused or not posted:
        why = evidence.refused or "it did not come to POST credentials"
        return failed(why, [e.seq for e in posted])
    return every(lambda _: posted[-1:], judge.not_ok, "")(evidence)


def _call_back(evidence: Evidence) -> Ruling:
    looked = evidence.received("versions", "GET")
    if len(looked) >= 2:
        return passed([e.seq for e in looked[:2]], "versions and details were fetched")
    if not looked and (why := _cut_short(evidence)):
        return not_exercised(why)
    if not evidence.invited and not evidence.sent("credentials", "POST"):
        return not_exercised("it did not come to POST credentials")
    return failed(
        f"expected GETs of our versions and details with our new token, not {len(looked)}",
        [e.seq for e in looked],
    )


def _cut_short(evidence: Evidence) -> str:
    """Why nobody can be blamed for a registration that did not come about; empty: they can."""
    return evidence.notes.get(REGISTRATION, "")


def _unasked_silence(evidence: Evidence) -> list[Exchange]:
    """What we sent, but for authorizations: an EMP is asked to leave one without an answer."""
    sent = (e for e in evidence.exchanges if not e.received)
    return [e for e in sent if (e.module, e.method) != ("tokens", "POST")]


def _token_a(evidence: Evidence) -> Ruling:
    if evidence.invited:
        return not_applicable("you began the registration: token A was ours")
    return probe("token A again", "HTTP 401", http(401))(evidence)


# Id, module, versions, source; what holds; what to do; the test.
# fmt: off
CONNECTION_CHECKS: tuple[Check, ...] = (
    Check("check.versions", "versions", ALL, "SPEC",
          "the versions endpoint lists a version that Plugsurfing speaks",
          "Answer token A with a list of {version, url}; offer 2.2.1 (a CPO: 2.2 or 2.1.1).",
          probe("versions", "a list with 2.1.1, 2.2 or 2.2.1", _versions)),
    Check("check.no-token", "versions", ALL, "SPEC",
          "a request without a token is answered HTTP 401",
          "Refuse requests without an Authorization header, the versions endpoint's too.",
          probe("no token", "HTTP 401", http(401))),
    Check("check.unknown-token", "versions", ALL, "SPEC",
          "a request with an unknown token is answered HTTP 401",
          "Compare the token; from 2.2 on decode its Base64 first.",
          probe("unknown token", "HTTP 401", http(401))),
    Check("check.details", "versions", ALL, "SPEC",
          "the version details list endpoints as the version has them",
          "List {identifier, url}; from 2.2 on with the interface role.",
          _details),
    Check("check.registration", "credentials", ALL, "SPEC",
          "POST credentials comes about, and both sides have credentials",
          "Answer 1000 with your own token, URL and roles; if you begin, POST them with token A.",
          _registration),
    Check("check.call-back", "credentials", ALL, "SPEC",
          "while a registration is under way, our versions and details are fetched",
          "Fetch them before you answer our POST, or before you send your own.",
          _call_back),
    Check("check.token-a", "credentials", ALL, "SPEC",
          "token A is worth nothing once the registration is done",
          "Replace token A by the one that you answered with.",
          _token_a),
    Check("check.credentials-get", "credentials", ALL, "SPEC",
          "GET credentials shows your credentials",
          "Answer with the same object as to POST.",
          probe("credentials", "HTTP 200, OCPI 1000", is_ok)),
    Check("check.update", "credentials", ALL, "SPEC",
          "PUT credentials is answered with credentials: both tokens are new from then on",
          "Take our new token, and answer with a new one of yours.",
          every(lambda e: e.sent("credentials", "PUT"), judge.not_ok, "it did not come to that")),
    Check("check.registered-twice", "credentials", ALL, "SPEC",
          "a second POST credentials is answered HTTP 405",
          "Only PUT and DELETE are there for a registered peer.",
          probe("registered twice", "HTTP 405", http(405))),
    Check("check.unregistration", "credentials", ALL, "SPEC",
          "DELETE credentials ends the connection",
          "Answer 1000, and forget the tokens.",
          every(lambda e: e.sent("credentials", "DELETE"), judge.not_ok, "it was kept")),
    Check("check.ended-token", "credentials", ALL, "SPEC",
          "the token of an ended connection is answered HTTP 401",
          "Forget the tokens with the connection.",
          probe("token of an ended connection", "HTTP 401", http(401))),
    Check("check.answers", "transport", ALL, "SPEC",
          "each request is answered, in HTTP and in time",
          "Answer within 30 s; do not close the connection before.",
          every(_unasked_silence, judge.unanswered, "nothing was asked")),
    Check("check.envelope", "transport", ALL, "SPEC",
          "each answer is an OCPI envelope with a status_code",
          "Wrap data in {data, status_code, status_message, timestamp}.",
          every(judge.good_answers, judge.no_envelope, "nothing was answered")),
    Check("check.timestamp", "transport", ALL, "SPEC",
          "each envelope carries a timestamp, a DateTime in UTC",
          "Write 2026-01-15T07:00:00Z; never an offset.",
          every(judge.envelopes, judge.bad_timestamp, "no envelope came")),
    Check("check.content-type", "transport", ALL, "SPEC",
          "answers are application/json",
          "Set the Content-Type header.",
          every(judge.good_answers, judge.not_json, "nothing was answered")),
    Check("check.ids-echoed", "transport", V22X, "SPEC",
          "X-Request-ID and X-Correlation-ID are repeated in each answer",
          "Copy both headers from the request.",
          every(judge.our_data, judge.ids_not_echoed, "nothing was answered")),
)
# fmt: on
