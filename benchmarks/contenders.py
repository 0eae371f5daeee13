"""One way of training each, in a process of its own: `python -m benchmarks.contenders NAME JSON`.

Every contender trains the same network on the same images, Adam with an L2 penalty, batch 128,
and after each epoch measures accuracy and cross-entropy on the same 3,750 images. It answers each
line on its standard input with the seconds that an epoch took, as JSON.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections.abc import Callable
from functools import partial
from itertools import pairwise
from typing import Any

import numpy as np

os.environ.setdefault("TF_CPP_MIN_LOG_LEVEL", "3")

from fmviz.run import data
from fmviz.run.choices import DATASETS
from fmviz.run.config import RunConfig
from fmviz.run.groups import group

# What a contender does in its turn; seconds an epoch, by the name of what was timed.
Turn = Callable[[], dict[str, float]]
# Epochs of one turn: nobody trains a single epoch out of the cold.
EPOCHS = 8


def images(config: RunConfig) -> tuple[Any, Any, Any, Any]:
    """Training images and labels, and those that are measured after each epoch."""
    source = data.load(config.dataset)
    sample = DATASETS[config.dataset].train_sample
    measured = (source.train[:sample], source.validation)
    return (
        source.train.pixels[: config.train_size],
        source.train.labels[: config.train_size],
        np.concatenate([part.pixels for part in measured]),
        np.concatenate([part.labels for part in measured]),
    )


def seconds(epoch: Callable[[], object]) -> float:
    """Seconds an epoch takes, of several in a row."""
    begun = time.perf_counter()
    for _ in range(EPOCHS):
        epoch()
    return (time.perf_counter() - begun) / EPOCHS


def turn(epoch: Callable[[], object]) -> Turn:
    return lambda: {"epoch": seconds(epoch)}


def ours(config: RunConfig, members: int) -> Turn:
    """fmviz with all its measures; "steps" is the gradient steps alone."""
    import tensorflow as tf

    from fmviz.training.group import Group

    configs = [config.replace(epochs=100, lam=1.0 + k, seed=k) for k in range(members)]
    groups = [Group([configs[i] for i in part]) for part in group(configs)]
    runs = [members.parts() for members in groups]

    def advance() -> None:
        for run in runs:
            while not next(run):  # a part of an epoch
                pass

    advance()  # the start
    batches = [group._batches(0)[0] for group in groups]

    def steps() -> None:
        end = tf.constant(config.steps_per_epoch)
        for stock, batch in zip(groups, batches, strict=True):
            arguments = (stock.state, stock.numbers, stock.images.train, batch, tf.constant(0), end)
            stock.program.epoch(*arguments)[1].numpy()

    return lambda: {"epoch": seconds(advance), "steps": seconds(steps)}


def whole(config: RunConfig, members: int, test: bool = False) -> Turn:
    """Runs that differ in λ, the first without a penalty, from their first weights to their
    records."""
    from fmviz.training.train import train

    configs = [config.replace(lam=float(k)) for k in range(members)]

    def take() -> dict[str, float]:
        begun = time.perf_counter()
        train(configs, test=test)
        return {"epoch": time.perf_counter() - begun}

    return take


def keras_fit(config: RunConfig, members: int) -> Turn:
    """`model.fit` as everybody calls it."""
    from fmviz.training import stock

    network = stock.as_keras(config)
    x, y, held_x, held_y = images(config)

    def epoch() -> None:
        network.fit(x, y, config.batch_size, validation_data=(held_x, held_y), verbose=0)

    return turn(epoch)


def keras_best(config: RunConfig, members: int) -> Turn:
    """`model.fit` with the fastest of its settings: all steps in one execution or 16, compiled by
    XLA or not, validation in large batches."""
    from fmviz.training import stock

    x, y, held_x, held_y = images(config)

    def build(steps: int, jit: bool) -> Callable[[], object]:
        network = stock.as_keras(config)
        network.compile(
            network.optimizer,
            network.loss,
            metrics=["accuracy"],
            steps_per_execution=steps,
            jit_compile=jit,
        )
        return lambda: network.fit(
            x,
            y,
            config.batch_size,
            validation_data=(held_x, held_y),
            validation_batch_size=1_250,
            verbose=0,
        )

    candidates = [build(s, jit) for s in (16, config.steps_per_epoch) for jit in (True, False)]
    for candidate in candidates:
        candidate()
    return turn(min(candidates, key=seconds))


def torch_loop(config: RunConfig, members: int) -> Turn:
    """PyTorch without a DataLoader: tensors indexed in place, foreach Adam, inference in one go."""
    import torch

    torch.set_num_threads(os.cpu_count() or 1)
    x, y, held_x, held_y = (torch.from_numpy(array.copy()) for array in images(config))
    y, held_y = y.long(), held_y.long()
    sizes = (784, *config.hidden)
    layers: list[Any] = []
    for fan_in, fan_out in pairwise(sizes):
        layers += [torch.nn.Linear(fan_in, fan_out), torch.nn.Tanh()]
    network = torch.nn.Sequential(*layers, torch.nn.Linear(sizes[-1], 10))
    kernels = [p for p in network.parameters() if p.ndim == 2]
    biases = [p for p in network.parameters() if p.ndim == 1]
    optimizer = torch.optim.Adam(
        [
            {"params": kernels, "weight_decay": config.lam / config.train_size},
            {"params": biases, "weight_decay": 0.0},
        ],
        lr=config.learning_rate,
        foreach=True,
    )
    crossentropy = torch.nn.functional.cross_entropy

    def epoch() -> None:
        for batch in torch.randperm(len(x)).split(config.batch_size):
            optimizer.zero_grad(set_to_none=True)
            crossentropy(network(x[batch]), y[batch]).backward()
            optimizer.step()
        with torch.inference_mode():
            logits = network(held_x)
            float((logits.argmax(1) == held_y).float().mean() + crossentropy(logits, held_y))

    return turn(epoch)


def sklearn_fit(config: RunConfig, members: int) -> Turn:
    """scikit-learn's MLPClassifier, one pass at a time."""
    from sklearn.neural_network import MLPClassifier

    x, y, held_x, held_y = images(config)
    network = MLPClassifier(
        config.hidden,
        activation="tanh",
        alpha=config.lam / config.train_size,
        batch_size=config.batch_size,
        learning_rate_init=config.learning_rate,
    )

    def epoch() -> None:
        network.partial_fit(x, y, classes=np.arange(10))
        network.score(held_x, held_y)

    return turn(epoch)


def jax_scan(config: RunConfig, members: int) -> Turn:
    """JAX: a jitted scan over the batches of an epoch."""
    import jax
    import jax.numpy as jnp

    x, y, held_x, held_y = (jnp.asarray(array) for array in images(config))
    sizes = (784, *config.hidden, 10)
    rng = np.random.default_rng(0)
    start = [
        (jnp.asarray(rng.normal(0, 0.05, (a, b)), jnp.float32), jnp.zeros(b))
        for a, b in pairwise(sizes)
    ]
    coefficient = config.lam / config.train_size / 2

    def forward(weights: Any, inputs: Any) -> Any:
        for kernel, bias in weights[:-1]:
            inputs = jnp.tanh(inputs @ kernel + bias)
        return inputs @ weights[-1][0] + weights[-1][1]

    def crossentropy(weights: Any, inputs: Any, labels: Any) -> Any:
        logs = jax.nn.log_softmax(forward(weights, inputs))
        return -jnp.take_along_axis(logs, labels[:, None], 1).mean()

    def loss(weights: Any, inputs: Any, labels: Any) -> Any:
        squares = sum((kernel**2).sum() for kernel, _ in weights)
        return crossentropy(weights, inputs, labels) + coefficient * squares

    def step(carry: Any, batch: Any) -> Any:
        weights, means, squares, count = carry
        gradient = jax.grad(loss)(weights, x[batch], y[batch])
        means = jax.tree.map(lambda m, g: m + 0.1 * (g - m), means, gradient)
        squares = jax.tree.map(lambda v, g: v + 0.001 * (g * g - v), squares, gradient)
        rate = config.learning_rate * jnp.sqrt(1 - 0.999**count) / (1 - 0.9**count)
        weights = jax.tree.map(
            lambda w, m, v: w - rate * m / (jnp.sqrt(v) + 1e-7), weights, means, squares
        )
        return (weights, means, squares, count + 1), None

    def whole_epoch(carry: Any, order: Any) -> Any:
        carry, _ = jax.lax.scan(step, carry, order)
        right = (forward(carry[0], held_x).argmax(1) == held_y).mean()
        return carry, right, crossentropy(carry[0], held_x, held_y)

    run = jax.jit(whole_epoch)
    whole = len(x) // config.batch_size * config.batch_size
    zeros = jax.tree.map(jnp.zeros_like, start)
    state = [(start, zeros, zeros, 1.0)]

    def epoch() -> None:
        order = rng.permutation(len(x))[:whole].reshape(-1, config.batch_size)
        state[0], right, _ = run(state[0], jnp.asarray(order))
        right.block_until_ready()

    return turn(epoch)


def sgemm(config: RunConfig, members: int) -> Turn:
    """NumPy's product of two 2,048 x 2,048 matrices: the machine's own pace."""
    a = np.random.default_rng(0).random((2_048, 2_048), np.float32)
    return turn(lambda: a @ a)


CONTENDERS: dict[str, Callable[[RunConfig, int], Turn]] = {
    "fmviz": ours,
    "fmviz, whole": whole,
    "fmviz, whole with test": partial(whole, test=True),
    "model.fit": keras_fit,
    "model.fit, best setting": keras_best,
    "PyTorch, tuned loop": torch_loop,
    "scikit-learn": sklearn_fit,
    "JAX, scan": jax_scan,
    "sgemm": sgemm,
}


def main() -> None:
    name, config, members = sys.argv[1], RunConfig(**json.loads(sys.argv[2])), int(sys.argv[3])
    try:
        take = CONTENDERS[name](config, members)
    except ImportError as error:
        print(json.dumps({"missing": str(error.name)}), flush=True)
        return
    take()  # compiles
    print(json.dumps({}), flush=True)
    for _ in iter(sys.stdin.readline, ""):
        print(json.dumps(take()), flush=True)


if __name__ == "__main__":
    main()
