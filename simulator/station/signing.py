"""How a station keeps its own certificates valid: requests, their repetition, renewal, OCSP.

Rule: the store says what is there; this decides when the CSMS is asked, and asks. Nothing is due
while the station may not speak; when it may again, it goes on where it stopped.
"""

from __future__ import annotations

from collections.abc import Callable, Hashable
from datetime import datetime, timedelta
from typing import TYPE_CHECKING, Any

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal
from simulator.pki.keys import P256
from simulator.station.certificate_kinds import Refused, Signing, Use
from simulator.station.certificate_records import ocsp_questions
from simulator.station.certificates import Asked, CertificateStore, Status
from simulator.station.core import (
    CertificatesChanged,
    Command,
    Core,
    Message,
    Payload,
    SecurityEvent,
    SignCertificate,
)
from simulator.station.dialect import Certificates
from simulator.station.signing_request import Pending, Subject
from simulator.station.timers import Timers
from simulator.station.uplink import Spawn, Uplink
from simulator.wire.ocpp_rpc import CallTimeout, LinkClosed, OcppError

if TYPE_CHECKING:
    from simulator.station.certificate_records import Own

WEEK = timedelta(days=7)  # M06.FR.10
_OCSP_RETRY = timedelta(days=1)
_OCSP_RESULT = 5500  # characters, GetCertificateStatusResponse
_RENEWAL_PAUSE = timedelta(minutes=1)
_CLIENT_PROFILE = 3  # the security profile with client certificates
_SOONEST_S = 1.0  # a due date never makes a busy loop


class CertificateKeeping:
    """One station's, from power-on to power-off."""

    __slots__ = (
        "_actor",
        "_asking",
        "_chance",
        "_clock",
        "_core",
        "_earliest",
        "_journal",
        "_reconnect",
        "_refreshing",
        "_spawn",
        "_store",
        "_timers",
        "_uplink",
        "_words",
    )

    def __init__(
        self,
        core: Core,
        store: CertificateStore,
        words: Certificates,
        uplink: Uplink,
        *,
        clock: Clock,
        chance: Chance,
        journal: Journal,
        actor: str,
        spawn: Spawn,
        reconnect: Callable[[], object],
    ) -> None:
        self._core = core
        self._store = store
        self._words = words
        self._uplink = uplink
        self._clock = clock
        self._chance = chance
        self._journal = journal
        self._actor = actor
        self._spawn = spawn
        self._reconnect = reconnect
        self._timers = Timers(clock)
        self._asking: set[Signing] = set()
        self._earliest: dict[Signing, datetime] = {}  # of the next renewal
        self._refreshing = False

    # The station may speak, or not

    def resume(self) -> None:
        """The CSMS listens: go on where it stopped."""
        events, self._core.memory.security_events = self._core.memory.security_events, []
        for message in events:
            self._tell(message)
        for signing in Signing:
            self._ask_on(signing)
        self.look()

    def pause(self) -> None:
        """It does not: nothing is due."""
        self._timers.clear()

    # What the CSMS does

    def perform(self, command: Command) -> None:
        """What follows an answer, where it is about certificates."""
        match command:
            case SignCertificate(signing):
                self.sign(signing)
            case CertificatesChanged():
                self.changed(command)
            case SecurityEvent():
                self.secure(command)

    def sign(self, signing: Signing) -> None:
        """Make a key pair and ask for its certificate (A02)."""
        core, store = self._core, self._store
        curve = (
            P256 if signing is Signing.STATION or core.config.pnc is None else core.config.pnc.curve
        )
        try:
            pending = store.request(signing, _subject(core, signing), self._chance, curve)
        except Refused as refused:
            self._event("certificate.not_requested", type=signing.value, why=refused.text)
            return
        store.asked[signing] = Asked()
        self._event("certificate.requested", type=signing.value)
        self._ask_soon(pending)

    def changed(self, command: CertificatesChanged) -> None:
        """The store holds something else: look what follows."""
        self._event("certificates.changed", change=command.what, name=command.name)
        if command.own is not None:
            self._taken(command.own)
        self.look()

    def _taken(self, signing: Signing) -> None:
        """A new certificate is there. However soon it ends, the next is not asked for at once; the
        one that the CSMS is shown is used from now on (A02.FR.08).
        """
        if signing.for_csms and self._core.settings.integer("security_profile") == _CLIENT_PROFILE:
            self._reconnect()
        own, now = self._store.latest(signing), self._clock.now()
        if own is not None:
            left = own.leaf.not_valid_after_utc - now
            self._earliest[signing] = now + max(left / 3, _RENEWAL_PAUSE)

    def secure(self, event: SecurityEvent) -> None:
        """Tell a security event; a critical one waits for the link (A04)."""
        self._event("security.event", kind=event.kind, info=event.info)
        message = self._words.security_event(event, self._clock.now())
        if message is not None:
            self._tell(message)

    def _tell(self, message: Message) -> None:
        keep = self._core.memory.security_events
        if not self._uplink.notify(
            message, None, triggered=True, lost=lambda: keep.append(message)
        ):
            keep.append(message)

    # SignCertificate, and again (A02.FR.17 to FR.19)

    def _ask_on(self, signing: Signing) -> None:
        """Ask again when it is time, or at once where no question has arrived."""
        pending, asked = self._store.waiting(signing), self._store.asked.get(signing)
        if pending is None or asked is None or asked.over:
            return
        if asked.at is None:
            self._ask_soon(pending)
        else:
            self._arm(pending, asked)

    def _ask_soon(self, pending: Pending) -> None:
        if pending.signing not in self._asking and self._may_speak():
            self._asking.add(pending.signing)
            self._spawn(self._ask(pending), "SignCertificate")

    def _may_speak(self) -> bool:
        boot = self._core.boot
        return self._uplink.link is not None and boot.may_send("SignCertificate", triggered=True)

    async def _ask(self, pending: Pending) -> None:
        try:
            await self._ask_once(pending)
        finally:
            self._asking.discard(pending.signing)
        newest = self._store.waiting(pending.signing)
        if newest is not None and newest is not pending:  # it was triggered meanwhile
            self._ask_on(pending.signing)

    async def _ask_once(self, pending: Pending) -> None:
        signing = pending.signing
        message = self._words.sign_certificate(self._core, pending.csr, signing)
        refusal: str | None = None
        try:
            answer = await self._answer(message)
            status = answer.get("status")
            if status != "Accepted":
                refusal = f"{status}: {_reason(answer)}".rstrip(": ")
        except LinkClosed:
            return  # asked again when the link is back
        except CallTimeout as error:  # as if it had been accepted and forgotten
            self._event("message.failed", action="SignCertificate", error=str(error))
        except OcppError as error:
            refusal = str(error)
        asked = self._store.asked.get(signing)
        if asked is None or self._store.waiting(signing) is not pending:
            return  # the certificate has come already, or a newer request was made
        asked.times += 1
        asked.at = self._clock.now()
        if refusal is None:
            self._arm(pending, asked)
        else:
            self._refused(signing, asked, refusal)

    def _refused(self, signing: Signing, asked: Asked, why: str) -> None:
        """The CSMS does not sign: ask no more until triggered (A02.FR.21)."""
        asked.over = True
        suspended = signing.for_cars and self._core.pnc_enabled
        self._core.pnc_suspended = self._core.pnc_suspended or suspended
        self._event("certificate.refused", type=signing.value, why=why, pnc_suspended=suspended)
        self.look()

    def _arm(self, pending: Pending, asked: Asked) -> None:
        """Wait for the certificate, each time twice as long; then give up."""
        settings, signing = self._core.settings, pending.signing
        minimum_s = settings.integer("cert_signing_wait_s")
        if minimum_s == 0 or asked.at is None:  # the CSMS will trigger it, if it wants to
            return
        if asked.times > settings.integer("cert_signing_repeats") + 1:
            asked.over = True
            self._event("certificate.given_up", type=signing.value, times=asked.times)
            self.look()
            return
        due = asked.at + timedelta(seconds=minimum_s * 2 ** (asked.times - 1))
        self._at(signing, due.timestamp(), lambda: self._ask_again(pending))

    def _ask_again(self, pending: Pending) -> None:
        asked = self._store.asked.get(pending.signing)
        if asked is not None and not asked.over and self._store.waiting(pending.signing) is pending:
            self._ask_soon(pending)

    # Renewal (A03), and what is due at all

    def look(self) -> None:
        """See what is due of renewal and OCSP, now or when."""
        if self._uplink.online:
            for signing in Signing:
                self._renew(signing)
            self._refresh_soon()

    def _renew(self, signing: Signing) -> None:
        own, now = self._store.latest(signing), self._clock.now()
        if not self._wants(signing) or self._is_tried(signing, own):
            return
        due = now if own is None else max(own.renewal_at, self._earliest.get(signing, now))
        if due <= now:
            self.sign(signing)
        else:
            self._at(("renew", signing), due.timestamp(), self.look)

    def _is_tried(self, signing: Signing, own: Own | None) -> bool:
        """A request is on its way, or was given up after the renewal had become due."""
        asked = self._store.asked.get(signing)
        if asked is None or self._store.waiting(signing) is None:
            return False
        before = own is not None and asked.at is not None and asked.at < own.renewal_at
        return not (asked.over and before)

    def _wants(self, signing: Signing) -> bool:
        """A certificate of this kind is the station's business to renew, or to have at all."""
        pnc, flag = self._core.config.pnc, self._core.settings.flag
        wanted = pnc is not None and flag("v2g_installation") and flag("pnc_enabled")
        if signing.for_cars and not wanted:
            return False
        if self._store.latest(signing) is not None:
            return True
        bare = not any(own.signing.for_cars for own in self._store.own)
        enrols = pnc is not None and pnc.enrols and signing is Signing.V2G and bare
        return enrols and bool(self._store.roots(Use.V2G_ROOT))

    # GetCertificateStatus (M06)

    def _questions(self) -> list[tuple[str, Payload]]:
        own: Own | None = self._store.v2g_chain(self._clock.now())
        return [] if own is None else list(ocsp_questions(own))

    def _due(self, name: str) -> float:
        """When to ask for a certificate's status, as a timestamp."""
        status = self._store.statuses.get(name)
        if status is None:
            return 0.0
        return (status.at + (_OCSP_RETRY if status.result is None else WEEK)).timestamp()

    def _refresh_soon(self) -> None:
        questions = self._questions()
        if self._refreshing or not questions or not self._core.pnc_enabled:
            return
        due = min(self._due(name) for name, _ in questions)
        if due <= self._clock.now().timestamp():
            self._refreshing = True
            self._spawn(self._refresh(), "GetCertificateStatus")
        else:
            self._at("ocsp", due, self._refresh_soon)

    async def _refresh(self) -> None:
        """Ask for what is due, one after another; stop where the link breaks."""
        try:
            for name, data in self._questions():
                if self._due(name) > self._clock.now().timestamp():
                    continue
                result = await self._status(data)
                self._store.statuses[name] = Status(self._clock.now(), result)
        except LinkClosed:
            return
        finally:
            self._refreshing = False
        self._refresh_soon()

    async def _status(self, data: Payload) -> str | None:
        """The base64 of the OCSP response; None where it cannot be had. Raises LinkClosed."""
        message = self._words.certificate_status(self._core, data)
        try:
            answer = await self._answer(message)
        except (OcppError, CallTimeout) as error:
            why = str(error)
        else:
            result = answer.get("ocspResult")
            if answer.get("status") == "Accepted" and isinstance(result, str):
                if 0 < len(result) <= _OCSP_RESULT:
                    return result
                why = f"{len(result)} characters of ocspResult"
            else:
                why = f"{answer.get('status')}: {_reason(answer)}".rstrip(": ")
        self._event("certificate.status_missing", serial=data["serialNumber"], why=why)
        return None

    # Small things

    async def _answer(self, message: Message) -> Payload:
        return self._words.opened(message, await self._uplink.call(message, None))

    def _at(self, name: Hashable, due: float, act: Callable[[], object]) -> None:
        wait_s = max(_SOONEST_S, due - self._clock.now().timestamp())
        self._timers.arm(name, wait_s, act)

    def _event(self, what: str, **data: Any) -> None:
        self._journal.event(self._actor, what, **data)


def _subject(core: Core, signing: Signing) -> Subject:
    """Whose certificate it is: the SECC's (ISO15118Ctrlr), or the station's by its serial number
    (A00.FR.509, A00.FR.511).
    """
    text = core.settings.text
    if signing.for_cars:
        return Subject(text("secc_id"), text("secc_organization"), text("secc_country"))
    return Subject(core.config.serial or core.config.id, text("organization_name"))


def _reason(answer: Payload) -> str:
    """What a refusal says of itself."""
    info = answer.get("statusInfo")
    if isinstance(info, dict):
        return f"{info.get('reasonCode')} {info.get('additionalInfo') or ''}".strip()
    return str(answer.get("wrapper") or "")
