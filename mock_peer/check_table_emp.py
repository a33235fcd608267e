"""The checks of an EMP behind Roam: what it should test in stage, and what it is waited for.

Rule: one row each. What came is read from the exchanges; the names of the check's own sessions tell
local from remote.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

from mock_peer import check_rulings as judge
from mock_peer import raw
from mock_peer.check_connection import CONNECTION_CHECKS
from mock_peer.check_evidence import Evidence, Exchange
from mock_peer.check_model import Ruling, Verdict, failed, not_applicable, not_exercised, passed
from mock_peer.check_probes import NOWHERE
from mock_peer.check_rulings import Check, Test, every
from mock_peer.check_wait import Wish
from mock_peer.roam_delivery import accepted
from mock_peer.rule import V221, Occasion

LOCAL, REMOTE, ALONE = "check-local", "check-remote", "check-alone"
# A session whose CPO names a contract with several tokens; what `notes` tell where none may have.
SHARED = "check-shared"
V = (V221,)
NEEDED = (("cdrs", "RECEIVER"), ("sessions", "RECEIVER"), ("tokens", "SENDER"))
Fits = Callable[[Exchange], bool]


# What exchanges are


def full_page(exchange: Exchange) -> bool:
    """The last page of a full pull."""
    return _page(exchange) and "date_from=" not in _query(exchange) and not _link(exchange)


def delta(exchange: Exchange) -> bool:
    """A pull of what changed."""
    return _page(exchange) and "date_from=" in _query(exchange)


def pushed(exchange: Exchange) -> bool:
    """A token, taken."""
    return exchange.received and exchange.module == "tokens" and exchange.ok


def disabled(exchange: Exchange) -> bool:
    """A token that may not be used any more."""
    return pushed(exchange) and raw.at(exchange.body, "/valid") is False


def asked(exchange: Exchange) -> bool:
    """A real-time authorization for a token that the EMP pushed."""
    return Occasion.ROAM_ANSWER in exchange.occasions and NOWHERE not in exchange.segments


def allowed(exchange: Exchange) -> bool:
    """An authorization that was allowed."""
    return asked(exchange) and exchange.ok and _verdict(exchange) == "ALLOWED"


def denied(exchange: Exchange) -> bool:
    """An authorization that was denied, in good form."""
    told = _verdict(exchange)
    return asked(exchange) and exchange.ok and told is not None and told != "ALLOWED"


def unanswered(exchange: Exchange) -> bool:
    """An authorization that nobody answered in time."""
    return asked(exchange) and exchange.http_status is None


def failing(exchange: Exchange) -> bool:
    """An authorization that was answered in bad form."""
    answered = exchange.http_status is not None
    return asked(exchange) and answered and not (exchange.ok and _verdict(exchange))


def refused_cdr(exchange: Exchange) -> bool:
    """A CDR that the EMP did not take."""
    taken = accepted(exchange.http_status, exchange.status_code)
    return Occasion.ROAM_CDR in exchange.occasions and not taken


def command(name: str) -> Fits:
    """A command of the EMP."""
    return lambda e: Occasion.ROAM_COMMAND in e.occasions and e.segments[:1] == (name,)


def _page(exchange: Exchange) -> bool:
    return Occasion.ROAM_PULL in exchange.occasions and not exchange.segments and exchange.ok


def _query(exchange: Exchange) -> str:
    return str(exchange.record["url"]).partition("?")[2]


def _link(exchange: Exchange) -> bool:
    return "next" in exchange.answered.get("Link", "")


def _verdict(exchange: Exchange) -> str | None:
    return raw.text(exchange.data, "/allowed")


# fmt: off
EMP_WISHES: tuple[Wish, ...] = (
    Wish("full pull", V, True, "pull all locations, page by page along the Link", full_page),
    Wish("token", V, True, "push a token of type RFID", pushed),
    Wish("allowed authorization", V, True, "answer ALLOWED when you are asked for it", allowed),
    Wish("refused CDR", V, False, "refuse a CDR at first (HTTP 500), then take it: it comes again",
         lambda e: refused_cdr(e)),
    Wish("CDR taken", V, True, "take the CDR of the session that follows",
         lambda e: Occasion.ROAM_CDR in e.occasions and accepted(e.http_status, e.status_code)),
    Wish("delta pull", V, False, "pull with date_from: an EVSE changes its status",
         delta),
    Wish("remote start", V, False, "START_SESSION with that token, at any of the locations",
         command("START_SESSION")),
    Wish("remote stop", V, False, "STOP_SESSION of that session", command("STOP_SESSION")),
    Wish("denied authorization", V, False, "deny the token, for a while", denied),
    Wish("authorization without an answer", V, False, "do not answer in time, for a while",
         unanswered),
    Wish("failing authorization", V, False, "answer HTTP 500, or nonsense, for a while", failing),
    Wish("disabled token", V, False, "at last push the token with valid=false", disabled),
)
# Where the organisation allows several tokens for each contract.
SHARED_WISH = Wish("session of a contract", V, False, "push a second token of the same contract",
                   lambda e: Occasion.ROAM_CDR in e.occasions and e.record["session"] == SHARED)
# fmt: on


# The tests


def seen(fits: Fits, nothing: str) -> Test:
    """Something of that kind came."""

    def test(evidence: Evidence) -> Ruling:
        found = [e.seq for e in evidence.exchanges if fits(e)]
        return passed(found) if found else not_exercised(nothing)

    return test


def _modules(evidence: Evidence) -> Ruling:
    details = [e.seq for e in evidence.seen(Occasion.ROAM_ENDPOINTS)][-1:]
    missing = [need for need in NEEDED if need not in evidence.offered]
    if not evidence.offered:
        return not_exercised("no version details came")
    if missing:
        return failed("there is no " + ", no ".join(f"{m} as {r}" for m, r in missing), details)
    return passed(details)


def _full_pull(evidence: Evidence) -> Ruling:
    pages = [e for e in evidence.exchanges if _page(e) and "date_from=" not in _query(e)]
    if not pages:
        return not_exercised("no full pull came")
    if any(full_page(page) for page in pages):
        return passed([page.seq for page in pages], f"{len(pages)} pages, to the last")
    return failed("the pages end before the last: a Link was not followed", [pages[-1].seq])


def _updated(evidence: Evidence) -> Ruling:
    tokens: dict[str | None, list[int]] = {}
    for exchange in evidence.exchanges:
        if pushed(exchange):
            tokens.setdefault(raw.key(exchange.body, "/uid"), []).append(exchange.seq)
    again = [seqs for seqs in tokens.values() if len(seqs) > 1]
    return passed(again[0][:2]) if again else not_exercised("no token was pushed twice")


def _accepts(evidence: Evidence) -> Ruling:
    questions = [e for e in evidence.exchanges if asked(e)]
    good = [e.seq for e in questions if allowed(e)]
    if good or not questions:
        return passed(good) if good else not_exercised("no token to ask for was pushed")
    seqs, last = [e.seq for e in questions], questions[-1]
    told = _verdict(last) or (
        "data is a list, not an object" if isinstance(last.data, list) else judge.outcome(last)
    )
    return failed(f"none of {len(seqs)} questions was answered ALLOWED; at last: {told}", seqs)


def _unknown_key(evidence: Evidence) -> Ruling:
    found = [e for e in evidence.sent("tokens", "POST") if NOWHERE in e.segments]
    if not found:
        return not_exercised("it was not asked for")
    good = not allowed_at_all(found[0]) and found[0].http_status is not None
    outcome = judge.outcome(found[0])
    if good:
        return passed([found[0].seq], outcome)
    return failed(f"expected HTTP 404 with OCPI 2004, not {outcome}", [found[0].seq])


def allowed_at_all(exchange: Exchange) -> bool:
    """Whether an answer reads ALLOWED."""
    return exchange.ok and _verdict(exchange) == "ALLOWED"


def _messages(name: str) -> Test:
    """The messages of one of the check's sessions, each taken."""

    def of_session(evidence: Evidence) -> Iterable[Exchange]:
        return (
            e
            for e in evidence.exchanges
            if Occasion.ROAM_SESSION in e.occasions and e.record["session"] == name
        )

    return every(of_session, judge.not_ok, "there was no such session")


def _cdrs(evidence: Evidence, *names: str) -> list[Exchange]:
    return [e for e in evidence.sent("cdrs", "POST") if e.record["session"] in names]


def _cdr_taken(*names: str) -> Test:
    """The last sending of each CDR was taken."""

    def test(evidence: Evidence) -> Ruling:
        last = {e.record["session"]: e for e in _cdrs(evidence, *names)}
        if not last:
            return not_exercised("no such CDR was sent")
        for exchange in last.values():
            if not accepted(exchange.http_status, exchange.status_code):
                outcome = judge.outcome(exchange)
                return failed(f"expected HTTP 200, OCPI 1000, not {outcome}", [exchange.seq])
        return passed([e.seq for e in last.values()])

    return test


def _cdr_retry(evidence: Evidence) -> Ruling:
    """A CDR that was refused came again, and was taken then."""
    sent = evidence.sent("cdrs", "POST")
    refused = {e.record["session"]: e for e in sent if refused_cdr(e)}
    if not refused:
        return not_exercised("each CDR was taken at once: refuse one at first, in stage")
    last = {e.record["session"]: e for e in sent}
    for name, exchange in refused.items():
        if refused_cdr(last[name]):
            why = f"expected HTTP 200, OCPI 1000 in the end{judge.instead(last[name])}"
            return failed(why, [exchange.seq, last[name].seq])
    shown = ((e.seq, last[name].seq) for name, e in refused.items())
    return passed([seq for pair in shown for seq in pair])


def _shared_contract(evidence: Evidence) -> Ruling:
    """Session and CDR of a contract with several tokens were taken."""
    sent = [e for e in evidence.exchanges if e.record["session"] == SHARED and not e.received]
    if not sent:
        why = evidence.notes.get(SHARED)
        return not_applicable(why) if why else not_exercised("no contract has two tokens")
    wrong = [e for e in sent if not e.ok and not refused_cdr(e)]
    if wrong:
        return failed(judge.not_ok(wrong[0]), [wrong[0].seq])
    taken = _cdr_taken(SHARED)(evidence)
    return taken if taken.verdict is not Verdict.PASS else passed([e.seq for e in sent])


def _cdr_again(evidence: Evidence) -> Ruling:
    sent = _cdrs(evidence, LOCAL)
    good = [e for e in sent if accepted(e.http_status, e.status_code)]
    if len(sent) < 2 or not good:
        return not_exercised("no CDR was sent twice")
    last = sent[-1]
    if accepted(last.http_status, last.status_code):
        return passed([sent[0].seq, last.seq], f"sent {len(sent)} times")
    return failed(f"expected HTTP 200, OCPI 1000, not {judge.outcome(last)}", [last.seq])


# fmt: off
EMP_CHECKS: tuple[Check, ...] = (
    *CONNECTION_CHECKS,
    Check("check.emp-modules", "versions", V, "ROAM",
          "the modules that Roam pushes to are offered",
          "Offer sessions and cdrs as RECEIVER, and tokens as SENDER for real-time authorization.",
          _modules),
    Check("check.full-pull", "locations", V, "ROAM",
          "all locations are pulled, along the Link to the last page",
          "Follow the Link header until there is none.",
          _full_pull),
    Check("check.delta-pull", "locations", V, "ROAM",
          "changes are pulled with date_from",
          "Pull a delta every one to five minutes.",
          seen(delta, "no pull with date_from came")),
    Check("check.token-push", "tokens", V, "ROAM",
          "tokens are pushed, and taken",
          "PUT each token; see the rules it breaks.",
          every(lambda e: e.received("tokens", "PUT"), judge.not_ok, "no token was pushed")),
    Check("check.token-update", "tokens", V, "ROAM",
          "a token that changes is pushed again",
          "PUT the whole token.",
          _updated),
    Check("check.token-disable", "tokens", V, "ROAM",
          "a token that may not be used any more is pushed with valid=false",
          "PUT it with valid=false; nothing is ever deleted.",
          seen(disabled, "no token with valid=false came")),
    Check("check.authorize-accept", "tokens", V, "ROAM",
          "a real-time authorization is answered ALLOWED",
          "Answer POST {tokens}/{uid}/authorize with an AuthorizationInfo in time.",
          _accepts),
    Check("check.authorize-deny", "tokens", V, "ROAM",
          "a real-time authorization is denied, in good form",
          "Answer HTTP 200, OCPI 1000 and allowed: BLOCKED, EXPIRED, NO_CREDIT or NOT_ALLOWED.",
          seen(denied, "no token was denied")),
    Check("check.authorize-timeout", "tokens", V, "ROAM",
          "you have seen what follows when you do not answer in time",
          "Let one request run into the timeout, in stage.",
          seen(unanswered, "each request was answered")),
    Check("check.authorize-failure", "tokens", V, "ROAM",
          "you have seen what follows when your answer is no good",
          "Answer one request with HTTP 500, in stage.",
          seen(failing, "each answer was in good form")),
    Check("check.authorize-unknown", "tokens", V, "SPEC",
          "a token that you do not know is not allowed",
          "Answer HTTP 404 with OCPI 2004.",
          _unknown_key),
    Check("check.remote-start", "commands", V, "ROAM",
          "START_SESSION is sent, and taken",
          "Send a token that you pushed before, and a location that you pulled.",
          every(lambda e: [x for x in e.exchanges if command("START_SESSION")(x)], judge.not_ok,
                "no START_SESSION came")),
    Check("check.remote-stop", "commands", V, "ROAM",
          "STOP_SESSION is sent, and taken",
          "Send the id of the session that was pushed to you.",
          every(lambda e: [x for x in e.exchanges if command("STOP_SESSION")(x)], judge.not_ok,
                "no STOP_SESSION came")),
    Check("check.command-result", "commands", V, "SPEC",
          "the result of a command is taken at response_url",
          "Answer the POST of a CommandResult with 1000.",
          every(lambda e: e.sent("commands", "POST"), judge.not_ok, "no result was sent")),
    Check("check.local-session", "sessions", V, "ROAM",
          "the session of a local start is taken: PUT, PATCH, PUT",
          "Take a session whose start you were asked for; PATCH holds kwh and last_updated.",
          _messages(LOCAL)),
    Check("check.remote-session", "sessions", V, "ROAM",
          "the session of a remote start is taken: PUT, PATCH, PUT",
          "Take the session that follows your START_SESSION.",
          _messages(REMOTE)),
    Check("check.cdr-taken", "cdrs", V, "ROAM",
          "the CDR of a session is taken: HTTP 200, OCPI 1000",
          "Answer HTTP 200, not 201; anything else is sent again every night.",
          _cdr_taken(LOCAL, REMOTE)),
    Check("check.cdr-retry", "cdrs", V, "ROAM",
          "a CDR that was refused comes again, and is taken then",
          "Refuse one CDR at first, in stage, and take it when it comes again.",
          _cdr_retry),
    Check("check.cdr-again", "cdrs", V, "ROAM",
          "the same CDR is taken again, without harm",
          "Recognise it by its id, and answer as at first.",
          _cdr_again),
    Check("check.cdr-alone", "cdrs", V, "ROAM",
          "a CDR without a session, for an unknown location, is taken",
          "Require neither.",
          _cdr_taken(ALONE)),
    Check("check.original-protocol", "cdrs", V, "ROAM",
          "session and CDR are taken where several tokens share the contract, and the CPO named "
          "that alone: X-Original-Protocol tells it, and the first token is named",
          "Take the header as a sign that another token of the contract may have been meant.",
          _shared_contract),
)
# fmt: on
