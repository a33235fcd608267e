"""A mock roaming peer: Plugsurfing as an EMP towards CPOs, and its rules."""
