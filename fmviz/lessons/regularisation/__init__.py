"""The lesson on regularisation."""
