"""Runs are asked for here and trained in Dask workers: one of this machine, or a cluster."""
