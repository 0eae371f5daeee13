"""The lesson on schedules."""
