"""The system under test: yours stands here."""
