"""Regularisation, initialisation and early stopping on real Keras networks: the core of the app.

`from fmviz import RunConfig, load_run, train` is what a script needs; `fmviz.api` has examples.
"""

from fmviz.api import load_run, train
from fmviz.run.config import RunConfig
from fmviz.version import VERSION

__all__ = ["RunConfig", "load_run", "train"]
__version__ = VERSION
