"""The lesson on compare."""
