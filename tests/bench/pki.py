"""The PKI: how long a fresh one takes; chains issued and judged, OCSP answered, and contracts
authorized a second.

Rule: what is judged is read from PEM each time, as Authorize brings it; beside our path validation
stand the library's verifier and, as the floor, three bare checks of a signature. It is all work of
one process: its own time counts, in the best of some rounds, whatever else the machine does.
"""

from __future__ import annotations

import tempfile
import time
from collections.abc import Callable
from datetime import UTC, datetime
from functools import partial
from itertools import pairwise
from pathlib import Path

from cryptography import x509
from cryptography.x509 import verification

from simulator.kernel.chance import Chance
from simulator.kernel.clock import Clock
from simulator.kernel.journal import Journal, Record
from simulator.kernel.loop import run as run_loop
from simulator.pki import ocsp
from simulator.pki.certificates import hash_data, pem_chain, read_chain
from simulator.pki.ocsp_answer import Responder
from simulator.pki.ocsp_http import OcspClient, OcspResponder
from simulator.pki.path import Purpose, validate
from simulator.pki.spec import PROFILES
from simulator.pki.store import Pki
from simulator.wire.http_aio import HttpClient
from simulator.world import World
from simulator.world_file import find, read

Figure = tuple[str, float, str]

NOW = datetime(2026, 1, 15, 7, 0, tzinfo=UTC)
OCSP_URL = "http://127.0.0.1:9000/ocsp"
EMAID = "DE8PSCOO13A3LZ3"
ROUNDS = 3
SECONDS = 0.3  # a round
QUESTIONS = 500
AUTHORIZATIONS = 50


def run() -> list[Figure]:
    """Each part of the PKI, in this process."""
    return [figure for part in PARTS for figure in part()]


def fresh() -> list[Figure]:
    """A whole PKI, keys and all, with nothing made before."""
    figures = [
        (f"PKI: a fresh one in memory, {profile}", 1e3 / rate(partial(create, profile)), "ms")
        for profile in PROFILES
    ]
    with tempfile.TemporaryDirectory() as folder:
        places = (Path(folder) / str(number) for number in range(1_000_000))
        per_second = rate(lambda: create("iso15118-2", next(places)))
    return [*figures, ("PKI: a fresh one in a directory, iso15118-2", 1e3 / per_second, "ms")]


def issuing() -> list[Figure]:
    """Contracts: a key drawn, a certificate signed, a chain of three given."""
    figures = []
    for profile in PROFILES:
        pki, chance = create(profile), Chance(2)
        issued = rate(partial(pki.issue_contract, EMAID, NOW, chance))
        figures.append((f"PKI: contract chains issued, {profile}", issued, "/s"))
    with tempfile.TemporaryDirectory() as folder:
        pki, chance = create("iso15118-2", Path(folder) / "pki"), Chance(2)
        issued = rate(partial(pki.issue_contract, EMAID, NOW, chance))
    return [*figures, ("PKI: contract chains issued into a directory, iso15118-2", issued, "/s")]


def judging() -> list[Figure]:
    """Chains of three below a root, from PEM to verdict."""
    figures = []
    for profile in PROFILES:
        pki = create(profile)
        contract, roots = pki.issue_contract(EMAID, NOW, Chance(2)), pki.roots("MO")
        text = pem_chain(contract.chain)
        for who, judge in (
            ("paths validated", ours),
            ("the library's verifier", the_librarys),
            ("three bare signatures checked", floor),
        ):
            if judge is the_librarys and profile.endswith("ed448"):
                continue  # it refuses the algorithm
            per_second = rate(partial(judge, text, roots))
            figures.append((f"PKI: {who}, {profile}", per_second, "/s"))
    return figures


def answering() -> list[Figure]:
    """OCSP: a request answered, an answer judged, and both over HTTP with nothing remembered."""
    figures = []
    for profile in PROFILES:
        pki = create(profile)
        leaf = pki.issue_contract(EMAID, NOW, Chance(2)).certificate
        issuer, roots = pki.certificate("MO_SUB2"), pki.roots("MO")
        data = hash_data(leaf, issuer)
        asked, responder = ocsp.request(data), Responder(pki)
        told = responder.answer(asked, NOW).der
        answered = rate(partial(responder.answer, asked, NOW))
        judged = rate(partial(ocsp.check, told, data, issuer, roots, NOW))
        figures += [
            (f"OCSP: requests answered, {profile}", answered, "/s"),
            (f"OCSP: answers judged, {profile}", judged, "/s"),
        ]
    return [*figures, ("OCSP: asked and told over HTTP, both ends, iso15118-2", _over_http(), "/s")]


def _over_http() -> float:
    """Questions a second of this process's time, one after the other, on the virtual clock."""
    clock = Clock("virtual", start=NOW)

    async def ask() -> float:
        pki, http = create("iso15118-2"), HttpClient(clock)
        data = hash_data(pki.issue_contract(EMAID, NOW, Chance(2)).certificate,
                         pki.certificate("MO_SUB2"))  # fmt: skip
        responder = OcspResponder(pki, clock=clock, journal=Journal(clock, keep=100))
        client, roots = OcspClient(http, clock), pki.roots("MO")
        await responder.start()
        began = time.process_time()
        for _ in range(QUESTIONS):
            client.forget()
            verdict = await client.ask(data, responder.url, None, roots)
            assert verdict.status is ocsp.OcspStatus.GOOD, verdict.detail
        took = time.process_time() - began
        await http.close()
        await responder.stop()
        return QUESTIONS / took

    return run_loop(ask(), clock)


def authorizing() -> list[Figure]:
    """Cars with a contract at a 2.0.1 station: plugged in, TLS with the station, challenge, the
    station's own verdict, Authorize with hashes, OCSP, a peer asked in real time, and all back.
    """
    figures = []
    for what, asks_anew in (("OCSP asked each time", True), ("OCSP answers remembered", False)):
        world = World(read(find("pnc-installed")), clock="virtual")
        per_second = run_loop(_authorize(world, asks_anew=asks_anew), world.clock)
        figures.append((f"Plug & Charge: contracts authorized, {what}", per_second, "/s"))
    return figures


async def _authorize(world: World, *, asks_anew: bool) -> float:
    """A second of this process's time from the plug to the verdict; what follows does not count."""
    took = 0.0
    async with world:
        await world.clock.sleep(1)
        station, seq = world.station("CP-1"), world.journal.seq
        for _ in range(AUTHORIZATIONS):
            if asks_anew:
                world.cpo.forget_statuses()
            car, began = world.car("eva"), time.process_time()
            await station.plug(1, car)
            verdict = await world.journal.wait_for(_settled, timeout_s=60, after=seq)
            took += time.process_time() - began
            assert verdict["what"] == "pnc.accepted", verdict
            await station.unplug(1)
            await world.clock.sleep(1)
            seq = world.journal.seq
    return AUTHORIZATIONS / took


def _settled(record: Record) -> bool:
    return record["leg"] == "event" and record["what"] in ("pnc.accepted", "pnc.refused")


# Measured in this order.
PARTS: tuple[Callable[[], list[Figure]], ...] = (fresh, issuing, judging, answering, authorizing)


def create(profile: str, directory: Path | None = None) -> Pki:
    """A PKI with its own OCSP address."""
    return Pki.create(Chance(1), NOW, profile=profile, directory=directory, ocsp_url=OCSP_URL)


def ours(text: str, roots: list[x509.Certificate]) -> None:
    """Our path validation."""
    assert validate(read_chain(text), roots, NOW, purpose=Purpose.CONTRACT).ok


def the_librarys(text: str, roots: list[x509.Certificate]) -> None:
    """`cryptography.x509.verification`, told to do without alternative names."""
    leaf, *others = x509.load_pem_x509_certificates(text.encode())
    verifier = (
        verification.PolicyBuilder()
        .store(verification.Store(roots))
        .time(NOW)
        .extension_policies(
            ca_policy=verification.ExtensionPolicy.webpki_defaults_ca(),
            ee_policy=verification.ExtensionPolicy.permit_all(),
        )
        .build_client_verifier()
    )
    verifier.verify(leaf, others)


def floor(text: str, roots: list[x509.Certificate]) -> None:
    """Read and check the signatures alone."""
    path = [*x509.load_pem_x509_certificates(text.encode()), *roots]
    for certificate, issuer in pairwise(path):
        certificate.verify_directly_issued_by(issuer)


def rate(work: Callable[[], object]) -> float:
    """How often a second of this process's time, in the best of the rounds."""
    work()
    best = 0.0
    for _ in range(ROUNDS):
        done, began = 0, time.process_time()
        while (elapsed := time.process_time() - began) < SECONDS:
            work()
            done += 1
        best = max(best, done / elapsed)
    return best
