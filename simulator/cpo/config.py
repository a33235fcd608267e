"""What a CPO is told before it starts.

Rule: locations and tariffs are OCPI objects in 2.2.1 shape; everything that lives (statuses, times
of change) is the book's, not the configuration's.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

from simulator.ocpi.versions import VERSIONS
from simulator.wire.tls import NO_TLS, Tls

Object = Mapping[str, Any]


@dataclass(frozen=True, slots=True)
class StationEntry:
    """A station that may connect: where it stands, and which EVSEs of the location are its own.

    `evse_uids[0]` is OCPP's EVSE 1 (in 1.6: connector 1), and so on; connector n of an EVSE is the
    n-th connector of the location's EVSE.
    """

    id: str
    location_id: str
    evse_uids: Sequence[str]
    basic_password: str | None = None
    # 1: a password, if there is one; 2: the same over TLS; 3: a client certificate of this id.
    security_profile: int = 1
    # The editions of ISO 15118 in which it charges by contract: what its connectors are told by.
    iso15118: Sequence[Literal["2", "20"]] = ("2",)


@dataclass(frozen=True, slots=True)
class PncSettings:
    """Plug & Charge at a CPO: whom it believes, whom it asks, and how long (seconds).

    Roots are PEM texts of one or more certificates. A pool is where contracts for cars come from,
    EST (RFC 7030) where certificates for stations do; without a URL the station is told so.
    """

    mo_roots: Sequence[str] = ()
    v2g_roots: Sequence[str] = ()
    # Sub-CAs known beforehand: where a station sends hashes alone, a responder's answer can only be
    # verified with the issuer's certificate, and not every responder sends that along.
    authorities: Sequence[str] = ()
    pool_url: str | None = None
    pool_dialect: Literal["opcp", "opnc"] = "opcp"
    est_url: str | None = None
    # Asked about certificates that name no responder of their own (some real contracts do not).
    ocsp_url: str | None = None
    ocsp_timeout_s: float = 2.0
    pool_timeout_s: float = 4.0
    est_timeout_s: float = 15.0
    # No usable word of a responder (none named, silent, garbage): such a chain "cannot be verified"
    # (C07.FR.17) and is refused. A certificate told to be revoked or unknown is refused always.
    without_ocsp: Literal["refuse", "accept"] = "refuse"
    # An EMAID without certificate or hashes proves nothing. "ask": treat it like a card's number.
    without_certificate: Literal["refuse", "ask"] = "refuse"
    # How requests are put to a 1.6 station that has not spoken of Plug & Charge yet: in the shapes
    # of the OCA's application note, or in those of 2.0.1, as libocpp has it.
    dialect: Literal["note", "libocpp"] = "note"


@dataclass(frozen=True, slots=True)
class CpoConfig:
    """A CPO: its name among OCPI parties, what it operates, and how patient it is (seconds)."""

    country_code: str
    party_id: str
    name: str
    host: str = "127.0.0.1"
    ocpp_port: int = 9000
    ocpi_port: int = 9100
    # For stations: wss, with client certificates of `ca`. For peers: https.
    ocpp_tls: Tls = NO_TLS
    ocpi_tls: Tls = NO_TLS
    insecure: bool = False  # plain text beyond loopback, both ways
    database: str | Path | bytes = field(default=":memory:", repr=False)  # see `Store`
    # What is offered to peers; a connection uses the highest that both sides have.
    ocpi_versions: Sequence[str] = tuple(VERSIONS)
    locations: Sequence[Object] = ()
    tariffs: Sequence[Object] = ()
    stations: Sequence[StationEntry] = ()
    currency: str = "EUR"
    unknown_stations: Literal["Rejected", "Pending"] = "Rejected"
    heartbeat_interval_s: int = 300
    call_timeout_s: float = 30.0
    # The patience towards a station that is to carry out a peer's command; the peer is told.
    command_timeout_s: int = 30
    # How long a station waits for an answer to its card, and so the peer has to decide.
    authorization_timeout_s: float = 10.0
    # An authorization given before the transaction starts serves it if it is this fresh. 15 minutes
    # is what OCPI 2.2.1 mod_commands (StartSession) lays down for a token that came by command.
    authorization_ttl_s: float = 900.0
    # Ask the eMSP even where its token may be whitelisted (ALLOWED): some pay for nothing else.
    prefer_realtime: bool = True
    # Ask every peer about a token that none has sent.
    ask_about_unknown_tokens: bool = True
    # While a car charges, tell its session's peer at most so often.
    session_update_interval_s: float = 300.0
    # A station that is away for longer shows its EVSEs as UNKNOWN.
    offline_grace_s: float = 60.0
    retry_first_s: float = 2.0
    retry_longest_s: float = 900.0
    page_limit: int = 100
    # None: contract certificates cannot be verified here, and no station is asked about any.
    pnc: PncSettings | None = None
    # Fields left out of the CDRs of a station, to see a peer refuse them: station id -> fields.
    omit: Mapping[str, Sequence[str]] = field(default_factory=dict)
