"""The update rules on NumPy's arrays: pages draw walks by them."""

from __future__ import annotations

import numpy as np

from fmviz.theory.rules import Maths, bind

RULES = bind(Maths(np.sqrt, np.sign, np.power, lambda shape, value: np.full(shape, value)))
