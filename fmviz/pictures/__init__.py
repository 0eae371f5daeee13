"""A reader's picture on its way to a network: read in bounds, drawn from strokes, prepared."""
