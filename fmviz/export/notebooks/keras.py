"""A run as a Keras notebook: stock layers, optimizers, schedules and callbacks."""

from __future__ import annotations

from nbformat import NotebookNode

from fmviz.export.notebooks import common
from fmviz.export.notebooks.common import code, joined, text
from fmviz.page.view import Judging
from fmviz.run.choices import DATASETS, KERAS_OPTIMIZERS, OPTIMIZERS, SCHEDULES
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.theory import penalties, schedules
from fmviz.theory.rules import MOMENTUM

# Appends the share of flat units of each hidden layer.
SATURATION = """\
flat = []
a = x_val[:500]
for layer in [layer for layer in model.layers if hasattr(layer, "kernel")][:-1]:
    z = a @ layer.kernel.numpy() + layer.bias.numpy()
    flat.append(np.mean({flat}))
    a = layer.activation(z).numpy()"""


def keras_notebook(record: RunRecord, view: Judging) -> NotebookNode:
    """A notebook that trains the run in Keras and compares its figures.

    Raises:
        ValueError: the run has no finished epoch.
    """
    config, run = record.config, common.shown(record, view)
    test = "(test_images, test_labels)" if view.test else "_"
    load = f"(images, labels), {test} = keras.datasets.fashion_mnist.load_data()"
    cells = [
        *common.title(record, "Keras"),
        code("import keras\nimport matplotlib.pyplot as plt\nimport numpy as np"),
        code(
            common.settings(config, common.epochs(record)) + "\nkeras.utils.set_random_seed(SEED)"
        ),
        code(load),
        *common.images(config, view.test),
        *common.initial_weights(config),
        *_model(config),
        *_optimizer(config),
        *_training(record, view),
        *common.plots(record, run),
        *_measures(view),
        *common.comparison(record, run, view, SATURATION),
    ]
    return common.notebook(cells)


def _model(config: RunConfig) -> list[NotebookNode]:
    strength = penalties.coefficients(config)
    spelt = {
        "l1": r"Keras's `L1(c)` is $c \sum |w|$, so $c = \lambda/n$.",
        "l2": r"Keras's `L2(c)` is $c \sum w^2$, without ½ and without $1/n$, so $c = \lambda/2n$.",
        "l1_l2": r"Keras's `L1L2(l1, l2)` is $l_1 \sum |w| + l_2 \sum w^2$, each with its share.",
        "l1_proximal": "Keras has no such step: a callback does it, below.",
        "weight_decay": r"Keras's optimizers do it: `weight_decay` $= \lambda/n$, below.",
    }.get(config.penalty, "")
    share = config.l1_share
    regularizer = {
        "l1": "keras.regularizers.L1(LAM / N)",
        "l2": "keras.regularizers.L2(LAM / (2 * N))",
        "l1_l2": f"keras.regularizers.L1L2({share!r} * LAM / N, (1 - {share!r}) * LAM / (2 * N))",
    }.get(config.penalty)
    argument = ", kernel_regularizer=penalty" if regularizer else ""
    layers = ["    keras.Input((784,)),"]
    for units in config.hidden:
        layers.append(f'    keras.layers.Dense({units}, "{config.activation}"{argument}),')
        if config.dropout:
            layers.append(f"    keras.layers.Dropout({config.dropout!r}),")
    layers.append(f"    keras.layers.Dense(10{argument}),")
    penalty = common.penalty_text(config) + spelt
    if strength.l1 or strength.l2:
        value = " and ".join(f"{c:.4g}" for c in (strength.l1, strength.l2) if c)
        penalty += f" Here that is {value}."
    return [
        text(f"## Network\n\n{common.activation_words(config)}\n\n{penalty}".rstrip()),
        code(
            joined(
                f"LAM = {config.lam!r}" if config.penalty != "none" else "",
                f"penalty = {regularizer}" if regularizer else "",
                "model = keras.Sequential([",
                *layers,
                "])",
                "model.set_weights(weights)",
                "model.summary()",
            )
        ),
    ]


def _schedule(config: RunConfig) -> str:
    """The Keras expression of the learning rate, from `STEPS` in all."""
    _, boundaries, cycle, warmup = schedules.steps(config)
    eta, final = repr(config.learning_rate), repr(config.final_rate)
    decays = "keras.optimizers.schedules."
    rates = ", ".join(f"{rate:.6g}" for rate in schedules.stretch_rates(config))
    return {
        "step": f"{decays}PiecewiseConstantDecay({list(boundaries)},\n    [{rates}])",
        "exponential": f"{decays}ExponentialDecay({eta}, STEPS, {final})",
        "inverse_time": f"{decays}InverseTimeDecay({eta}, STEPS, 1 / {final} - 1)",
        "polynomial": f"{decays}PolynomialDecay(\n    {eta}, STEPS, {eta} * {final}, "
        f"power={config.power!r})",
        "cosine": f"{decays}CosineDecay({eta}, STEPS, alpha={final})",
        "cosine_restarts": f"{decays}CosineDecayRestarts(\n    {eta}, {cycle}, t_mul=1.0, "
        f"m_mul=1.0, alpha={final})",
        "warmup": f"{decays}CosineDecay(\n    0.0, max(STEPS - {warmup}, 1), alpha={final}, "
        f"warmup_target={eta}, warmup_steps={warmup})",
    }.get(config.schedule, eta)


def _optimizer(config: RunConfig) -> list[NotebookNode]:
    arguments = "rate"
    if config.optimizer in ("momentum", "nesterov"):
        arguments += f", momentum={MOMENTUM}"
        arguments += ", nesterov=True" if config.optimizer == "nesterov" else ""
    decays = config.penalty == "weight_decay"
    arguments += ", weight_decay=LAM / N" if decays else ""
    scheduled = config.schedule not in ("constant", "plateau")
    schedule = SCHEDULES[config.schedule]
    words = f"## Optimizer\n\n{OPTIMIZERS[config.optimizer].label}: "
    words += f"{OPTIMIZERS[config.optimizer].help} $\\eta = {config.learning_rate:g}$"
    words += (
        "." if config.schedule == "constant" else f", schedule {schedule.label}: {schedule.help}"
    )
    if scheduled:
        words += " Here $T$ counts all steps, and $f$ is the rate at the end as a share of $\\eta$."
    total = f"STEPS = {config.epochs} * -(-N // BATCH)"
    return [
        text(words),
        code(
            joined(
                total if scheduled else "",
                f"rate = {_schedule(config)}",
                f"optimizer = keras.optimizers.{KERAS_OPTIMIZERS[config.optimizer]}({arguments})",
                'optimizer.exclude_from_weight_decay(var_names=["bias"])' if decays else "",
                "crossentropy = keras.losses.SparseCategoricalCrossentropy(from_logits=True)",
                "nats = keras.metrics.SparseCategoricalCrossentropy(",
                '    from_logits=True, name="crossentropy")',
                'model.compile(optimizer, crossentropy, metrics=["accuracy", nats])',
            )
        ),
    ]


def _training(record: RunRecord, view: Judging) -> list[NotebookNode]:
    config = record.config
    sample = min(config.train_size, DATASETS[config.dataset].train_sample)
    callbacks = ["Sample()"]
    cells = [
        text(
            "## Training\n\nThe batches are fmviz's: a new order in each epoch, which depends on "
            "the epoch alone, so that runs with other settings see the same batches."
        ),
        code(
            "def batches():\n"
            "    for epoch in range(EPOCHS):\n"
            "        order = np.random.default_rng([1611, epoch]).permutation(N)\n"
            "        for start in range(0, N, BATCH):\n"
            "            batch = order[start : start + BATCH]\n"
            "            yield x_train[batch], y_train[batch]"
        ),
        text(
            "Keras's own `accuracy` is a running mean over the epoch, while the weights change. "
            "For the gap we need accuracy after the epoch."
        ),
        code(
            f"x_sample, y_sample = x_train[:{sample}], y_train[:{sample}]\n\n\n"
            "class Sample(keras.callbacks.Callback):\n"
            "    def on_epoch_end(self, epoch, logs):\n"
            "        answers = self.model(x_sample).numpy().argmax(axis=1)\n"
            '        logs["train_accuracy"] = np.mean(answers == y_sample)'
        ),
    ]
    if config.penalty == "l1_proximal":
        scheduled = config.schedule not in ("constant", "plateau")
        now = (
            "float(rate(optimizer.iterations - 1))"
            if scheduled
            else ("float(optimizer.learning_rate)")
        )
        callbacks.append("Threshold()")
        cells.append(
            code(
                "class Threshold(keras.callbacks.Callback):\n"
                "    def on_train_batch_end(self, batch, logs=None):\n"
                f"        threshold = {now} * LAM / N\n"
                "        for layer in self.model.layers:\n"
                '            if hasattr(layer, "kernel"):\n'
                "                w = layer.kernel.numpy()\n"
                "                size = np.maximum(np.abs(w) - threshold, 0)\n"
                "                layer.kernel.assign(np.sign(w) * size)"
            )
        )
    if config.schedule == "plateau":
        callbacks.append(
            "keras.callbacks.ReduceLROnPlateau(\n"
            f'        monitor="val_loss", factor={config.plateau_factor!r}, '
            f"patience={config.plateau_patience})"
        )
    if view.patience is not None:
        cells.append(
            text(
                "Early stopping hands back "
                + (
                    "the weights of the best epoch."
                    if view.restore
                    else "the last weights, since `restore_best_weights` is off."
                )
                + (
                    " `val_loss` contains the penalty."
                    if view.monitor == "val_loss" and config.penalty in ("l1", "l2", "l1_l2")
                    else ""
                )
            )
        )
        callbacks.append(_early_stopping(view))
    listed = "".join(f"    {callback},\n" for callback in callbacks)
    cells.append(
        code(
            f"callbacks = [\n{listed}]\n"
            "history = model.fit(\n"
            "    batches(), steps_per_epoch=-(-N // BATCH), epochs=EPOCHS, verbose=2,\n"
            "    validation_data=(x_val, y_val), validation_batch_size=500, callbacks=callbacks,\n"
            ").history\n"
            "weights = model.get_weights()"
        )
    )
    return cells


def _early_stopping(view: Judging) -> str:
    arguments = [f'monitor="{view.monitor}"', f"patience={view.patience}"]
    if view.min_delta:
        arguments.append(f"min_delta={view.min_delta!r}")
    if view.mode != "auto":
        arguments.append(f'mode="{view.mode}"')
    if view.baseline is not None:
        arguments.append(f"baseline={view.baseline!r}")
    if view.start_from:
        arguments.append(f"start_from_epoch={view.start_from}")
    if view.restore:
        arguments.append("restore_best_weights=True")
    listed = "".join(f"        {argument},\n" for argument in arguments)
    return f"keras.callbacks.EarlyStopping(\n{listed}    )"


def _measures(view: Judging) -> list[NotebookNode]:
    return [
        code(
            "def accuracy(x, y):\n"
            "    return np.mean(model.predict(x, batch_size=500, verbose=0).argmax(axis=1) == y)"
        )
    ]
