"""The shapes of the control API."""

from __future__ import annotations

import msgspec
import pytest

from mock_peer import control_shapes as shapes


def test_every_request_field_that_must_be_there_must() -> None:
    for kind, content in ((shapes.NewConnection, b"{}"), (shapes.Registration, b"{}")):
        with pytest.raises(msgspec.ValidationError):
            msgspec.json.decode(content, type=kind)
    assert msgspec.json.decode(b"{}", type=shapes.TokenChange).push is True
    assert msgspec.json.decode(b"{}", type=shapes.Reset).connections is False
