"""The story of `roamlab demo`: acts that drive a world, and a teller that puts it into words."""
