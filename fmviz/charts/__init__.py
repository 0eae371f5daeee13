"""Arrays to charts."""
