"""Time, chance and the journal: the only room that touches clock, dice and event loop."""
