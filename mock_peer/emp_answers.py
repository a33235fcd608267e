"""What the simulated EMP answers: to authorization requests and to CDRs, well or badly on purpose.

Rule: by default it behaves; each misbehaviour is one value, set by the token or for all.
"""

from __future__ import annotations

from typing import Literal

import msgspec

AllowedType = Literal["ALLOWED", "BLOCKED", "EXPIRED", "NO_CREDIT", "NOT_ALLOWED"]
Manner = Literal["answer", "silence", "garbage", "error"]


class Verdict(msgspec.Struct, frozen=True, forbid_unknown_fields=True, kw_only=True):
    """An answer to an authorization request. `manner`: properly, not at all, no JSON, HTTP 500."""

    allowed: AllowedType = "ALLOWED"
    manner: Manner = "answer"
    delay_s: float = 0.0


class EmpAnswers(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """All that can be set. `cdr_http_status`: other than 200 refuses CDRs, 0 gives no answer.

    `unknown_locations`: False denies where the location is missing or was never pulled.
    """

    default: Verdict = Verdict()
    tokens: dict[str, Verdict] = msgspec.field(default_factory=dict)
    unknown_locations: bool = True
    cdr_http_status: int = 200
    cdr_status_code: int = 1000

    def verdict(self, uid: str) -> Verdict:
        """The answer for a token, whatever the case of its uid."""
        folded = uid.casefold()
        return next(
            (v for name, v in self.tokens.items() if name.casefold() == folded), self.default
        )
