"""What training costs, before anything has been trained: a model of the cost.

It counts a run's gradient steps, the measures after each epoch, and the compiler's time for each
shape of network that is new. Seconds here are *reference seconds*, those of the machine the model
was fitted on: two cores, idle. `make bench-sweeps` shows how it fares.
"""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.groups import way_of
from fmviz.run.record import layer_sizes

# Operations are counted as multiplications and additions of the matrix products; the first
# layer hands no gradient on. The update reads and writes the weights and the optimizer's arrays.
OPERATION = 6.6e-12
STEP = 1e-4
LAYER_STEP = 4e-5
UPDATED_WEIGHT = 5e-10
# After an epoch validation images and training sample are passed through the network, and figures
# taken of every run. Test images, which are measured only where somebody wants them, are left out.
MEASURED_OPERATION = 4e-12
EPOCH = 7e-3
MEASURED_RUN = 1.2e-3
MEASURED_LAYER = 2e-4
# Compiling, and what comes before the first epoch.
COMPILE = 1.0
COMPILE_LAYER = 0.6
BEGIN = 0.1


class Cost(NamedTuple):
    """Of runs that are trained as one model, in reference seconds.

    Attributes:
        compile: where their programs are new to the worker.
        begin: what comes before the first epoch.
        epoch: an epoch with its measures, on average.
        steps: the gradient steps of an epoch, a part of `epoch`.
    """

    compile: float
    begin: float
    epoch: float
    steps: float


def cost(configs: Sequence[RunConfig]) -> Cost:
    """What training these runs as one model takes.

    Args:
        configs: one group, as `groups.group` makes them.
    """
    config, stretches = configs[0], way_of(configs[0])
    first, *rest = (a * b for a, b in pairwise(layer_sizes(config)))
    layers, weights = len(rest) + 1, len(configs) * (first + sum(rest))
    info = DATASETS[config.dataset]
    operations = len(configs) * config.train_size * (4 * first + 6 * sum(rest))
    step = STEP + LAYER_STEP * layers + UPDATED_WEIGHT * weights
    steps = OPERATION * operations + step * config.steps / config.epochs
    images = info.validation + min(config.train_size, info.train_sample)
    measures = MEASURED_OPERATION * 2 * weights * images
    measures += EPOCH + len(configs) * (MEASURED_RUN + MEASURED_LAYER * layers)
    compiling = len(stretches) * (COMPILE + COMPILE_LAYER * layers)
    begin = BEGIN + measures
    if any(each.ticket == "magnitude" for each in configs):
        # Their parents come first.
        begin += config.epochs * (steps + measures)
    return Cost(compiling, begin, steps + measures, steps)
