"""The update rules on TensorFlow's tensors with a member axis.

Keras's own optimizers hold one learning rate for all their variables; here every member of a
group has its own, as a tensor, so that another rate never compiles again. The formulas are in
`fmviz.theory.rules`.
"""

from __future__ import annotations

import tensorflow as tf

from fmviz.theory.rules import Maths, bind

RULES = bind(Maths(tf.sqrt, tf.sign, tf.pow, tf.fill))
