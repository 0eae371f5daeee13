"""Formulas that train and that draw."""
