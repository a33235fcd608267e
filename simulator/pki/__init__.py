"""Certificates and identifiers of Plug & Charge."""
