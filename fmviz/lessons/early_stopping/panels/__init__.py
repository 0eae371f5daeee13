"""Panels of the lesson on early stopping: the rule on one long run, and calibration."""
