"""roamlab: OCPP charge points, a CPO core, and all that lies between them and a roaming peer."""

__version__ = "0.1.0"
