"""The words of OCPP-J, beside what the `ocpp` package says of them."""

from __future__ import annotations

import inspect

import pytest
from ocpp import exceptions

from simulator.wire.ocpp_messages import (
    ErrorCode,
    OcppError,
    OcppVersion,
    is_error_code,
    not_implemented,
    not_supported,
    spell,
)


@pytest.mark.parametrize(
    ("subprotocol", "version"),
    [
        ("ocpp1.6", OcppVersion.V16),
        ("ocpp2.0.1", OcppVersion.V201),
        ("ocpp2.1", OcppVersion.V21),
        ("ocpp1.5", None),
        ("OCPP1.6", None),
        (None, None),
    ],
)
def test_a_subprotocol_names_a_version(
    subprotocol: str | None, version: OcppVersion | None
) -> None:
    assert OcppVersion.of_subprotocol(subprotocol) is version
    if version is not None:
        assert version.subprotocol == subprotocol


def test_16_spells_two_codes_as_its_errata_keep_them() -> None:
    assert spell(ErrorCode.FORMAT_VIOLATION, OcppVersion.V16) == "FormationViolation"
    assert (
        spell(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, OcppVersion.V16)
        == "OccurenceConstraintViolation"
    )
    assert spell(ErrorCode.FORMAT_VIOLATION, OcppVersion.V201) == "FormatViolation"
    assert (
        spell(ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION, OcppVersion.V201)
        == "OccurrenceConstraintViolation"
    )


@pytest.mark.parametrize("version", OcppVersion)
def test_every_code_has_a_spelling_that_its_version_knows(version: OcppVersion) -> None:
    for code in ErrorCode:
        assert is_error_code(spell(code, version), version)


def test_codes_of_the_framework_are_unknown_to_16() -> None:
    assert not is_error_code("RpcFrameworkError", OcppVersion.V16)
    assert not is_error_code("FormatViolation", OcppVersion.V16)
    assert not is_error_code("FormationViolation", OcppVersion.V201)


def test_a_code_nobody_knows_is_left_as_it_is() -> None:
    assert spell("VendorTrouble", OcppVersion.V16) == "VendorTrouble"


def test_every_code_of_the_ocpp_package_is_known_in_some_version() -> None:
    codes = {
        error.code
        for _, error in inspect.getmembers(exceptions, inspect.isclass)
        if getattr(error, "code", None)
    }
    assert codes
    for code in codes:
        assert any(is_error_code(code, version) for version in OcppVersion), code


def test_an_error_says_code_and_description() -> None:
    assert str(OcppError("InternalError", "the meter is gone")) == (
        "InternalError: the meter is gone"
    )
    assert str(OcppError("InternalError")) == "InternalError"


def test_a_description_is_cut_at_255_characters() -> None:
    assert len(OcppError("GenericError", "x" * 300).description) == 255


def test_unknown_and_undone_actions_have_different_codes() -> None:
    assert not_implemented("Fly").code == "NotImplemented"
    assert not_supported("Reset").code == "NotSupported"
