"""The terminal interface: looks at a world through its journal and acts by steps alone."""
