"""Who may charge: the authorization cache, and the rules for asking it or the CSMS.

Rule: whether a card is asked about, accepted or refused is one function of what is known, of the
link and of the configuration. No clock: `now` is an argument.
"""

from __future__ import annotations

from collections import OrderedDict
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum

from simulator.kernel.clock import parse_rfc3339

ACCEPTED = "Accepted"
EXPIRED = "Expired"
# It is allowed to charge, only not twice at once (OCPP 1.6 section 3.5.2).
_VALID = frozenset({ACCEPTED, "ConcurrentTx"})


@dataclass(frozen=True, slots=True)
class IdToken:
    """What a driver presents. `type` is OCPP 2.0.1's IdTokenEnumType; 1.6 knows none."""

    value: str
    type: str = "ISO14443"

    def same(self, other: IdToken | None) -> bool:
        """Equal without regard to case (CiString, identifierString)."""
        return other is not None and self.value.lower() == other.value.lower()


@dataclass(frozen=True, slots=True)
class TokenInfo:
    """What the CSMS said about an identifier: IdTagInfo, IdTokenInfo."""

    status: str
    group: str | None = None
    expires_at: datetime | None = None

    @property
    def accepted(self) -> bool:
        """It may charge."""
        return self.status == ACCEPTED


def read_expiry(text: object) -> datetime | None:
    """The moment an identifier expires; None where there is none, or none that can be read."""
    try:
        return parse_rfc3339(text) if isinstance(text, str) else None
    except ValueError:
        return None


class AuthorizationCache:
    """The identifiers last heard of, valid or not (OCPP 1.6 section 3.5.1, 2.0.1 C10 to C12)."""

    __slots__ = ("_entries", "capacity")

    def __init__(self, capacity: int = 1000) -> None:
        self.capacity = capacity
        self._entries: OrderedDict[str, TokenInfo] = OrderedDict()

    def __len__(self) -> int:
        return len(self._entries)

    def update(
        self, token: IdToken, info: TokenInfo, now: datetime, *, lifetime_s: float | None = None
    ) -> None:
        """Keep what the CSMS said; an entry without an expiry lives for `lifetime_s`, or for ever.

        When full, the oldest entry that is not valid makes room, else the oldest.
        """
        if info.expires_at is None and lifetime_s:
            info = TokenInfo(info.status, info.group, now + timedelta(seconds=lifetime_s))
        key = token.value.lower()
        self._entries[key] = info
        self._entries.move_to_end(key)
        if len(self._entries) > self.capacity:
            invalid = next((k for k, e in self._entries.items() if e.status not in _VALID), None)
            self._entries.pop(next(iter(self._entries)) if invalid is None else invalid)

    def look_up(self, token: IdToken, now: datetime) -> TokenInfo | None:
        """What is known of an identifier; what has expired says so."""
        key = token.value.lower()
        info = self._entries.get(key)
        if info is None or info.expires_at is None or info.expires_at > now:
            return info
        info = TokenInfo(EXPIRED, info.group, info.expires_at)
        self._entries[key] = info
        return info

    def clear(self) -> None:
        """Forget all (ClearCache)."""
        self._entries.clear()


@dataclass(frozen=True, slots=True)
class Rules:
    """The configuration that decides, in 1.6's words; 2.0.1 has the same in AuthCtrlr."""

    local_pre_authorize: bool
    local_authorize_offline: bool
    allow_offline_for_unknown: bool


class Verdict(StrEnum):
    """What to do with an identifier."""

    ACCEPT = "accept"
    ASK = "ask"
    REFUSE = "refuse"


@dataclass(frozen=True, slots=True)
class Decision:
    """A verdict, and why: `cache`, `online`, `offline_cache`, `offline_unknown`, ..."""

    verdict: Verdict
    why: str


def decide(known: TokenInfo | None, *, online: bool, rules: Rules) -> Decision:
    """Decide on an identifier (OCPP 1.6 section 3.5, 2.0.1 C01, C10 to C13)."""
    if online:
        if known is not None and known.accepted and rules.local_pre_authorize:
            return Decision(Verdict.ACCEPT, "cache")
        return Decision(Verdict.ASK, "online")
    if known is None:
        if rules.allow_offline_for_unknown:
            return Decision(Verdict.ACCEPT, "offline_unknown")
        return Decision(Verdict.REFUSE, "offline_unknown")
    if not known.accepted:
        return Decision(Verdict.REFUSE, "offline_not_valid")
    if rules.local_authorize_offline:
        return Decision(Verdict.ACCEPT, "offline_cache")
    return Decision(Verdict.REFUSE, "offline_not_allowed")


def may_stop(
    started: IdToken | None,
    presented: IdToken,
    started_group: str | None,
    presented_group: str | None,
) -> bool:
    """May who presents this stop what another started: the same card, or one of its group (OCPP
    1.6 section 3.10, 2.0.1 C09).
    """
    if presented.same(started):
        return True
    return started_group is not None and started_group == presented_group
