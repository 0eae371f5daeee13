"""Streamlit."""
