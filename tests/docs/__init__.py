"""What the documents show, tried."""
