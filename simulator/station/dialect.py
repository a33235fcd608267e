"""What every OCPP version has to say for a station: the seam between core and payloads.

Rule: the shell and the core speak of causes, phases and readings; only a dialect knows messages,
fields and the words of a version. Every method is pure but for the counters of the transaction it
is given (`seq_no`, `token_told`).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Protocol

from simulator.station.authorization import IdToken, TokenInfo
from simulator.station.boot import Queued
from simulator.station.certificate_kinds import Signing
from simulator.station.connector import Phase, TxPoints
from simulator.station.core import (
    Answer,
    Cause,
    Core,
    Evse,
    Message,
    Moment,
    Payload,
    SecurityEvent,
    Transaction,
)
from simulator.station.pnc import Said
from simulator.station.samples import Context
from simulator.station.settings import Settings

# A handler reads the core, may set settings, and says what shall follow its answer.
Handler = Callable[[Core, Payload, datetime], Answer]


class Certificates(Protocol):
    """How a version carries what a station says of certificates."""

    def sign_certificate(self, core: Core, csr: str, signing: Signing) -> Message:
        """SignCertificate."""

    def certificate_status(self, core: Core, ocsp_request_data: Payload) -> Message:
        """GetCertificateStatus."""

    def security_event(self, event: SecurityEvent, now: datetime) -> Message | None:
        """SecurityEventNotification, where the version has it."""

    def opened(self, message: Message, answer: Payload) -> Payload:
        """What a CSMS has answered, without what it was wrapped in."""


class Contracts(Protocol):
    """How a version carries what a station says of cars' contracts."""

    longest_emaid: int  # characters
    longest_chain: int  # characters, as PEM

    def authorize(self, core: Core, token: IdToken, proof: Payload) -> Message:
        """Authorize with what is shown of a contract, in the words of 2.0.1."""

    def said(self, answer: Payload) -> Said:
        """What a CSMS has answered to that."""

    def ev_certificate(self, core: Core, schema: str, action: str, exi: str) -> Message:
        """Get15118EVCertificate."""

    def opened(self, answer: Payload) -> Payload:
        """What a CSMS has answered to that, without what it was wrapped in."""

    def called(self, core: Core, token: IdToken) -> str:
        """What a contract is in this version, for people."""


class Dialect(Protocol):
    """One OCPP version, as a station speaks it."""

    handlers: Mapping[str, Handler]
    certificates: Certificates
    contracts: Contracts
    # Report every connector after being offline for longer than OfflineThreshold (2.0.1 B04).
    reports_all_after_offline: bool
    # A transaction message that nobody answers has failed, and is given up in the end like one that
    # is refused. In 1.6 only a CALLERROR tells of a failure (OCPP-J 1.6 errata 3.2).
    silence_is_failure: bool
    # The settings (interval, measurands) that say what `note` keeps: sampled, and by the clock.
    noted: tuple[str, str]
    noted_by_clock: tuple[str, str]

    def points(self, settings: Settings) -> TxPoints:
        """When transactions start and end."""

    def boot(self, core: Core) -> Message:
        """BootNotification."""

    def heartbeat(self) -> Message:
        """Heartbeat."""

    def status_of(self, phase: Phase) -> str:
        """The version's word for a phase."""

    def statuses(self, evse: Evse) -> Mapping[int, str]:
        """The words for an EVSE's connectors, by number, where the version tells each of them."""

    def status(
        self, evse: Evse, connector_id: int, now: datetime, info: str | None = None
    ) -> Message:
        """StatusNotification of one of them."""

    def station_status(self, now: datetime) -> Message | None:
        """StatusNotification of the station itself, where there is such a thing."""

    def authorize(self, token: IdToken) -> Message:
        """Authorize."""

    def token_info(self, answer: Payload) -> TokenInfo | None:
        """What an answer says of the identifier that was asked about, if anything."""

    def started(
        self, core: Core, tx: Transaction, cause: Cause, moment: Moment, phase: Phase
    ) -> Message:
        """The first message of a transaction."""

    def updated(
        self, core: Core, tx: Transaction, cause: Cause, moment: Moment, phase: Phase
    ) -> Message | None:
        """A change within a transaction, where the version has a message for it."""

    def sampled(
        self, core: Core, tx: Transaction, context: Context, moment: Moment, phase: Phase
    ) -> Message | None:
        """Meter values of a transaction."""

    def metered(self, core: Core, evse: Evse, context: Context, moment: Moment) -> Message | None:
        """Meter values of an EVSE itself."""

    def note(self, core: Core, tx: Transaction, context: Context, moment: Moment) -> None:
        """Keep meter values for the last message, as configured."""

    def ended(
        self, core: Core, tx: Transaction, cause: Cause, moment: Moment, phase: Phase
    ) -> Message:
        """The last message of a transaction."""

    def address(self, message: Queued, tx: Transaction | None) -> Payload:
        """The payload as it leaves, with what only an earlier answer could tell."""

    def acknowledged(self, answer: Payload) -> int | None:
        """The number that the CSMS gave a transaction, where it is the CSMS that names it."""

    def session_keys(self, station_id: str, payload: Payload) -> tuple[str, ...]:
        """Journal keys under which the session of an incoming CALL may be known."""
