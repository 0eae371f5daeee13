"""Panels of the lesson on initialisation: before the first step, and the race."""
