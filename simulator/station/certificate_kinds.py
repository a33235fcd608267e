"""The words about certificates: what they are for, what is asked to be signed, why one is refused.

Rule: values only, and no cryptography, so that a station without certificates loads none.
"""

from __future__ import annotations

from enum import StrEnum

_REASON_LIMIT, _TEXT_LIMIT = 20, 512  # StatusInfoType, OCPP 2.0.1 part 2


class Use(StrEnum):
    """What an installed certificate is for (GetCertificateIdUseEnumType)."""

    V2G_ROOT = "V2GRootCertificate"
    MO_ROOT = "MORootCertificate"
    CSMS_ROOT = "CSMSRootCertificate"
    MANUFACTURER_ROOT = "ManufacturerRootCertificate"
    V2G_CHAIN = "V2GCertificateChain"


ROOTS = (Use.V2G_ROOT, Use.MO_ROOT, Use.CSMS_ROOT, Use.MANUFACTURER_ROOT)
# What belongs to ISO 15118: all that the 1.6 application note knows of.
ISO_15118 = (Use.V2G_ROOT, Use.MO_ROOT, Use.V2G_CHAIN)


class Signing(StrEnum):
    """Which certificate of its own a station has signed (CertificateSigningUseEnumType). A combined
    one serves both ends, and its messages name no type.
    """

    V2G = "V2GCertificate"
    STATION = "ChargingStationCertificate"
    COMBINED = "combined"

    @property
    def for_cars(self) -> bool:
        """The station shows it to cars: an ISO 15118 SECC certificate."""
        return self is not Signing.STATION

    @property
    def for_csms(self) -> bool:
        """The station shows it to its CSMS."""
        return self is not Signing.V2G


class Refused(Exception):
    """A certificate or a request about one is refused: status, reason code, and a text that says
    why (StatusInfoType).
    """

    def __init__(self, reason: str, text: str, status: str = "Rejected") -> None:
        super().__init__(text)
        self.status = status
        self.reason = reason[:_REASON_LIMIT]
        self.text = text[:_TEXT_LIMIT]
