"""The lesson on overfitting."""
