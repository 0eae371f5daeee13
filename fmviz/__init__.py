"""fmviz: regularisation, initialisation and early stopping, seen on real networks.

The core trains compact Keras networks on Fashion-MNIST and measures them. It knows
nothing of the pages that show them; see README.md for a map of the files.
"""

__version__ = "0.1.0"
