"""Where a world listens: the one place that chooses its ports.

Rule: a plan leaves here with a number for every place that listens; 0 takes a free one when it
begins to listen, so that nobody else can take it in between. On a virtual clock a world has a port
space of its own (`kernel.loop`) and every port is free.
"""

from __future__ import annotations

import socket
from contextlib import closing
from dataclasses import replace
from enum import StrEnum

from simulator.wire.http import BindError
from simulator.world_file import WorldFile

OCPP, OCPI, PEER, EMP = 9000, 9100, 8090, 8100
_ANY = 0


class Ports(StrEnum):
    """Which ports a world takes. The first two are what a world file's `ports` may say."""

    FIXED = "fixed"  # those that its file names, else the usual ones
    FREE = "free"  # those that its file names, else free ones
    ALL_FREE = "all free"  # free ones, whatever the file names


def by_option(free_ports: bool) -> Ports | None:
    """What the option --free-ports says; None: nothing."""
    return Ports.ALL_FREE if free_ports else None


def of_a_test(plan: WorldFile) -> Ports:
    """What a world takes of which many may run side by side, unless its file says it."""
    return Ports.FREE if plan.ports is None else Ports(plan.ports)


def settle(plan: WorldFile, ports: Ports | None = None) -> WorldFile:
    """The plan with a port for every place that listens; by default as its file says, else fixed.

    That of the PKI is 0 or None where `world_pki` is to choose: certificates may name one already.
    """
    how = ports or Ports(plan.ports or Ports.FIXED)

    def port(named: int | None, usual: int) -> int:
        if how is Ports.ALL_FREE:
            return _ANY
        return named if named is not None else _ANY if how is Ports.FREE else usual

    pki = plan.pki
    if pki is not None and (how is Ports.ALL_FREE or (how is Ports.FREE and pki.port is None)):
        pki = replace(pki, port=_ANY)
    own = {
        "ocpp_port": port(plan.cpo.get("ocpp_port"), OCPP),
        "ocpi_port": port(plan.cpo.get("ocpi_port"), OCPI),
    }
    return replace(
        plan,
        cpo={**plan.cpo, **own},
        peers=tuple(replace(peer, port=port(peer.port, PEER)) for peer in plan.peers),
        emps=tuple(replace(emp, port=port(emp.port, EMP)) for emp in plan.emps),
        pki=pki,
    )


def reserved(host: str) -> int:
    """A free port that must be known before anybody listens there. Raises BindError.

    A connection that was closed on our side lingers there (TIME_WAIT, RFC 9293, section 3.6): for a
    while the system gives that port to nobody who asks for any, and who names it may have it.
    """
    family = socket.AF_INET6 if ":" in host else socket.AF_INET
    try:
        listener = socket.create_server((host, _ANY), family=family, backlog=1)
    except OSError as error:
        raise BindError.at(host, _ANY, error) from error
    with closing(listener), closing(socket.socket(family)) as caller:
        port: int = listener.getsockname()[1]
        caller.connect(listener.getsockname())
        listener.accept()[0].close()  # first: who closes first is who lingers
    return port
