"""Profiles: which peer this mock is, as data."""
