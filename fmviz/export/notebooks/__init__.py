"""A run as a notebook that trains it again: in Keras, and in PyTorch.

Both draw the same images, labels, initial weights and batches as fmviz does, so that their figures
can be laid beside each other. A notebook holds the code of its own run and no other.
"""

from __future__ import annotations

import nbformat
from nbformat import NotebookNode

from fmviz.export.notebooks.keras import keras_notebook
from fmviz.export.notebooks.torch import torch_notebook

__all__ = ["as_bytes", "keras_notebook", "torch_notebook"]


def as_bytes(notebook: NotebookNode) -> bytes:
    """The notebook as an .ipynb file.

    Raises:
        nbformat.ValidationError: it is no sound notebook.
    """
    nbformat.validate(notebook)
    return str(nbformat.writes(notebook)).encode()
