"""The two wires: HTTP for OCPI, OCPP-J over WebSocket. Pure cores, thin shells."""
