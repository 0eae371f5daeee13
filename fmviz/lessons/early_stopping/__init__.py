"""The lesson on early stopping."""
