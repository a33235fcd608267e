"""OCPP-J over WebSocket: the names that actors use.

Rule: an actor imports from here and from `ocpp_rpc`, never from the parts behind them.
"""

from simulator.wire.ocpp_client import BackOff, OcppClient
from simulator.wire.ocpp_link import Link
from simulator.wire.ocpp_server import Admission, Knock, OcppServer

__all__ = ["Admission", "BackOff", "Knock", "Link", "OcppClient", "OcppServer"]
