"""A station as it leaves the factory."""

from __future__ import annotations

import subprocess
import sys
from typing import Any

import pytest

from simulator.station.config import Delivered, PncConfig, StationConfig, StationError
from simulator.station.factory import certificates_of, settings_of
from simulator.wire.ocpp_messages import OcppVersion
from tests.simulator.station.certificate_box import factory_roots
from tests.simulator.station.tls_csms import ca, client_identity


def config(url: str = "ws://127.0.0.1:9000/ocpp", **said: Any) -> StationConfig:
    return StationConfig("CP1", OcppVersion.V201, url, **said)


def test_settings_are_what_its_parts_make_of_them() -> None:
    settings = settings_of(config(basic_password="0123456789abcdef", meter_interval_s=15))
    assert settings.text("security_profile") == "1"
    assert settings.integer("meter_interval_s") == 15
    secc = settings_of(config(pnc=PncConfig(secc_id="DE-ICE-S-1")))
    assert secc.text("secc_id") == "DE-ICE-S-1"
    assert settings_of(config("wss://127.0.0.1/ocpp")).text("security_profile") == "2"


def test_the_builder_has_the_last_word() -> None:
    assert settings_of(config(settings={"meter_interval_s": "7"})).integer("meter_interval_s") == 7
    with pytest.raises(StationError, match="CP1: settings: "):
        settings_of(config(settings={"nonsense": "7"}))


def test_a_plain_station_has_no_store_and_loads_none() -> None:
    assert certificates_of(config()) is None
    code = (
        "import sys; from simulator.station.run import Station;"
        "print([m for m in sys.modules if m.startswith('simulator.pki')])"
    )
    out = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert out.stdout.strip() == "[]"


def test_what_it_comes_with_is_in_the_store() -> None:
    store = certificates_of(config(certificates=factory_roots()))
    assert store is not None
    assert store.entries == 2
    from simulator.wire.tls import Tls

    tls = Tls(client_identity(), ca())
    store = certificates_of(config("wss://127.0.0.1/ocpp", tls=tls))
    assert store is not None
    assert (len(store.own), store.entries) == (1, 2)


def test_what_cannot_be_kept_is_told() -> None:
    junk = (Delivered("V2GRootCertificate", "junk"),)
    with pytest.raises(StationError, match="CP1: certificates: "):
        certificates_of(config(certificates=junk))
