"""Panels of the lesson on L2 and L1."""
