"""OCPI 2.2 beside 2.2.1: what the later one added is taken away, and filled in again.

Rule: rows and shape are the differences that 2.2.1's version history lists; see `bridge` for how a
row works.
"""

from __future__ import annotations

from collections.abc import Callable
from types import MappingProxyType
from typing import Any, Literal, NotRequired, get_args

from simulator.ocpi import objects, objects_billing, v211_shape
from simulator.ocpi.bridge import (
    Filled,
    Lost,
    Nested,
    Owned,
    Table,
    TableCodec,
    Values,
    Without,
)
from simulator.ocpi.envelope import Json
from simulator.ocpi.objects_location import EVSE, Connector
from simulator.ocpi.shape import Shape
from simulator.ocpi.types import String10

Capability = Literal[
    "CHARGING_PROFILE_CAPABLE",
    "CHARGING_PREFERENCES_CAPABLE",
    "CHIP_CARD_SUPPORT",
    "CONTACTLESS_CARD_SUPPORT",
    "CREDIT_CARD_PAYABLE",
    "DEBIT_CARD_PAYABLE",
    "PED_TERMINAL",
    "REMOTE_START_STOP_CAPABLE",
    "RESERVABLE",
    "RFID_READER",
    "TOKEN_GROUP_CAPABLE",
    "UNLOCK_CAPABLE",
]
ConnectorType = Literal[v211_shape.ConnectorType, "PANTOGRAPH_BOTTOM_UP", "PANTOGRAPH_TOP_DOWN"]
PowerType = v211_shape.PowerType

SHAPE = Shape(
    fields=MappingProxyType(
        {
            EVSE: {"capabilities": NotRequired[list[Capability]]},
            Connector: {"standard": ConnectorType, "power_type": PowerType},
            objects_billing.CdrToken: {"country_code": None, "party_id": None},
            objects_billing.CdrLocation: {
                "postal_code": String10,
                "state": None,
                "connector_standard": ConnectorType,
                "connector_power_type": PowerType,
            },
            objects.StartSession: {"connector_id": None},
        }
    ),
    conditions=MappingProxyType({objects.StartSession: ()}),
)

# Two phases are more than one and no three: who plans a charge by it, plans what the EVSE can do.
ONE_PHASE = MappingProxyType({"AC_2_PHASE": "AC_1_PHASE", "AC_2_PHASE_SPLIT": "AC_1_PHASE"})


def unknown_to(enum: Any) -> Callable[[Json], bool]:
    """A test for values that an enum does not have."""
    known = frozenset(get_args(enum))
    return lambda value: isinstance(value, str) and value not in known


CDR_TOKEN = Table(Owned("receiver"))
CDR_LOCATION = Table(
    Lost("state"), Filled("postal_code", wire=""), Values("connector_power_type", ONE_PHASE)
)
CONNECTOR = Table(Values("power_type", ONE_PHASE))
EVSE_ROWS = Table(Without("capabilities", unknown_to(Capability)), Nested("connectors", CONNECTOR))
LOCATION = Table(Nested("evses", EVSE_ROWS))
SESSION = Table(Nested("cdr_token", CDR_TOKEN))
# home_charging_compensation came with 2.2.1. It is let through: Plugsurfing wants it in 2.2 too
# (its requirements for CPOs, Home Charging Compensation).
CDR = Table(Nested("cdr_token", CDR_TOKEN), Nested("cdr_location", CDR_LOCATION))

CODEC = TableCodec(
    tables=MappingProxyType(
        {
            "location": LOCATION,
            "evse": EVSE_ROWS,
            "connector": CONNECTOR,
            "session": SESSION,
            "cdr": CDR,
            "command:START_SESSION": Table(Lost("connector_id")),
        }
    ),
    withheld=MappingProxyType({}),
)
