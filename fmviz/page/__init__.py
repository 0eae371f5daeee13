"""A page without pixels: its state, its address, its questions."""
