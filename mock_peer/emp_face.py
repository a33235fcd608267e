"""Plugsurfing as an EMP towards CPOs: the modules it offers, and what is seen of every request.

Rule: a verb that is not in a module's rows is refused with 405 and the rule's name, and so is any
request to a module without rows, which is absent from the version details.
"""

from __future__ import annotations

from collections.abc import Callable

from mock_peer import rules
from mock_peer.emp_cdrs import Cdrs
from mock_peer.emp_locations import Locations
from mock_peer.emp_sessions import CommandResults, Sessions
from mock_peer.emp_tariffs import Tariffs
from mock_peer.emp_tokens import TokenSource
from mock_peer.judging import Judge, refusing, tell
from mock_peer.rule import ALL, V22X, Finding, Occasion
from simulator.kernel.chance import Chance
from simulator.ocpi.connection import RECEIVER
from simulator.ocpi.envelope import Json, OcpiError
from simulator.ocpi.exchange import Ctx, Result, Route
from simulator.wire.http import Response

_INSTEAD = {
    ("locations", "GET"): "PUT and PATCH; Plugsurfing does not show what it was told",
    ("tariffs", "GET"): "PUT; Plugsurfing does not show what it was told",
    ("tariffs", "PATCH"): "PUT of the whole tariff",
    ("sessions", "GET"): "PUT and PATCH; Plugsurfing does not show what it was told",
    ("cdrs", "GET"): "POST; from 2.2 on a single CDR is at the Location of its POST",
}
# Lists that a CPO may ask for by mistake. No version's receiver has them, so that nothing but these
# rows tells them from a path that is nowhere.
_NO_LISTS = {"locations": ALL, "tariffs": ALL, "sessions": V22X}


class EmpFace:
    """The modules of the EMP role, and the hooks of its server."""

    def __init__(self, judge: Judge, chance: Chance, cdr_url: Callable[[str, str], str]) -> None:
        self._judge = judge
        self.tokens = TokenSource(judge, chance)
        self.command_results = CommandResults(judge)
        self._cdrs = Cdrs(judge, cdr_url)
        self._sessions = Sessions(judge)
        self._modules = (
            Locations(judge),
            Tariffs(judge),
            self.tokens,
            self._cdrs,
            self._sessions,
            self.command_results,
        )

    def routes(self) -> list[Route]:
        """Every request that a CPO may send."""
        return [route for module in self._modules for route in module.routes()]

    def refusals(self) -> list[Route]:
        """Requests that are known, and refused in words of their own."""
        lists = [
            Route(module, RECEIVER, "GET", "", self.refuse_list, versions=versions)
            for module, versions in _NO_LISTS.items()
        ]
        return [*lists, *self._cdrs.refusals(), *self._sessions.refusals()]

    async def refuse_list(self, ctx: Ctx) -> Result:
        """Give no list back: the specification has none at a receiver, and some ask for it."""
        raise self.unsupported(ctx, [])

    def unsupported(self, ctx: Ctx, offered: list[str]) -> OcpiError:
        """The 405 for a request that Plugsurfing does not take: it names the rule."""
        instead = _INSTEAD.get((ctx.module or "", ctx.method))
        return self._judge.unsupported(ctx, instead or ", ".join(offered) or "no request at all")

    def absent(self, ctx: Ctx) -> OcpiError:
        """The 405 for a request to a module, or a side of one, that Plugsurfing does not have."""
        number, module = ctx.version.number, ctx.module
        roles = {r.role for r in self.routes() if r.module == module and number in r.versions}
        if not roles:
            instead = f"no request to {module}: that module is not offered over OCPI {number}"
            return self._judge.unsupported(ctx, instead)
        only = f"a request to {module} as {' or '.join(sorted(roles))}: see the version details"
        return self._judge.unsupported(ctx, _INSTEAD.get((module or "", ctx.method), only))

    def judge_credentials(self, ctx: Ctx) -> None:
        """Refuse what a rule refuses in credentials that came. Raises OcpiError."""
        found = self._judged(ctx, Occasion.CREDENTIALS, ctx.json)
        tell(ctx, found)
        ctx.notes["judged"] = True
        if (refused := refusing(found)) is not None:
            self._judge.refuse(ctx, refused)

    async def observe(self, ctx: Ctx, response: Response) -> Response:
        """See every exchange on its way out, and judge what no handler saw."""
        tell(ctx, self._unseen(ctx, response))
        return response

    def _unseen(self, ctx: Ctx, response: Response) -> list[Finding]:
        if ctx.module == "credentials" and ctx.stored is not None:
            unseen = ctx.json is not None and "judged" not in ctx.notes
            return self._judged(ctx, Occasion.CREDENTIALS, ctx.json) if unseen else []
        if response.status == 401:
            head = {"module": ctx.module, "method": ctx.method, "token": ctx.seen and "***"}
            return self._judged(ctx, Occasion.UNREGISTERED, head)
        if ctx.module in (None, "versions", "credentials"):
            return []
        request: dict[str, Json] = {"module": ctx.module, "method": ctx.method}
        if ctx.ids.missing:
            request["missing"] = list(ctx.ids.missing)
        if "unslashed" in ctx.notes:
            request["unslashed"] = ctx.notes["unslashed"]
        if response.status == 400:
            request["error"] = ctx.text[:200] or "no body"
        return self._judged(ctx, Occasion.REQUEST, request) if len(request) > 2 else []

    def _judged(self, ctx: Ctx, occasion: Occasion, raw: Json) -> list[Finding]:
        return rules.evaluate(occasion, raw, self._judge.context_of(ctx))
