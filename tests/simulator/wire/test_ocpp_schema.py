"""The schemas of the `ocpp` package, compiled."""

from __future__ import annotations

from decimal import Decimal
from importlib import import_module
from typing import Any

import pytest

from simulator.wire.ocpp_messages import ErrorCode, MessageType, OcppVersion
from simulator.wire.ocpp_schema import Validator, actions, schema, validator

V16, V201, V21 = OcppVersion
CALL, CALLRESULT, SEND = MessageType.CALL, MessageType.CALLRESULT, MessageType.SEND
NOW = "2026-01-15T07:00:00.000Z"


def need(version: OcppVersion, action: str, message_type: int = CALL) -> Validator:
    found = validator(version, action, message_type)
    assert found is not None
    return found


@pytest.mark.parametrize(("version", "module"), [(V16, "v16"), (V201, "v201"), (V21, "v21")])
def test_the_actions_are_those_of_the_package(version: OcppVersion, module: str) -> None:
    enum = import_module(f"ocpp.{module}.enums").Action
    package = {action.value for action in enum}
    # The package has no name for the one message that is neither request nor response.
    assert actions(version) - {"NotifyPeriodicEventStream"} == package


@pytest.mark.parametrize("version", OcppVersion)
def test_every_message_of_every_version_has_a_schema_that_compiles(version: OcppVersion) -> None:
    for action in actions(version):
        if action == "NotifyPeriodicEventStream":
            assert validator(version, action, SEND) is not None
            assert validator(version, action, CALL) is None
        else:
            assert validator(version, action, CALL) is not None
            assert validator(version, action, CALLRESULT) is not None


def test_a_schema_is_compiled_once() -> None:
    assert validator(V16, "Heartbeat", CALL) is validator(V16, "Heartbeat", CALL)


@pytest.mark.parametrize("action", ["Fly", "", "../../etc/passwd", "HeartbeatRequest"])
def test_an_unknown_action_has_no_schema(action: str) -> None:
    assert validator(V201, action, CALL) is None
    assert schema(V201, action, CALL) is None


def profile(limit: object) -> dict[str, Any]:
    return {
        "connectorId": 1,
        "csChargingProfiles": {
            "chargingProfileId": 1,
            "stackLevel": 0,
            "chargingProfilePurpose": "TxProfile",
            "chargingProfileKind": "Absolute",
            "chargingSchedule": {
                "chargingRateUnit": "A",
                "chargingSchedulePeriod": [{"startPeriod": 0, "limit": limit}],
            },
        },
    }


def test_one_decimal_is_one_decimal_though_floats_are_binary() -> None:
    check = need(V16, "SetChargingProfile")
    for tenths in range(1000):
        assert check.is_valid(profile(tenths / 10)), tenths
    assert check.is_valid(profile(21.4))
    assert check.is_valid(profile(Decimal("21.4")))
    assert not check.is_valid(profile(4.11))


@pytest.mark.parametrize(
    ("version", "action", "payload", "code"),
    [
        (V16, "Authorize", {"idTag": 5}, ErrorCode.TYPE_CONSTRAINT_VIOLATION),
        (V16, "Authorize", {}, ErrorCode.PROTOCOL_ERROR),
        (V16, "Authorize", {"idTag": "A", "x": 1}, ErrorCode.FORMAT_VIOLATION),
        (V16, "Authorize", {"idTag": "x" * 21}, ErrorCode.PROPERTY_CONSTRAINT_VIOLATION),
        (V16, "Reset", {"type": "Warm"}, ErrorCode.PROPERTY_CONSTRAINT_VIOLATION),
        (V16, "SetChargingProfile", profile(4.11), ErrorCode.PROPERTY_CONSTRAINT_VIOLATION),
        (V201, "Reset", {}, ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION),
        (V201, "Reset", {"type": 1}, ErrorCode.TYPE_CONSTRAINT_VIOLATION),
        (V201, "Reset", {"type": "Warm"}, ErrorCode.PROPERTY_CONSTRAINT_VIOLATION),
        (V201, "Reset", {"type": "Immediate", "x": 1}, ErrorCode.PROTOCOL_ERROR),
        (V201, "GetVariables", {"getVariableData": []}, ErrorCode.OCCURRENCE_CONSTRAINT_VIOLATION),
    ],
)
def test_the_rule_that_broke_chooses_the_code(
    version: OcppVersion, action: str, payload: dict[str, Any], code: ErrorCode
) -> None:
    violations = need(version, action).violations(payload)
    assert [violation.code for violation in violations] == [code]


def test_every_violation_is_listed_with_its_pointer() -> None:
    payload = {
        "eventType": "Paused",
        "timestamp": "yesterday",
        "triggerReason": "Authorized",
        "transactionInfo": {"transactionId": 7},
        "evse": {},
        "meterValue": [{"timestamp": NOW, "sampledValue": [{"value": "1"}]}],
    }
    found = {str(each).split(":")[0] for each in need(V201, "TransactionEvent").violations(payload)}
    assert found == {
        "/seqNo",
        "/eventType",
        "/timestamp",
        "/transactionInfo/transactionId",
        "/evse/id",
        "/meterValue/0/sampledValue/0/value",
    }


def test_a_pointer_escapes_what_rfc_6901_wants_escaped() -> None:
    check = Validator(
        {
            "$schema": "http://json-schema.org/draft-06/schema#",
            "properties": {"a/b~c": {"type": "string"}},
        },
        V201,
        mask=None,
    )
    assert check.violations({"a/b~c": 1})[0].pointer == "/a~1b~0c"


def test_violations_are_listed_up_to_a_limit() -> None:
    payload = {"getVariableData": [{} for _ in range(100)]}
    assert len(need(V201, "GetVariables").violations(payload)) == 20


def test_a_long_value_is_not_quoted_whole() -> None:
    [violation] = need(V16, "Authorize").violations({"idTag": "x" * 5000})
    assert len(str(violation)) < 300


def test_a_password_is_not_quoted() -> None:
    payload = {
        "setVariableData": [
            {
                "attributeValue": "s3cret" * 200,
                "component": {"name": "SecurityCtrlr"},
                "variable": {"name": "BasicAuthPassword"},
            }
        ]
    }
    [violation] = need(V201, "SetVariables").violations(payload)
    assert violation.pointer == "/setVariableData/0/attributeValue"
    assert "s3cret" not in violation.message


@pytest.mark.parametrize(
    ("moment", "valid"),
    [
        (NOW, True),
        ("2026-01-15T08:00:00+01:00", True),
        ("2026-01-15T07:00:00", False),
        ("15.01.2026", False),
    ],
)
def test_a_moment_is_rfc_3339(moment: str, valid: bool) -> None:
    assert need(V201, "Heartbeat", CALLRESULT).is_valid({"currentTime": moment}) is valid


@pytest.mark.parametrize("version", OcppVersion)
def test_what_is_nested_too_deep_to_be_checked_is_refused(version: OcppVersion) -> None:
    deep: Any = []
    for _ in range(700):
        deep = [deep]
    check = need(version, "DataTransfer")
    payload = {"nowhere": deep}
    assert not check.is_valid(payload)
    (only,) = check.violations(payload)
    assert (only.message, only.code) == ("is nested too deep", ErrorCode.FORMAT_VIOLATION)
