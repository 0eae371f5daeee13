"""What all lessons say."""
