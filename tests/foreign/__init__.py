"""Programs on other people's OCPI packages, each run in an environment of its own."""
