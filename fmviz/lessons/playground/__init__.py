"""The lesson on playground."""
