"""The checks of a CPO beside the rules: modules, pulls, tokens, commands, sessions, CDRs.

Rule: one row each, in the order in which a report tells them. The tests stand in `check_rulings`;
here are those that only this table needs.
"""

from __future__ import annotations

from collections.abc import Iterable

from mock_peer import check_rulings as judge
from mock_peer import raw
from mock_peer.check_connection import CONNECTION_CHECKS
from mock_peer.check_evidence import Evidence, Exchange
from mock_peer.check_model import Ruling, failed, not_applicable, not_exercised, passed
from mock_peer.check_rulings import Check, every, http, is_ok, is_refused, probe
from mock_peer.rule import ALL, V22X, V211, Occasion

# What a CPO must offer to work with Plugsurfing, besides credentials.
NEEDED = {
    V211: (("locations", "SENDER"), ("tokens", "RECEIVER")),
    "2.2": (("locations", "SENDER"), ("tariffs", "SENDER"), ("tokens", "RECEIVER")),
    "2.2.1": (("locations", "SENDER"), ("tariffs", "SENDER"), ("tokens", "RECEIVER")),
}


def _modules(evidence: Evidence) -> Ruling:
    details = [e.seq for e in evidence.seen(Occasion.ENDPOINTS)][-1:]
    missing = [need for need in NEEDED[evidence.version] if need not in evidence.offered]
    if missing and evidence.offered:
        return failed("there is no " + ", no ".join(f"{m} as {r}" for m, r in missing), details)
    return passed(details) if evidence.offered else not_exercised("no version details came")


def _page_limit(exchange: Exchange) -> bool:
    told = exchange.answered.get("X-Total-Count") or ""
    more = told.isdecimal() and int(told) > 1
    listed = exchange.data
    return exchange.ok and isinstance(listed, list) and len(listed) <= 1 and (
        not more or "next" in exchange.answered.get("Link", "")
    )  # fmt: skip


def _same_object(exchange: Exchange) -> bool:
    wanted = exchange.segments[-1:] or ("",)
    return exchange.ok and raw.key(exchange.data, "/id") == wanted[0].casefold()


def _pull(evidence: Evidence) -> Ruling:
    """Each page is a list, and the last one of each module has no Link."""
    pages = judge.pulls(evidence)
    last = {page.module: page for page in pages}
    for page in last.values():
        if not judge.no_list(page) and "next" in page.answered.get("Link", ""):
            return failed("the list breaks off: its last Link leads nowhere new", [page.seq])
    return every(judge.pulls, judge.no_list, "there is nothing to pull")(evidence)


def _tokens(*types: str) -> judge.Test:
    def pushed(evidence: Evidence) -> Iterable[Exchange]:
        sent = evidence.sent("tokens", "PUT")
        return (e for e in sent if not types or raw.text(e.body, "/type") in types)

    return every(pushed, judge.not_ok, "no such token was pushed")


def _commands(evidence: Evidence, name: str) -> list[Exchange]:
    return [e for e in evidence.sent("commands", "POST") if name in e.segments]


def _command(name: str) -> judge.Test:
    def refused(exchange: Exchange) -> str:
        result = raw.text(exchange.data, "/result")
        return judge.not_ok(exchange) or (
            "" if result == "ACCEPTED" else f"/data/result: expected ACCEPTED, not {result!r}"
        )

    def test(evidence: Evidence) -> Ruling:
        if not evidence.profile.remote_start:
            return not_applicable("the profile says that remote start is not supported")
        if evidence.offered and ("commands", "RECEIVER") not in evidence.offered:
            return not_applicable("the CPO offers no commands")
        why = evidence.notes.get(name, "none was sent: see --remote-start")
        return every(lambda e: _commands(e, name), refused, why)(evidence)

    return test


def _command_results(evidence: Evidence) -> Ruling:
    accepted = [
        e for e in evidence.sent("commands", "POST") if raw.text(e.data, "/result") == "ACCEPTED"
    ]
    results = evidence.received("commands", "POST")
    if not accepted:
        return not_exercised("no command was accepted")
    if len(results) < len(accepted):
        late = f"{len(accepted) - len(results)} of {len(accepted)} accepted commands got no result"
        return failed(late, [e.seq for e in accepted])
    unlucky = [e for e in results if raw.text(e.body, "/result") != "ACCEPTED"]
    if unlucky:
        return failed(f"/result: {raw.text(unlucky[0].body, '/result')}", [unlucky[0].seq])
    return passed([e.seq for e in results])


def _sessions_end(evidence: Evidence) -> Ruling:
    """Each session whose CDR came was pushed to its end."""
    cdrs = [e for e in evidence.seen(Occasion.CDR) if raw.key(e.body, "/session_id")]
    pushed = list(evidence.seen(Occasion.SESSION, Occasion.SESSION_PATCH))
    if not cdrs or not pushed:
        return not_exercised("no session with its CDR came")
    for cdr in cdrs:
        name = raw.key(cdr.body, "/session_id")
        own = [e for e in pushed if e.segments[-1:] and e.segments[-1].casefold() == name]
        states = [state for e in own if (state := raw.text(e.body, "/status"))]
        if own and states[-1:] != ["COMPLETED"]:
            seen = f"status {states[-1]}" if states else "no status"
            return failed(f"session {name}: expected COMPLETED at last, not {seen}", [own[-1].seq])
    return passed([pushed[-1].seq, cdrs[-1].seq])


def _cdr_pull(evidence: Evidence) -> Ruling:
    """The list of CDRs is read to its last page, and holds what was taken; nothing older."""
    pages = evidence.sent("cdrs", "GET")
    if not pages:
        if evidence.offered and ("cdrs", "SENDER") not in evidence.offered:
            return not_applicable("the CPO offers no cdrs as SENDER, and need not")
        return not_exercised("it did not come to that")
    seqs = [e.seq for e in pages]
    for page in pages:
        if why := judge.no_list(page):
            return failed(why, [page.seq])
    if "next" in pages[-1].answered.get("Link", ""):
        return failed("the list breaks off: its last Link leads nowhere new", seqs[-1:])
    listed = [cdr for page in pages for cdr in raw.items(page.data, "")]
    names = {raw.key(cdr, "/id") for cdr in listed}
    sent = [e for e in evidence.received("cdrs", "POST") if e.ok]
    if unlisted := [e for e in sent if raw.key(e.body, "/id") not in names]:
        name = raw.text(unlisted[0].body, "/id")
        return failed(f"CDR {name} was sent and is not in the list", [unlisted[0].seq, *seqs[-1:]])
    return passed(seqs, f"{len(listed)} CDRs on {len(pages)} pages")


# Id, module, versions, source; what holds; what to do; the test.
# fmt: off
CPO_CHECKS: tuple[Check, ...] = (
    *CONNECTION_CHECKS,
    Check("check.modules", "versions", ALL, "P22, P21",
          "the modules that Plugsurfing requires are offered",
          "Offer locations (and tariffs, from 2.2 on) as SENDER, tokens as RECEIVER.",
          _modules),
    Check("check.data-token", "transport", ALL, "SPEC",
          "data is not shown to an unknown token",
          "Guard each module as the versions endpoint.",
          probe("data, unknown token", "HTTP 401", http(401))),
    Check("check.pull", "locations", ALL, "P22",
          "locations and tariffs can be pulled",
          "Answer GET with a list; an empty one where there is nothing.",
          _pull),
    Check("check.counts", "locations", ALL, "SPEC",
          "lists carry X-Total-Count and X-Limit",
          "Count all objects within the dates; tell your largest page.",
          every(judge.lists, judge.uncounted, "no list was pulled")),
    Check("check.page-limit", "locations", ALL, "SPEC",
          "limit is kept, and a Link leads to the next page where there is one",
          "Cut the list, and send Link: <url>; rel=\"next\" except on the last page.",
          probe("first page", "one object at most, and a Link where there are more", _page_limit)),
    Check("check.next-page", "locations", ALL, "SPEC",
          "the next page is where its Link leads",
          "Put a full URL with offset and limit into the Link.",
          probe("next page", "HTTP 200, OCPI 1000", is_ok)),
    Check("check.dates", "locations", ALL, "SPEC",
          "date_from leaves out what changed before",
          "Compare with each location's last_updated.",
          probe("from tomorrow", "an empty list", lambda e: e.ok and e.data == [])),
    Check("check.one-location", "locations", ALL, "SPEC",
          "a location can be fetched by its id",
          "Serve GET of {locations}/{location_id}.",
          probe("one location", "the location itself as data", _same_object)),
    Check("check.no-such-location", "locations", ALL, "SPEC",
          "a location that is not there is answered HTTP 404",
          "Answer 404 to GET of an unknown object.",
          probe("no such location", "HTTP 404", http(404))),
    Check("check.tokens", "tokens", ALL, "P22, P21",
          "each token that Plugsurfing pushes is taken",
          "Take PUT of whole tokens, blocked ones and app users' too.",
          _tokens()),
    Check("check.token-pnc", "tokens", ALL, "P22",
          "a Plug and Charge contract is taken: a token of type OTHER whose uid is an EMAID",
          "Do not refuse types that you do not use.",
          _tokens("OTHER")),
    Check("check.token-again", "tokens", ALL, "SPEC",
          "the same token again is taken again",
          "PUT replaces.",
          probe("token again", "HTTP 200, OCPI 1000", is_ok)),
    Check("check.token-ids", "tokens", ALL, "SPEC",
          "a token whose uid differs from its URL is refused",
          "Compare the ids of URL and body: 2001.",
          probe("token of another id", "HTTP 4xx or OCPI 2001", is_refused)),
    Check("check.token-invalid", "tokens", ALL, "SPEC",
          "a token without its required fields is refused",
          "Validate what comes: 2001.",
          probe("empty token", "HTTP 4xx or OCPI 2001", is_refused)),
    Check("check.broken-json", "tokens", ALL, "SPEC",
          "a body that is not JSON is answered HTTP 400",
          "Answer 400, never 500.",
          probe("broken JSON", "HTTP 400", http(400))),
    Check("check.start-session", "commands", V22X, "P22",
          "START_SESSION is accepted",
          "Answer {result: ACCEPTED, timeout}, then POST the result to response_url.",
          _command("START_SESSION")),
    Check("check.stop-session", "commands", V22X, "P22",
          "STOP_SESSION is accepted",
          "Accept the id of the session that you pushed.",
          _command("STOP_SESSION")),
    Check("check.command-results", "commands", V22X, "SPEC",
          "each accepted command gets its result, and that is ACCEPTED",
          "POST a CommandResult to response_url within your timeout.",
          _command_results),
    Check("check.sessions-end", "sessions", V22X, "SPEC",
          "a session is pushed until it is COMPLETED",
          "PUT or PATCH the session with its last status, before its CDR.",
          _sessions_end),
    Check("check.cdr-taken", "cdrs", ALL, "P22, P21",
          "a CDR comes, and is taken",
          "See the rules that it breaks, and send it again.",
          every(lambda e: e.received("cdrs", "POST"), judge.not_ok, "no CDR came")),
    Check("check.cdr-pull", "cdrs", V22X, "P22",
          "the CDRs that were sent can be pulled too, page by page",
          "List the CDRs of our tokens whose last_updated lies within the dates.",
          _cdr_pull),
)
# fmt: on
