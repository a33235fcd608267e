"""The commands of `roamlab`, a module each, imported when called for."""
