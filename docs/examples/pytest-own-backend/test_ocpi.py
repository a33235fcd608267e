"""Our OCPI backend, and roamlab's partner at it."""

import json
from urllib.request import Request, urlopen

import pytest

pytestmark = pytest.mark.roamlab_world("worlds/partner.yaml")


@pytest.fixture
def roamlab_change(backend):
    return {"/cpo/outside/versions_url": f"{backend}/ocpi/versions"}


def bill(backend, **order):
    """Let our backend bill a session; what the partner answered to its CDR."""
    body = json.dumps({"uid": "04A1B2C3D4E5F6", **order}).encode()
    request = Request(f"{backend}/bill", body, {"Content-Type": "application/json"})
    with urlopen(request, timeout=10) as answer:
        return json.load(answer)


def test_the_partner_registers_and_pushes_its_cards(journal):
    journal.expect(ocpi="POST credentials", status=1000)
    journal.expect(ocpi="GET locations", status=1000, within="5 s")
    journal.expect(ocpi="PUT tokens", path="*/04A1B2C3D4E5F6", status=1000, within="5 s")


def test_a_cdr_is_taken(backend, journal):
    journal.expect(ocpi="PUT tokens", within="5 s")
    assert bill(backend, cdr="CDR-1")["status_code"] == 1000
    journal.expect(ocpi="POST cdrs", direction="received", status=1000)
    journal.never(finding="*", severity="reject")


def test_a_cdr_without_its_reference_is_refused(backend, journal, peer):
    journal.expect(ocpi="PUT tokens", within="5 s")
    answer = bill(backend, cdr="CDR-2", forget=["authorization_reference"])
    assert answer["status_code"] >= 2000
    journal.expect(finding="cdr.authorization-reference", severity="reject")
    assert peer.peer_control("/state")["held"][0]["cdrs"] == []
