"""Path validation: our verdict, its reason, and what two other implementations say."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from itertools import permutations
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from hypothesis import given
from hypothesis import strategies as st

from simulator.pki import path
from simulator.pki.hierarchy import Wanted, make_certificate
from simulator.pki.path import MOST_CERTIFICATES, PathVerdict, Purpose, Reason, validate
from simulator.pki.spec import BY_NAME
from tests.simulator.pki.chains import (
    DAY,
    FAULTS,
    NOW,
    Link,
    Made,
    flip,
    library_accepts,
    links,
    make,
    needs_openssl,
    openssl_accepts,
)

ALGORITHMS = ("P-256", "P-521", "Ed448")
EXPECTED = {
    "expired": Reason.EXPIRED,
    "not yet valid": Reason.NOT_YET_VALID,
    "flipped": Reason.SIGNATURE_ERROR,
    "no authority": Reason.CHAIN_ERROR,
    "no keyCertSign": Reason.CHAIN_ERROR,
}
GOOD = make(links(2))
LEAF, SUB2, SUB1, ROOT = GOOD.path
FOREIGN = make(links(2), seed=2)


def judge(made: Made, purpose: Purpose = Purpose.CONTRACT) -> PathVerdict:
    return validate(made.chain, [made.root], NOW, purpose=purpose)


def single_faults(authorities: int) -> list[tuple[str, int]]:
    """Each fault at each place where it is one: a root signs nobody's signature but its own, a
    leaf needs no authority.
    """
    root = authorities + 1
    return [
        (name, place)
        for name in FAULTS
        for place in range(root + 1)
        if not (name == "flipped" and place == root)
        and not (name in ("no authority", "no keyCertSign") and place == 0)
    ]


CASES = [(depth, *fault) for depth in range(4) for fault in single_faults(depth)]


def faulty(depth: int, faults: list[tuple[str, int]], algorithm: str = "P-256") -> Made:
    plan = links(depth)
    for name, place in faults:
        plan[place] = FAULTS[name](plan[place])
    return make(plan, algorithm)


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("depth", range(4))
def test_a_good_chain_is_good_to_all(depth: int, algorithm: str, tmp_path: Path) -> None:
    made = make(links(depth), algorithm)
    verdict = judge(made)
    assert (verdict.reason, verdict.detail) == (Reason.OK, "")
    assert verdict.ok
    assert list(verdict.path) == made.path
    assert verdict.certificate_status == "Accepted"
    if algorithm != "Ed448":  # which the library's verifier does not take
        assert library_accepts(made.chain, [made.root])


@needs_openssl
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize("depth", range(4))
def test_openssl_takes_the_good_ones(depth: int, algorithm: str, tmp_path: Path) -> None:
    made = make(links(depth), algorithm)
    assert openssl_accepts(tmp_path, made.chain, [made.root])


@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(("depth", "name", "place"), CASES)
def test_each_fault_at_each_place_has_its_reason(
    depth: int, name: str, place: int, algorithm: str
) -> None:
    made = faulty(depth, [(name, place)], algorithm)
    verdict = judge(made)
    assert verdict.reason is EXPECTED[name], verdict.detail
    assert links(depth)[place].name in verdict.detail
    if algorithm != "Ed448":
        assert not library_accepts(made.chain, [made.root])


@needs_openssl
@pytest.mark.parametrize("algorithm", ALGORITHMS)
@pytest.mark.parametrize(("depth", "name", "place"), CASES)
def test_openssl_refuses_each_fault_at_each_place(
    depth: int, name: str, place: int, algorithm: str, tmp_path: Path
) -> None:
    made = faulty(depth, [(name, place)], algorithm)
    assert not openssl_accepts(tmp_path, made.chain, [made.root])


@st.composite
def plans(draw: st.DrawFn) -> Made:
    """Chains with up to three faults and any depths of authorities, some with none at all."""
    depth = draw(st.integers(0, 3))
    plan = links(depth)
    for name, place in draw(st.lists(st.sampled_from(single_faults(depth)), max_size=3)):
        plan[place] = FAULTS[name](plan[place])
    for place in range(1, depth + 1):
        path_len = draw(st.sampled_from([None, 0, 1, 2, 3]))
        plan[place] = replace(
            plan[place],
            spec=replace(plan[place].spec, path_len=path_len if plan[place].spec.ca else None),
        )
    return make(plan, draw(st.sampled_from(["P-256", "P-521"])))


@given(plans(), st.data())
def test_the_librarys_verifier_agrees_on_any_chain(made: Made, data: st.DataObject) -> None:
    chain = [made.chain[0], *data.draw(st.permutations(made.chain[1:]))]
    ours = validate(chain, [made.root], NOW, purpose=Purpose.CONTRACT)
    assert ours.ok == library_accepts(chain, [made.root]), ours


@needs_openssl
@given(plans())
def test_openssl_agrees_on_any_chain(tmp_path_factory: pytest.TempPathFactory, made: Made) -> None:
    folder = tmp_path_factory.mktemp("chain")
    assert judge(made).ok == openssl_accepts(folder, made.chain, [made.root]), judge(made)


@pytest.mark.parametrize(
    ("seconds", "reason"),
    [
        (-1, Reason.NOT_YET_VALID),
        (0, Reason.OK),
        (2 * 86_400, Reason.OK),
        (2 * 86_400 + 1, Reason.EXPIRED),
    ],
)
def test_both_ends_of_the_validity_are_within_it(seconds: int, reason: Reason) -> None:
    at = LEAF.not_valid_before_utc + (DAY * seconds / 86_400)
    verdict = validate(GOOD.chain, [ROOT], at, purpose=Purpose.CONTRACT)
    assert verdict.reason is reason
    assert library_accepts(GOOD.chain, [ROOT], at) is verdict.ok


def test_dates_are_judged_last() -> None:
    made = faulty(2, [("expired", 0), ("no keyCertSign", 1)])
    assert judge(made).reason is Reason.CHAIN_ERROR


@pytest.mark.parametrize(
    ("reason", "status"),
    [
        (Reason.OK, "Accepted"),
        (Reason.EXPIRED, "CertificateExpired"),
        (Reason.NOT_YET_VALID, "CertChainError"),
        (Reason.SIGNATURE_ERROR, "SignatureError"),
        (Reason.CHAIN_ERROR, "CertChainError"),
    ],
)
def test_each_reason_has_its_word_in_ocpp(reason: Reason, status: str) -> None:
    assert PathVerdict(reason).certificate_status == status


def test_a_root_of_the_same_name_but_another_key_is_not_the_root() -> None:
    other = make(links(0), seed=9).root
    assert other.subject == ROOT.subject
    verdict = validate(GOOD.chain, [other], NOW, purpose=Purpose.CONTRACT)
    assert verdict.reason is Reason.CHAIN_ERROR
    assert "another key" in verdict.detail
    assert not library_accepts(GOOD.chain, [other])
    assert validate(GOOD.chain, [other, ROOT], NOW, purpose=Purpose.CONTRACT).ok


def test_a_root_within_the_chain_is_trusted_only_if_it_is_known() -> None:
    chain = FOREIGN.path
    assert not validate(chain, [ROOT], NOW, purpose=Purpose.CONTRACT).ok
    assert not validate(chain, [], NOW, purpose=Purpose.CONTRACT).ok
    assert validate(chain, [ROOT, FOREIGN.root], NOW, purpose=Purpose.CONTRACT).ok


def test_a_leaf_that_issues_is_no_authority() -> None:
    victim = make_certificate(
        BY_NAME["CONTRACT"],
        Wanted("DE8PSEVIL00000X", NOW - DAY, NOW + DAY),
        4711,
        GOOD.keys[0].public_key(),
        LEAF,
        GOOD.keys[0],
    )
    chain = [victim, LEAF, SUB2, SUB1]
    verdict = validate(chain, [ROOT], NOW, purpose=Purpose.CONTRACT)
    assert verdict.reason is Reason.CHAIN_ERROR
    assert "not an authority" in verdict.detail
    assert not library_accepts(chain, [ROOT])


def test_path_len_counts_the_authorities_below() -> None:
    plan = links(3)
    plan[3] = replace(plan[3], spec=replace(plan[3].spec, path_len=1))
    made = make(plan)
    verdict = judge(made)
    assert verdict.reason is Reason.CHAIN_ERROR
    assert "pathLen 1 allows no 2 authorities below" in verdict.detail
    assert not library_accepts(made.chain, [made.root])


def test_more_authorities_than_any_profile_has_are_refused() -> None:
    assert judge(make(links(4))).ok
    verdict = judge(make(links(5)))
    assert verdict.reason is Reason.CHAIN_ERROR
    assert "more than 4 authorities" in verdict.detail


@pytest.mark.parametrize(
    ("spec", "good"),
    [
        ("CONTRACT", {Purpose.CONTRACT}),
        ("SECC", {Purpose.SECC}),
        ("PROVISIONING", {Purpose.PROVISIONING}),
        ("CPS", {Purpose.CPS}),
        ("OCSP_MO_SUB2", {Purpose.OCSP}),
        ("CSMS", {Purpose.TLS_SERVER}),
        ("CHARGING_STATION", {Purpose.CHARGING_STATION}),
    ],
)
def test_a_certificate_serves_its_own_purpose_only(spec: str, good: set[Purpose]) -> None:
    made = make(links(2, leaf=spec))
    usable = {purpose for purpose in Purpose if judge(made, purpose).ok}
    # An extended usage narrows what a certificate is for; those of cars and stations name none.
    tls = {Purpose.TLS_SERVER, Purpose.CHARGING_STATION}
    lenient = set() if BY_NAME[spec].extended else tls
    no_dc = {Purpose.PROVISIONING} if BY_NAME[spec].dc is None else set()
    assert usable == good | lenient | no_dc


def test_a_secc_leaf_is_no_contract() -> None:
    verdict = judge(make(links(2, leaf="SECC")))
    assert verdict.reason is Reason.CHAIN_ERROR
    assert "DC=CPO, a contract certificate has DC=MO" in verdict.detail


def test_a_contract_needs_non_repudiation_but_not_a_domain_component() -> None:
    plan = links(1)
    plan[0] = replace(plan[0], spec=replace(plan[0].spec, dc=None))
    assert judge(make(plan)).ok
    plan[0] = replace(plan[0], spec=replace(plan[0].spec, usage=("digital_signature",)))
    assert "lacks nonRepudiation" in judge(make(plan)).detail


def test_an_authority_offered_as_leaf_is_refused() -> None:
    verdict = validate([SUB2, SUB1], [ROOT], NOW, purpose=Purpose.CONTRACT)
    assert verdict.reason is Reason.CHAIN_ERROR
    assert "an authority, offered as contract" in verdict.detail


def test_a_certificate_of_its_own_making_is_refused_even_when_known() -> None:
    alone = make([Link(BY_NAME["CONTRACT"], "DE8PSCOO13A3LZ3")]).path
    for roots in ([], alone):
        verdict = validate(alone, roots, NOW, purpose=Purpose.CONTRACT)
        assert verdict.reason is Reason.CHAIN_ERROR
        assert "issued by itself" in verdict.detail


def ring(length: int) -> list[x509.Certificate]:
    """Authorities that have issued each other in a circle, and a leaf below the first."""
    made = [
        make([Link(replace(BY_NAME["MO_ROOT"], path_len=None), f"Ring {n}")], seed=n)
        for n in range(length)
    ]
    certificates = [
        make_certificate(
            replace(BY_NAME["MO_SUB1"], path_len=None),
            Wanted(f"Ring {n}", NOW - DAY, NOW + DAY),
            n + 1,
            made[n].keys[0].public_key(),
            made[(n + 1) % length].root,
            made[(n + 1) % length].keys[0],
        )
        for n in range(length)
    ]
    leaf = make_certificate(
        BY_NAME["CONTRACT"],
        Wanted("DE8PSCOO13A3LZ3", NOW - DAY, NOW + DAY),
        99,
        GOOD.keys[0].public_key(),
        certificates[0],
        made[0].keys[0],
    )
    return [leaf, *certificates]


@pytest.mark.parametrize("length", [2, 3, 4, 9])
def test_a_loop_ends_and_is_refused(length: int) -> None:
    chain = ring(length)
    verdict = validate(chain, [ROOT], NOW, purpose=Purpose.CONTRACT)
    assert verdict.reason is Reason.CHAIN_ERROR
    assert not library_accepts(chain, [ROOT])


def test_fifty_certificates_are_refused_unseen() -> None:
    chain = [LEAF, SUB2, SUB1, *[SUB1] * 47]
    verdict = validate(chain, [ROOT], NOW, purpose=Purpose.CONTRACT)
    assert verdict.reason is Reason.CHAIN_ERROR
    assert "50 certificates" in verdict.detail


def test_authorities_of_one_name_and_key_do_not_multiply_the_work(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """All of them have issued all others: the worst that ten certificates can be."""
    key = GOOD.keys[1]
    spec = replace(BY_NAME["MO_ROOT"], path_len=None)
    twins = [
        make_certificate(
            spec, Wanted("Twin", NOW - DAY, NOW + DAY), n + 1, key.public_key(), None, key
        )
        for n in range(MOST_CERTIFICATES - 1)
    ]
    leaf = make_certificate(
        BY_NAME["CONTRACT"], Wanted("X", NOW - DAY, NOW + DAY), 77, key.public_key(), twins[0], key
    )
    verdict = validate([leaf, *twins], [ROOT], NOW, purpose=Purpose.CONTRACT)
    assert verdict.reason is Reason.CHAIN_ERROR
    judged: list[object] = []

    def judge_and_count(*given: object) -> PathVerdict:
        judged.append(given)
        return PathVerdict(Reason.CHAIN_ERROR)

    monkeypatch.setattr(path, "_judge", judge_and_count)
    validate([leaf, *twins], twins, NOW, purpose=Purpose.CONTRACT)
    assert len(judged) == path.MOST_PATHS


def test_no_certificate_is_no_chain() -> None:
    assert validate([], [ROOT], NOW, purpose=Purpose.CONTRACT).reason is Reason.CHAIN_ERROR


def test_of_two_authorities_of_one_name_the_one_that_signed_counts() -> None:
    chain = [LEAF, FOREIGN.path[1], SUB2, FOREIGN.path[2], SUB1]
    assert validate(chain, [FOREIGN.root, ROOT], NOW, purpose=Purpose.CONTRACT).ok


@pytest.mark.parametrize(
    ("chain", "missing"),
    [([LEAF], "Sub 0"), ([LEAF, SUB2], "Sub 1"), ([LEAF, SUB1], "Sub 0")],
)
def test_a_missing_authority_is_named(chain: list[x509.Certificate], missing: str) -> None:
    verdict = validate(chain, [ROOT], NOW, purpose=Purpose.CONTRACT)
    assert verdict.reason is Reason.CHAIN_ERROR
    assert f"CN={missing}" in verdict.detail
    assert "neither offered nor a trusted root" in verdict.detail


def test_of_several_tries_the_one_that_came_furthest_is_told() -> None:
    foreign = FOREIGN.path[1]  # of the name that the leaf's issuer has
    for authorities in permutations([foreign, SUB2]):
        chain = [LEAF, *authorities]
        verdict = validate(chain, [ROOT], NOW, purpose=Purpose.CONTRACT)
        assert "CN=Sub 1" in verdict.detail
        chain = [flip(LEAF), *authorities, SUB1]
        verdict = validate(chain, [ROOT], NOW, purpose=Purpose.CONTRACT)
        assert verdict.reason is Reason.SIGNATURE_ERROR


def test_a_critical_extension_that_is_not_understood_is_refused() -> None:
    certificate = _signed_with(
        x509.NameConstraints(
            permitted_subtrees=[x509.DNSName("example.com")], excluded_subtrees=None
        )
    )
    verdict = validate([certificate, SUB2, SUB1], [ROOT], NOW, purpose=Purpose.CONTRACT)
    assert verdict.reason is Reason.CHAIN_ERROR
    assert "2.5.29.30 is not understood" in verdict.detail


def test_a_weak_hash_is_refused() -> None:
    leaf = _signed_with(hashing=hashes.SHA224())
    assert leaf.signature_hash_algorithm is not None
    verdict = validate([leaf, SUB2, SUB1], [ROOT], NOW, purpose=Purpose.CONTRACT)
    assert verdict.reason is Reason.CHAIN_ERROR
    assert "weak" in verdict.detail
    assert validate([_signed_with(), SUB2, SUB1], [ROOT], NOW, purpose=Purpose.CONTRACT).ok


def renewed(since: timedelta, until: timedelta) -> x509.Certificate:
    """The upper authority once more: of the same name and key, with other dates."""
    return make_certificate(
        links(2)[2].spec,
        Wanted("Sub 1", NOW + since, NOW + until),
        77,
        GOOD.keys[2].public_key(),
        ROOT,
        GOOD.keys[3],
    )


def test_of_several_paths_one_good_is_enough() -> None:
    old, early = renewed(-3 * DAY, -DAY), renewed(DAY, 3 * DAY)
    for others in permutations([old, early, SUB1]):
        chain = [LEAF, SUB2, *others]
        assert validate(chain, [ROOT], NOW, purpose=Purpose.CONTRACT).ok
        assert library_accepts(chain, [ROOT])
    for bad in ([old, early], [early, old]):
        verdict = validate([LEAF, SUB2, *bad], [ROOT], NOW, purpose=Purpose.CONTRACT)
        assert verdict.reason is Reason.EXPIRED


def _signed_with(
    extension: x509.ExtensionType | None = None,
    hashing: hashes.SHA224 | hashes.SHA256 | None = None,
) -> x509.Certificate:
    builder = (
        x509.CertificateBuilder()
        .subject_name(LEAF.subject)
        .issuer_name(LEAF.issuer)
        .public_key(GOOD.keys[0].public_key())
        .serial_number(5)
        .not_valid_before(NOW - DAY)
        .not_valid_after(NOW + DAY)
    )
    if extension:
        builder = builder.add_extension(extension, critical=True)
    for own in LEAF.extensions:
        builder = builder.add_extension(own.value, own.critical)
    return builder.sign(GOOD.keys[1], hashing or hashes.SHA256())


POOL = [LEAF, SUB2, SUB1, ROOT, flip(LEAF), flip(SUB2), *FOREIGN.path]


@given(st.lists(st.sampled_from(POOL), max_size=14))
def test_shuffled_truncated_and_doubled_chains_pass_only_when_whole(
    chain: list[x509.Certificate],
) -> None:
    verdict = validate(chain, [ROOT], NOW, purpose=Purpose.CONTRACT)
    whole = chain[:1] == [LEAF] and SUB2 in chain and SUB1 in chain
    assert verdict.ok is (whole and len(chain) <= MOST_CERTIFICATES)
    if verdict.ok:
        assert list(verdict.path) == GOOD.path


@given(st.permutations([SUB2, SUB1, ROOT, *FOREIGN.path[1:]]), st.integers(0, 6))
def test_a_good_chain_is_found_in_any_order(others: list[x509.Certificate], count: int) -> None:
    chain = [LEAF, *others[:count]]
    verdict = validate(chain, [ROOT], NOW, purpose=Purpose.CONTRACT)
    assert verdict.ok is ({SUB1, SUB2} <= set(chain))
