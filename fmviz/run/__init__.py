"""What a run is: its settings, its images, what was measured in it, where it is kept."""
