"""What a station does with a contract certificate: OCPP 2.0.1 use case C07, at the station. Pure,
and without cryptography, so that a station without certificates loads none.

Rule: one table, read from above, the first row that fits counts:

- C07.FR.01, FR.02: online the CSMS is always asked, whatever is cached; where the station has
  verified the chain itself it shows hashes, so that the CSMS can ask the OCSP responders.
- C07.FR.06: without the root it shows the certificates, if CentralContractValidationAllowed.
  Certificates take the place of hashes (errata 2023-12, 2.14.1); a station that is set so shows
  both. Where no hashes can be made, for a certificate names no responder, certificates are shown
  as well, as EVerest's libocpp does: real contracts are like that.
- C07.FR.07: offline nothing goes without ContractValidationOffline.
- C07.FR.08 to FR.12: else the chain must hold up to a root of the station's own, then local
  authorization decides: as for cards, by LocalAuthorizeOffline and OfflineTxForUnknownIdEnabled.

What the station itself finds wrong is refused without a question, as ISO 15118-2 has it answer
(FAILED_CertificateExpired and others); the words are those of AuthorizationStatusEnumType and
AuthorizeCertificateStatusEnumType. Which words it uses where the texts name none (FR.07: not at
this time) is taken from libocpp.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

from simulator.station.authorization import TokenInfo

NOT_SPOKEN = "car and station exchange no ISO 15118 messages (EXI): the credentials are real"


class Do(StrEnum):
    """What to do with a contract."""

    SHOW_HASHES = "hashes"
    SHOW_CERTIFICATE = "certificate"
    SHOW_BOTH = "certificate and hashes"
    ACCEPT = "accept"
    REFUSE = "refuse"

    @property
    def asks(self) -> bool:
        """The CSMS decides."""
        return self in (Do.SHOW_HASHES, Do.SHOW_CERTIFICATE, Do.SHOW_BOTH)


class Chain(StrEnum):
    """What the station found of a chain by itself."""

    GOOD = "good"
    NO_ROOT = "no root"  # none of its roots has issued any of it
    EXPIRED = "expired"
    BAD = "bad"


@dataclass(frozen=True, slots=True)
class Facts:
    """All that the decision depends on. `known` is what the authorization cache says: the
    identifier is accepted, is not, or (None) is not there.
    """

    online: bool
    chain: Chain
    hashes: bool  # they could be made
    central: bool  # CentralContractValidationAllowed
    both: bool  # the station shows both where it may
    offline_validation: bool  # ContractValidationOffline
    offline_local: bool  # LocalAuthorizeOffline
    offline_unknown: bool  # OfflineTxForUnknownIdEnabled
    known: bool | None = None


@dataclass(frozen=True, slots=True)
class Outcome:
    """What to do, why, and for a refusal the status in OCPP's word: `Known` where it is the one
    that the cache holds.
    """

    do: Do
    why: str
    status: str | None = None


KNOWN = "Known"
_ONLINE: Mapping[str, Any] = {"online": True}
_OFFLINE: Mapping[str, Any] = {"online": False}
# What must be so -> what is done. The first row counts, and the last ones of either kind take all.
TABLE: Sequence[tuple[Mapping[str, Any], Outcome]] = (
    ({**_ONLINE, "chain": Chain.EXPIRED}, Outcome(Do.REFUSE, "local_expired", "Expired")),
    ({**_ONLINE, "chain": Chain.BAD}, Outcome(Do.REFUSE, "local_not_valid", "Invalid")),
    (
        {**_ONLINE, "chain": Chain.NO_ROOT, "central": True},
        Outcome(Do.SHOW_CERTIFICATE, "central"),
    ),
    ({**_ONLINE, "chain": Chain.NO_ROOT}, Outcome(Do.REFUSE, "local_no_root", "Invalid")),
    ({**_ONLINE, "hashes": False}, Outcome(Do.SHOW_CERTIFICATE, "local_no_responder")),
    ({**_ONLINE, "both": True, "central": True}, Outcome(Do.SHOW_BOTH, "local_and_central")),
    (_ONLINE, Outcome(Do.SHOW_HASHES, "local")),
    (
        {**_OFFLINE, "offline_validation": False},
        Outcome(Do.REFUSE, "offline_not_allowed", "NotAtThisTime"),
    ),
    ({**_OFFLINE, "chain": Chain.EXPIRED}, Outcome(Do.REFUSE, "offline_expired", "Expired")),
    ({**_OFFLINE, "chain": Chain.BAD}, Outcome(Do.REFUSE, "offline_not_valid", "Invalid")),
    ({**_OFFLINE, "chain": Chain.NO_ROOT}, Outcome(Do.REFUSE, "offline_no_root", "Invalid")),
    ({**_OFFLINE, "known": False}, Outcome(Do.REFUSE, "offline_cache", KNOWN)),
    (
        {**_OFFLINE, "known": True, "offline_local": True},
        Outcome(Do.ACCEPT, "offline_cache"),
    ),
    (
        {**_OFFLINE, "known": True},
        Outcome(Do.REFUSE, "offline_local_not_allowed", "NotAtThisTime"),
    ),
    ({**_OFFLINE, "offline_unknown": True}, Outcome(Do.ACCEPT, "offline_unknown")),
    (_OFFLINE, Outcome(Do.REFUSE, "offline_unknown", "Unknown")),
)


def look(facts: Facts) -> Outcome:
    """What to do with a contract."""
    return next(
        outcome
        for conditions, outcome in TABLE
        if all(getattr(facts, name) == value for name, value in conditions.items())
    )


def usable(info: TokenInfo | None, now: datetime) -> TokenInfo | None:
    """What the cache knows of a contract, less what was not to be kept: an answer for once (an
    eMSP's whitelist NEVER) expires when it is given, and is as if it had never been.
    """
    if info is None or (info.expires_at is not None and info.expires_at <= now):
        return None
    return info


@dataclass(frozen=True, slots=True)
class Said:
    """What a CSMS said of a contract: of the token, and of the certificate if it said anything."""

    info: TokenInfo
    certificate_status: str | None = None

    @property
    def accepted(self) -> bool:
        """Both must be: a contract may be good and its driver without credit, or the reverse."""
        return self.info.accepted and self.certificate_status in (None, "Accepted")


@dataclass(slots=True)
class Shown:
    """How far Plug & Charge came at a connector, for a display. Plain values."""

    iso15118: str | None = None  # the edition
    emaid: str | None = None
    tls: str | None = None
    installed: bool = False  # the contract was, here and now
    chain: str | None = None  # the station's own verdict
    shown: str | None = None  # to the CSMS: hashes, certificate, ...
    why: str | None = None  # what was decided by
    certificate_status: str | None = None
    status: str | None = None
    state: str = "began"  # then asking, accepted, refused
    ocpp: str | None = None  # what it is called there
