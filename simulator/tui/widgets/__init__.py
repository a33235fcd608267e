"""Widgets: each shows one thing, and asks nobody what to do with it."""
