"""A contract that a car has proven: may it charge by it? OCPP 2.0.1 use case C07, at the station.

Rule: `pnc.look` decides what is done, here it is done: the CSMS is asked with what is to be shown,
both its statuses count, and who gets no answer decides as if offline, as for cards.
"""

from __future__ import annotations

from collections.abc import Callable

from cryptography.x509 import Certificate

from simulator.kernel.clock import Clock
from simulator.pki.certificates import common_name
from simulator.pki.contract import Contract
from simulator.station.authorization import IdToken, TokenInfo
from simulator.station.certificate_kinds import Use
from simulator.station.charging import Charging
from simulator.station.connector import State
from simulator.station.contract_proof import Examined, examine
from simulator.station.core import Cause, Core, Message, Payload
from simulator.station.dialect import Contracts
from simulator.station.patience import Impatient
from simulator.station.pnc import KNOWN, Do, Facts, Outcome, Said, look, usable
from simulator.station.uplink import Uplink
from simulator.station.visit import Ended, Visit
from simulator.wire.ocpp_rpc import CallTimeout, LinkClosed, OcppError

Remember = Callable[[IdToken, TokenInfo], None]
OCCUPIED = "a card or a command came first, or the connector is not free"


class ContractAuthorization:
    """Who may charge by contract at one station."""

    __slots__ = ("_charging", "_clock", "_core", "_remember", "_uplink", "_words")

    def __init__(
        self,
        core: Core,
        words: Contracts,
        uplink: Uplink,
        charging: Charging,
        remember: Remember,
        clock: Clock,
    ) -> None:
        self._core = core
        self._words = words
        self._uplink = uplink
        self._charging = charging
        self._remember = remember
        self._clock = clock

    async def authorize(self, visit: Visit, contract: Contract) -> None:
        """Let it charge. Raises Ended when it may not."""
        token = IdToken(common_name(contract.certificate), "eMAID")
        visit.shown.emaid = token.value
        if len(token.value) > self._words.longest_emaid:
            raise Ended(f"an EMAID of {len(token.value)} characters cannot be told", "Invalid")
        examined = examine(contract.chain, self._roots(), self._clock.now())
        outcome = self._look(visit, token, examined, online=self._uplink.online)
        if outcome.do.asks:
            message = self._message(token, contract, examined, outcome.do)
            said = await self._ask(visit, token, message)
            if said is not None:
                self._answered(visit, token, outcome, said)
                return
            outcome = self._look(visit, token, examined, online=False)
        self._settle(visit, token, outcome)

    def _roots(self) -> list[Certificate]:
        store = self._core.certificates
        return [] if store is None else store.roots(Use.MO_ROOT, Use.V2G_ROOT)

    def _look(self, visit: Visit, token: IdToken, examined: Examined, *, online: bool) -> Outcome:
        """What the table says, with all that is known now."""
        flag, pnc = self._core.settings.flag, self._core.config.pnc
        known = self._known(token)
        facts = Facts(
            online=online,
            chain=examined.chain,
            hashes=examined.hashes is not None,
            central=flag("central_contract_validation"),
            both=pnc is not None and pnc.shows_both,
            offline_validation=flag("contract_validation_offline"),
            offline_local=flag("local_authorize_offline"),
            offline_unknown=flag("allow_offline_unknown"),
            known=None if known is None else known.accepted,
        )
        outcome = look(facts)
        visit.shown.chain, visit.shown.why = examined.chain.value, outcome.why
        visit.shown.shown = outcome.do.value if outcome.do.asks else None
        visit.event(
            "pnc.examined",
            emaid=token.value,
            online=online,
            chain=examined.chain.value,
            detail=examined.verdict.detail,
            certificates=examined.certificates,
            rooted=examined.rooted,
            do=outcome.do.value,
            why=outcome.why,
        )
        return outcome

    def _known(self, token: IdToken) -> TokenInfo | None:
        if not self._core.settings.flag("cache_enabled"):
            return None
        now = self._clock.now()
        return usable(self._core.memory.cache.look_up(token, now), now)

    def _message(self, token: IdToken, contract: Contract, examined: Examined, do: Do) -> Message:
        proof: Payload = {}
        if do is not Do.SHOW_HASHES:
            proof["certificate"] = contract.chain_pem
            if len(contract.chain_pem) > self._words.longest_chain:
                raise Ended("the chain is longer than OCPP carries", "Invalid")
        if do is not Do.SHOW_CERTIFICATE:
            proof["iso15118CertificateHashData"] = examined.hashes
        return self._words.authorize(self._core, token, proof)

    async def _ask(self, visit: Visit, token: IdToken, message: Message) -> Said | None:
        """What the CSMS says; None when it cannot be reached."""
        visit.shown.ocpp = self._words.called(self._core, token)
        began_s = self._clock.monotonic()
        try:
            said = self._words.said(await visit.ask(message, stretched=True))
        except OcppError as error:
            raise Ended(f"the CSMS refuses the question: {error}") from error
        except Impatient as error:
            raise Ended(str(error)) from error
        except (CallTimeout, LinkClosed):
            return None
        visit.event(
            "pnc.answered",
            emaid=token.value,
            certificate_status=said.certificate_status,
            status=said.info.status,
            elapsed_s=round(self._clock.monotonic() - began_s, 3),
        )
        return said

    def _answered(self, visit: Visit, token: IdToken, outcome: Outcome, said: Said) -> None:
        """Both statuses count."""
        self._remember(token, said.info)
        visit.shown.certificate_status = said.certificate_status
        visit.shown.status = said.info.status
        if not said.accepted:
            raise Ended("the CSMS refuses", said.info.status, said.certificate_status)
        self._accept(visit, token, said.info.group, outcome.why)

    def _settle(self, visit: Visit, token: IdToken, outcome: Outcome) -> None:
        """Do what the table says without the CSMS."""
        known = self._known(token)
        if outcome.do is Do.ACCEPT:
            self._accept(visit, token, None if known is None else known.group, outcome.why)
            return
        status = known.status if outcome.status == KNOWN and known is not None else outcome.status
        raise Ended(outcome.why, status)

    def _accept(self, visit: Visit, token: IdToken, group: str | None, why: str) -> None:
        evse = visit.evse
        if evse.phase.state is not State.PLUGGED or evse.phase.faulted or evse.asking:
            raise Ended(OCCUPIED)
        visit.shown.state = "accepted"
        visit.event("pnc.accepted", emaid=token.value, why=why)
        self._charging.begin(evse, token, group, Cause.CONTRACT)
