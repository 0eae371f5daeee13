"""A run as a notebook that trains it again: in Keras, and in PyTorch.

Both draw the same images, labels, initial weights and batches as fmviz does, so that their figures
can be laid beside each other. A notebook holds the code of its own run and no other.
"""

from fmviz.export.notebooks.cells import as_bytes
from fmviz.export.notebooks.keras import keras_notebook
from fmviz.export.notebooks.torch import torch_notebook

__all__ = ["as_bytes", "keras_notebook", "torch_notebook"]
