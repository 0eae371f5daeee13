"""Panels of the page that sets pinned runs side by side."""
