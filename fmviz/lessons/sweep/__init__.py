"""The lesson on sweep."""
