"""Scenarios: the verbs of the product, expectations over the journal, and what runs them.

The way through: `schema` reads a file, `runner` builds its world and performs its steps one by one
(`step`, and the table in `steps`), `expect` looks into the journal, `verdict` says how it ended.
"""
