"""What a station knows: its memory, its EVSEs, and the causes and commands that move it.

Rule: plain values, no sockets and no tasks. `Memory` is what survives a power cut; all else is
built anew when the station comes up.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from typing import TYPE_CHECKING, Any

from simulator.kernel.chance import Chance
from simulator.station.authorization import AuthorizationCache, IdToken, Rules
from simulator.station.boot import Boot, TransactionQueue
from simulator.station.certificate_kinds import Signing
from simulator.station.config import ConnectorConfig, EvseConfig, StationConfig
from simulator.station.connector import Phase, State
from simulator.station.ev import Car
from simulator.station.meter import Meter, Reading
from simulator.station.samples import tells
from simulator.station.settings import Settings

if TYPE_CHECKING:  # a station without certificates loads no cryptography
    from simulator.station.certificates import CertificateStore
    from simulator.station.pnc import Shown

Payload = dict[str, Any]


class Cause(StrEnum):
    """Why a connector moved. The dialects have their words for each."""

    CABLE = "cable"
    CARD = "card"
    CONTRACT = "contract"  # the car's: Plug & Charge
    REMOTE_START = "remote_start"
    CAR = "car"  # the car began or ceased to draw
    EVSE = "evse"  # the EVSE allows energy, or does not
    LOCAL = "local"  # stopped at the station, by card or button
    REMOTE = "remote"
    INVALID_ID = "invalid_id"
    EV_DISCONNECTED = "ev_disconnected"
    CABLE_TIMEOUT = "cable_timeout"
    SOFT_RESET = "soft_reset"
    HARD_RESET = "hard_reset"
    POWER_LOSS = "power_loss"
    UNLOCK = "unlock"
    FAULT = "fault"


@dataclass(slots=True)
class Transaction:
    """A transaction, from the first message to the last; it survives a power cut.

    `name` is the station's own: 2.0.1's transactionId. 1.6's number comes from the CSMS as
    `csms_id`, and stays None while StartTransaction waits to be delivered.
    """

    name: str
    evse_id: int
    connector_id: int
    session: str
    started_at: datetime
    token: IdToken | None = None
    group: str | None = None
    remote_start_id: int | None = None
    csms_id: int | None = None
    seq_no: int = 0
    start_wh: int = 0
    last_wh: int = 0  # the register when the last sample was taken
    token_told: bool = False
    stop_cause: Cause | None = None
    stop_token: IdToken | None = None
    ended: bool = False
    samples: list[Payload] = field(default_factory=list)  # for the last message, in wire shape


@dataclass(frozen=True, slots=True)
class Message:
    """A message that the station wants to send. `transactional` ones are never lost; `token` is the
    identifier that the answer will judge.
    """

    action: str
    payload: Payload
    transactional: bool = False
    token: IdToken | None = None


@dataclass(frozen=True, slots=True)
class Moment:
    """When something happened, what the meter showed, whether the CSMS could be told at once."""

    now: datetime
    reading: Reading
    online: bool = True


class Evse:
    """One EVSE while the station is up."""

    __slots__ = (
        "asking",
        "car",
        "config",
        "connector_id",
        "group",
        "meter",
        "phase",
        "pnc",
        "remote_start_id",
        "session",
        "token",
        "told",
        "transaction",
    )

    def __init__(self, config: EvseConfig, connector_id: int, meter: Meter) -> None:
        self.config = config
        self.meter = meter
        self.phase = Phase()
        self.connector_id = connector_id
        self.session: str | None = None
        self.car: Car | None = None
        self.token: IdToken | None = None
        self.group: str | None = None
        self.remote_start_id: int | None = None
        self.transaction: Transaction | None = None
        self.told: dict[int, str] = {}  # the statuses that the CSMS heard last, by connector
        self.asking = False  # the CSMS is being asked about a card
        self.pnc: Shown | None = None  # what became of the car's contract, for a display

    @property
    def evse_id(self) -> int:
        """Its number."""
        return self.config.evse_id

    @property
    def connector(self) -> ConnectorConfig:
        """The connector in use."""
        return self.config.connectors[self.connector_id - 1]

    @property
    def startable(self) -> bool:
        """A driver may be authorized here now."""
        phase = self.phase
        return not (phase.faulted or phase.closing or self.asking) and phase.state in _STARTABLE


_STARTABLE = frozenset({State.AVAILABLE, State.PLUGGED, State.FINISHING})


@dataclass(slots=True)
class Memory:
    """What survives a power cut, and the physical world around the station."""

    settings: Settings
    cache: AuthorizationCache = field(default_factory=AuthorizationCache)
    queue: TransactionQueue = field(default_factory=TransactionQueue)
    transactions: dict[int, Transaction] = field(default_factory=dict)  # by EVSE, not yet ended
    unsettled: dict[str, Transaction] = field(default_factory=dict)  # in `queue`, by name
    registers_wh: dict[int, float] = field(default_factory=dict)
    inoperative: dict[int, bool] = field(default_factory=dict)
    sessions: dict[int, int] = field(default_factory=dict)  # how many each EVSE has seen
    connectors: dict[int, int] = field(default_factory=dict)  # the one in use, where not the first
    cars: dict[int, Car] = field(default_factory=dict)  # plugged in, whether powered or not
    names: dict[int, str] = field(default_factory=dict)  # of the sessions that go on
    spent: dict[int, bool] = field(default_factory=dict)  # the cable has had its transaction
    certificates: CertificateStore | None = None
    security_events: list[Message] = field(default_factory=list)  # not yet told
    off_since: datetime | None = None
    boot_reason: str = "PowerUp"
    boots: int = 0


class Core:
    """A station without its wire: what dialects and handlers read."""

    __slots__ = ("boot", "config", "evses", "memory", "pnc_suspended")

    def __init__(self, config: StationConfig, memory: Memory, chance: Chance) -> None:
        self.config = config
        self.memory = memory
        self.boot = Boot()
        self.pnc_suspended = False  # until the next boot: the CSMS signs nothing (A02.FR.21)
        self.evses: tuple[Evse, ...] = tuple(self._evse(each, chance) for each in config.evses)

    def _evse(self, config: EvseConfig, chance: Chance) -> Evse:
        number = config.evse_id
        connector_id = self.memory.connectors.get(number, 1)
        limits = config.connectors[connector_id - 1].limits
        register_wh = self.memory.registers_wh.get(number, 0.0)
        own = chance.child(f"meter/{config.evse_id}")
        return Evse(config, connector_id, Meter(limits, own, register_wh=register_wh))

    @property
    def settings(self) -> Settings:
        """The station's configuration."""
        return self.memory.settings

    @property
    def certificates(self) -> CertificateStore | None:
        """The station's certificates, where it manages any."""
        return self.memory.certificates

    @property
    def pnc_enabled(self) -> bool:
        """Plug & Charge is there and switched on."""
        on = self.config.pnc is not None and self.settings.flag("pnc_enabled")
        return on and not self.pnc_suspended

    def shown(self, name: str) -> str:
        """A setting as it is told: what is suspended is told as off."""
        if name == "pnc_enabled" and self.pnc_suspended:
            return "false"
        return self.settings.text(name)

    @property
    def rules(self) -> Rules:
        """What the configuration says of authorization."""
        flag = self.settings.flag
        return Rules(
            local_pre_authorize=flag("local_pre_authorize"),
            local_authorize_offline=flag("local_authorize_offline"),
            allow_offline_for_unknown=flag("allow_offline_unknown"),
        )

    def evse(self, evse_id: int | None) -> Evse | None:
        """The EVSE of that number, if there is one."""
        if evse_id is None or not 1 <= evse_id <= len(self.evses):
            return None
        return self.evses[evse_id - 1]

    def of_transaction(self, matches: int | str) -> Evse | None:
        """The EVSE whose transaction goes on under this id, as the CSMS knows it."""
        for evse in self.evses:
            tx = evse.transaction
            if tx is not None and matches == (tx.csms_id if isinstance(matches, int) else tx.name):
                return evse
        return None

    def free_evse(self) -> Evse | None:
        """Where to start if the CSMS names no EVSE: where a cable waits, else anywhere."""
        startable = [evse for evse in self.evses if evse.startable]
        return next((e for e in startable if e.phase.plugged), startable[0] if startable else None)

    def tells(self, evse: Evse, measurands: str) -> bool:
        """Would meter values of an EVSE say anything, with the measurands of this setting?"""
        return tells(self.settings.members(measurands), knows_soc=evse.meter.knows_soc)

    @property
    def idle(self) -> bool:
        """No transaction goes on."""
        return all(evse.transaction is None for evse in self.evses)


# What a handler asks for: done once its answer has been written


@dataclass(frozen=True, slots=True)
class StartRemotely:
    """Authorize a driver and let the cable be waited for."""

    evse_id: int
    token: IdToken
    group: str | None = None
    remote_start_id: int | None = None


@dataclass(frozen=True, slots=True)
class StopCharging:
    """End what goes on at an EVSE."""

    evse_id: int
    cause: Cause


@dataclass(frozen=True, slots=True)
class SetOperative:
    """Change the availability of EVSEs."""

    evse_ids: tuple[int, ...]
    operative: bool


@dataclass(frozen=True, slots=True)
class Reset:
    """Restart the station, or one EVSE of it, now or once idle."""

    cause: Cause
    reason: str  # of the next BootNotification
    when_idle: bool = False
    evse_id: int | None = None


class Ask(StrEnum):
    """What a TriggerMessage may ask for."""

    BOOT = "boot"
    HEARTBEAT = "heartbeat"
    STATUS = "status"
    METER = "meter"
    TRANSACTION = "transaction"


@dataclass(frozen=True, slots=True)
class Trigger:
    """Send a message now. No EVSE means all; 0 the station itself (1.6)."""

    what: Ask
    evse_id: int | None = None
    connector_id: int | None = None


@dataclass(frozen=True, slots=True)
class Send:
    """Send these, in order."""

    messages: tuple[Message, ...]


@dataclass(frozen=True, slots=True)
class Configured:
    """These settings have new values."""

    names: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class SignCertificate:
    """Make a key pair and ask the CSMS to have it certified (A02)."""

    signing: Signing


@dataclass(frozen=True, slots=True)
class CertificatesChanged:
    """The store holds something else than before; `own` is the certificate of the station's own
    that is new, if any.
    """

    what: str
    name: str = ""
    own: Signing | None = None


@dataclass(frozen=True, slots=True)
class SecurityEvent:
    """Tell the CSMS of a security event (A04), in the words of 2.0.1."""

    kind: str
    info: str


Command = (
    StartRemotely
    | StopCharging
    | SetOperative
    | Reset
    | Trigger
    | Send
    | Configured
    | SignCertificate
    | CertificatesChanged
    | SecurityEvent
)


@dataclass(frozen=True, slots=True)
class Answer:
    """A handler's answer, what follows it, and for the journal why it is a refusal."""

    payload: Payload
    then: tuple[Command, ...] = ()
    why: str | None = None


def changed(names: Iterable[str]) -> tuple[Command, ...]:
    """The command that follows a change of settings, if there was one."""
    kept = tuple(names)
    return (Configured(kept),) if kept else ()
