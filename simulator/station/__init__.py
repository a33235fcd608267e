"""The charge point: pure cores, a dialect for each OCPP version, and one shell that performs their
effects.
"""
