"""Screens: what stands beside what, and which keys do what there."""
