"""The lesson on start."""
