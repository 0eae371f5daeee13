"""The lesson on initialisation."""
