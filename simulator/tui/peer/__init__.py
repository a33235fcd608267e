"""What screen 5 shows of a peer or an EMP, section by section."""
