"""OCPI: canonical objects in 2.2.1 shape, codecs for each version, and what every party of a
connection needs.
"""
