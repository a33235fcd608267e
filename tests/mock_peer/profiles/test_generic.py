"""The neutral peer."""

from __future__ import annotations

import pytest

from mock_peer import profiles
from mock_peer.profiles.generic import PEER
from mock_peer.rules import BY_ID


def test_its_rules_exist_and_are_the_protocols() -> None:
    assert PEER.rules is not None
    assert PEER.rules <= set(BY_ID)
    assert "location.territory" not in PEER.rules


def test_an_unknown_peer_is_told_with_those_there_are() -> None:
    assert profiles.names() == ["generic", "plugsurfing"]
    with pytest.raises(profiles.UnknownPeer, match="generic, plugsurfing"):
        profiles.find("hubject")
