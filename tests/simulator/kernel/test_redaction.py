"""Secrets are hidden, and nothing else."""

from __future__ import annotations

import json
from collections.abc import Callable

import pytest

from simulator.kernel.redaction import redact_body, redact_frame, redact_headers


def test_an_authorization_header_keeps_its_scheme_alone() -> None:
    headers = {"authorization": "Token abc", "X-Request-ID": "abc"}
    assert redact_headers(headers) == {"authorization": "Token ***", "X-Request-ID": "abc"}
    assert redact_headers({"Authorization": "secret"}) == {"Authorization": "***"}


@pytest.mark.parametrize(
    ("body", "hidden"),
    [
        ('{"token": "abc", "url": "u"}', '{"token": "***", "url": "u"}'),
        ('{"token":"a\\"b"}', '{"token":"***"}'),
        ('{"data":{"token":"abc"},"tokens":"abc"}', '{"data":{"token":"***"},"tokens":"abc"}'),
        ('{"token":"abc', '{"token":"***"'),
        ('{"token":"abc\\', '{"token":"***"'),
        ('{"token": ["abc"]}', '{"token": ["***"]}'),
        ('{"token": 123456, "url": "u"}', '{"token": "***", "url": "u"}'),
        ("not json", "not json"),
    ],
)
def test_a_credentials_token_is_hidden_in_a_body(body: str, hidden: str) -> None:
    assert redact_body(body) == hidden


def test_a_password_on_its_way_to_a_station_is_hidden() -> None:
    frame = '[2,"1","ChangeConfiguration",{"key":"AuthorizationKey","value":"0102"}]'
    assert "0102" not in redact_frame(frame)
    assert "AuthorizationKey" in redact_frame(frame)
    assert "0102" not in redact_frame(frame.replace("AuthorizationKey", "authorizationKEY"))
    other = frame.replace("AuthorizationKey", "HeartbeatInterval")
    assert redact_frame(other) == other


def test_the_passwords_of_a_network_profile_are_hidden() -> None:
    vpn = {"server": "s", "user": "u", "password": "0102", "key": "0102", "type": "IPSec"}
    data = {"apn": {"apnUserName": "u", "apnPassword": "0102"}, "vpn": vpn,
            "basicAuthPassword": "0102", "ocppCsmsUrl": "ws://u:0102@h/x"}  # fmt: skip
    frame = json.dumps([2, "1", "SetNetworkProfile", {"connectionData": data}])
    told = json.loads(redact_frame(frame))[3]["connectionData"]
    assert "0102" not in str(told)
    assert told["vpn"] == {**vpn, "password": "***", "key": "***"}
    assert told["ocppCsmsUrl"] == "ws://u:***@h/x"


@pytest.mark.parametrize("hide", [redact_body, redact_frame])
def test_a_password_in_a_url_is_hidden(hide: Callable[[str], str]) -> None:
    assert hide('{"location":"ftp://u:0102@h/x"}') == '{"location":"ftp://u:***@h/x"}'
    assert hide('{"url":"http:\\/\\/u:0102@h\\/x"}') == '{"url":"http:\\/\\/u:***@h\\/x"}'
    for plain in ('{"mail":"a:b@c.d"}', '{"url":"http://h:80/a@b"}', '{"u":"http://h:80","m":"@"}'):
        assert hide(plain) == plain


@pytest.mark.parametrize("hide", [redact_body, redact_frame])
def test_a_private_key_in_place_of_a_certificate_is_hidden(hide: Callable[[str], str]) -> None:
    for kind in ("", "EC ", "ENCRYPTED "):
        pem = f"-----BEGIN {kind}PRIVATE KEY-----\nMHcC/+A=\n-----END {kind}PRIVATE KEY-----\n"
        once = json.dumps([2, "1", "SignCertificate", {"csr": pem, "more": "x"}])
        for frame in (once, json.dumps({"data": once}), once[: once.index("MHcC") + 6]):
            hidden = hide(frame)
            assert "MHcC" in frame
            assert "MHcC" not in hidden
            assert f"BEGIN {kind}PRIVATE KEY-----***" in hidden
        assert hide(once).endswith(f'-----END {kind}PRIVATE KEY-----\\n", "more": "x"}}]')
    public = '{"certificate":"-----BEGIN CERTIFICATE-----\\nMHcC\\n-----END CERTIFICATE-----"}'
    assert hide(public) == public
