"""The lesson on a reader's own garment."""
