"""Panels that lessons share."""
