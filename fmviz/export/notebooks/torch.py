"""A run as a PyTorch notebook: the same run with the training loop written out."""

from __future__ import annotations

from nbformat import NotebookNode

from fmviz.analysis.stopping import Rule
from fmviz.export.notebooks import common
from fmviz.export.notebooks.common import code, joined, text
from fmviz.page.view import Judging
from fmviz.run.choices import DATASETS, OPTIMIZERS, SCHEDULES
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from fmviz.theory import schedules

ACTIVATIONS = {
    **{"tanh": "Tanh()", "sigmoid": "Sigmoid()", "relu": "ReLU()", "elu": "ELU()"},
    **{"leaky_relu": "LeakyReLU(0.2)", "selu": "SELU()", "gelu": "GELU()", "silu": "SiLU()"},
}
# torch.optim's class and the arguments that make it Keras's.
OPTIMIZER_CALLS = {
    "sgd": ("SGD", ""),
    "momentum": ("SGD", "momentum=0.9"),
    "nesterov": ("SGD", "momentum=0.9, nesterov=True"),
    "adagrad": ("Adagrad", "initial_accumulator_value=0.1, eps=1e-7"),
    "rmsprop": ("RMSprop", "alpha=0.9, eps=1e-7**0.5"),
    "adam": ("Adam", "eps=1e-7"),
    "adamw": ("AdamW", "eps=1e-7"),
    "nadam": ("NAdam", "eps=1e-7, momentum_decay=1.0"),
}
DIFFERENCES = {
    "momentum": "PyTorch multiplies the velocity by the present rate, Keras collects gradients "
    "times the rate of their step. With a constant rate that is the same.",
    "rmsprop": "Keras adds ε = 1e-7 under the root, PyTorch outside of it: hence √ε.",
    "adam": "Keras's ε is 1e-7, PyTorch's own default 1e-8.",
    "adamw": "Keras's ε is 1e-7, PyTorch's own default 1e-8.",
    "nadam": "`momentum_decay=1.0` makes the warm-up of β₁ Keras's.",
    "lion": "PyTorch has no Lion, so here it is.",
}
DIFFERENCES["nesterov"] = DIFFERENCES["momentum"]
LION = """\
class Lion(torch.optim.Optimizer):
    def __init__(self, groups, lr):
        super().__init__(groups, {"lr": lr})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in group["params"]:
                m = self.state[w].setdefault("mean", torch.zeros_like(w))
                w.sub_(group["lr"] * torch.sign(0.9 * m + 0.1 * w.grad))
                m.mul_(0.99).add_(0.01 * w.grad)"""
VELOCITY = """\
class Momentum(torch.optim.Optimizer):
    def __init__(self, groups, lr):
        super().__init__(groups, {{"lr": lr}})

    @torch.no_grad()
    def step(self):
        for group in self.param_groups:
            for w in group["params"]:
                v = self.state[w].setdefault("velocity", torch.zeros_like(w))
                v.mul_(0.9).sub_(group["lr"] * w.grad)
                w.add_({change})"""
CHANGES = {"momentum": "v", "nesterov": '0.9 * v - group["lr"] * w.grad'}
DOWNLOAD = """\
def read(name, header):
    path = Path("fashion-mnist") / f"{name}-ubyte.gz"
    path.parent.mkdir(exist_ok=True)
    if not path.exists():
        address = "http://fashion-mnist.s3-website.eu-central-1.amazonaws.com/"
        urllib.request.urlretrieve(address + path.name, path)
    return np.frombuffer(gzip.open(path).read(), np.uint8, offset=header)"""
SATURATION = """\
flat = []
a = torch.from_numpy(x_val[:500])
with torch.no_grad():
    for module in model[:-1]:
        a = module(a)
        if isinstance(module, nn.Linear):
            z = a.numpy()
            flat.append(np.mean({flat}))"""
COUPLED = ("sgd", "momentum", "nesterov")


def torch_notebook(record: RunRecord, view: Judging) -> NotebookNode:
    """A notebook that trains the run in PyTorch and compares its figures.

    Raises:
        ValueError: the run has no finished epoch.
    """
    config, run = record.config, common.shown(record, view)
    cells = [
        *common.title(record, "PyTorch"),
        code(
            joined(
                "import copy" if view.patience is not None and view.restore else "",
                "import gzip",
                "import math",
                "import urllib.request",
                "from pathlib import Path\n",
                "import matplotlib.pyplot as plt",
                "import numpy as np",
                "import torch",
                "from torch import nn",
            )
        ),
        code(common.settings(config, common.epochs(record)) + "\ntorch.manual_seed(SEED)"),
        code(DOWNLOAD),
        code(
            joined(
                'images = read("train-images-idx3", 16).reshape(-1, 28, 28)',
                'labels = read("train-labels-idx1", 8)',
                'test_images = read("t10k-images-idx3", 16).reshape(-1, 28, 28)'
                if view.test
                else "",
                'test_labels = read("t10k-labels-idx1", 8)' if view.test else "",
            )
        ),
        *common.images(config, view.test),
        *common.initial_weights(config),
        *_model(config),
        *_optimizer(config),
        *_training(record, view),
        *common.plots(record, run),
        *common.comparison(record, run, view, SATURATION),
    ]
    return common.notebook(cells)


def _model(config: RunConfig) -> list[NotebookNode]:
    layers = []
    for above, units in zip((784, *config.hidden), config.hidden, strict=False):
        layers += [f"    nn.Linear({above}, {units}),", f"    nn.{ACTIVATIONS[config.activation]},"]
        if config.dropout:
            layers.append(f"    nn.Dropout({config.dropout!r}),")
    layers.append(f"    nn.Linear({(784, *config.hidden)[-1]}, 10),")
    return [
        text(
            f"## Network\n\n{common.activation_words(config)} PyTorch keeps a kernel as "
            "(fan_out, fan_in), Keras the other way round."
        ),
        code(
            joined(
                "model = nn.Sequential(",
                *layers,
                ")",
                "linear = [layer for layer in model if isinstance(layer, nn.Linear)]",
                "kernels = [layer.weight for layer in linear]",
                "biases = [layer.bias for layer in linear]",
                "with torch.no_grad():",
                "    for layer, kernel in zip(linear, weights[::2]):",
                "        layer.weight.copy_(torch.from_numpy(kernel.T))",
                "        layer.bias.zero_()",
            )
        ),
    ]


def _own_velocity(config: RunConfig) -> bool:
    """Whether PyTorch's momentum is not Keras's: where the rate changes."""
    return config.optimizer in CHANGES and config.schedule != "constant"


def _in_optimizer(config: RunConfig) -> bool:
    """Whether `weight_decay` of the optimizer is this run's penalty."""
    if config.penalty == "l2":
        return config.optimizer in COUPLED and not _own_velocity(config)
    return config.penalty == "weight_decay" and config.optimizer in ("sgd", "adamw")


def _penalty(config: RunConfig) -> list[NotebookNode]:
    if config.penalty == "none":
        return []
    spelt = {
        "l2": r"PyTorch's SGD adds `weight_decay` · $w$ to the gradient: that is $\lambda/n$, "
        r"twice the $c = \lambda/2n$ of Keras's `L2(c)`. The penalty's value is needed for "
        "`val_loss` alone."
        if _in_optimizer(config)
        else "It is added to the loss, so that the optimizer rescales its gradient as it does in "
        r"Keras with `L2`, whose coefficient is $\lambda/2n$. AdamW's `weight_decay` would be "
        "another thing: it is decoupled from the gradient.",
        "l1": r"It is added to the loss, with the coefficient $\lambda/n$ of Keras's `L1`.",
        "l1_l2": r"It is added to the loss: Keras's `L1L2`.",
        "weight_decay": r"That is the optimizer's `weight_decay` $= \lambda/n$."
        if _in_optimizer(config)
        else "PyTorch's `weight_decay` would go through the gradient, so the loop below does it.",
        "l1_proximal": "The loop below does it.",
    }[config.penalty]
    share = config.l1_share
    value = {
        "l1": "LAM / N * sum(w.abs().sum() for w in kernels)",
        "l2": "LAM / (2 * N) * sum((w * w).sum() for w in kernels)",
        "l1_l2": f"LAM / N * sum(\n        {share!r} * w.abs().sum() + (1 - {share!r}) / 2 * "
        "(w * w).sum() for w in kernels)",
    }.get(config.penalty)
    return [
        text(f"## Penalty\n\n{common.penalty_text(config)}{spelt}"),
        code(
            f"LAM = {config.lam!r}" + (f"\n\n\ndef penalty():\n    return {value}" if value else "")
        ),
    ]


def _scheduler(config: RunConfig) -> str:
    _, boundaries, cycle, warmup = schedules.steps(config)
    eta, f = repr(config.learning_rate), repr(config.final_rate)
    module = "torch.optim.lr_scheduler."
    milestones = [last + 1 for last in boundaries]
    cosine = f"{f} + (1 - {f}) * (1 + math.cos(math.pi * p)) / 2"
    return {
        "constant": "",
        "step": f"scheduler = {module}MultiStepLR(\n    optimizer, {milestones}, "
        f"gamma={f} ** (1 / {config.periods - 1}))",
        "exponential": f"scheduler = {module}ExponentialLR(optimizer, gamma={f} ** (1 / STEPS))",
        "inverse_time": f"scheduler = {module}LambdaLR(\n    optimizer, "
        f"lambda t: 1 / (1 + (1 / {f} - 1) * t / STEPS))",
        "polynomial": f"scheduler = {module}LambdaLR(\n    optimizer, "
        f"lambda t: {f} + (1 - {f}) * (1 - t / STEPS) ** {config.power!r})",
        "cosine": f"scheduler = {module}CosineAnnealingLR(\n    optimizer, STEPS, "
        f"eta_min={f} * {eta})",
        "cosine_restarts": f"scheduler = {module}CosineAnnealingWarmRestarts(\n"
        f"    optimizer, {cycle}, eta_min={f} * {eta})",
        "warmup": f"def factor(t):\n    p = max(t - {warmup}, 0) / max(STEPS - {warmup}, 1)\n"
        f"    return t / {warmup} if t < {warmup} else {cosine}\n\n\n"
        f"scheduler = {module}LambdaLR(optimizer, factor)",
        "plateau": f"scheduler = {module}ReduceLROnPlateau(\n"
        f"    optimizer, factor={config.plateau_factor!r}, "
        f"patience={config.plateau_patience - 1},\n"
        '    threshold=1e-4, threshold_mode="abs", eps=0.0)',
    }[config.schedule]


def _optimizer(config: RunConfig) -> list[NotebookNode]:
    schedule = SCHEDULES[config.schedule]
    words = f"## Optimizer\n\n{OPTIMIZERS[config.optimizer].label}: "
    words += f"{OPTIMIZERS[config.optimizer].help} $\\eta = {config.learning_rate:g}$"
    words += (
        "." if config.schedule == "constant" else f", schedule {schedule.label}: {schedule.help}"
    )
    words += " " + DIFFERENCES.get(config.optimizer, "")
    if config.schedule == "plateau":
        words += (
            " PyTorch lowers the rate one epoch after its `patience`, Keras at it: hence one less."
        )
    decay = "LAM / N" if _in_optimizer(config) else "0.0"
    eta = repr(config.learning_rate)
    groups = ["groups = ["]
    if _own_velocity(config):
        words += " Here the rate changes, so Keras's rule is written out."
        make = f"optimizer = Momentum([*kernels, *biases], lr={eta})"
    elif config.optimizer == "lion":
        make = f"optimizer = Lion([*kernels, *biases], lr={eta})"
    else:
        name, extra = OPTIMIZER_CALLS[config.optimizer]
        extra = f", {extra}" if extra else ""
        if decay == "0.0":
            more = ", weight_decay=0.0" if config.optimizer == "adamw" else ""
            make = (
                f"optimizer = torch.optim.{name}(\n    model.parameters(), lr={eta}{extra}{more})"
            )
        else:
            make = joined(
                *groups,
                f'    {{"params": kernels, "weight_decay": {decay}}},',
                '    {"params": biases, "weight_decay": 0.0},',
                "]",
                f"optimizer = torch.optim.{name}(groups, lr={eta}{extra})",
            )
    scheduled = config.schedule not in ("constant", "plateau")
    return [
        *_penalty(config),
        text(words.strip()),
        *([code(LION)] if config.optimizer == "lion" else []),
        *(
            [code(VELOCITY.format(change=CHANGES[config.optimizer]))]
            if _own_velocity(config)
            else []
        ),
        code(
            joined(
                f"STEPS = {config.epochs} * -(-N // BATCH)" if scheduled else "",
                make,
                _scheduler(config),
            )
        ),
    ]


def _training(record: RunRecord, view: Judging) -> list[NotebookNode]:
    config = record.config
    sample = min(config.train_size, DATASETS[config.dataset].train_sample)
    in_loss = config.penalty in ("l1", "l2", "l1_l2") and not _in_optimizer(config)
    by_hand = config.penalty == "weight_decay" and not _in_optimizer(config)
    now = 'optimizer.param_groups[0]["lr"]'
    before = (
        f"\n        with torch.no_grad():\n            for w in kernels:\n"
        f"                w.mul_(1 - {now} * LAM / N)"
        if by_hand
        else ""
    )
    after = (
        f"\n        threshold = {now} * LAM / N\n"
        "        with torch.no_grad():\n            for w in kernels:\n"
        "                w.copy_(w.sign() * (w.abs() - threshold).clamp(min=0))"
        if config.penalty == "l1_proximal"
        else ""
    )
    scheduled = config.schedule not in ("constant", "plateau")
    after += "\n        scheduler.step()" if scheduled else ""
    loss = "nn.functional.cross_entropy(model(x[batch]), y[batch])"
    loss += " + penalty()" if in_loss else ""
    return [
        text(
            "## Training\n\nThe batches are fmviz's: a new order in each epoch, which depends on "
            "the epoch alone, so that runs with other settings see the same batches."
        ),
        code(
            "x, y = torch.from_numpy(x_train), torch.from_numpy(y_train)\n\n\n"
            "def train(epoch):\n"
            "    model.train()\n"
            "    order = np.random.default_rng([1611, epoch]).permutation(N)\n"
            "    for start in range(0, N, BATCH):\n"
            "        batch = torch.from_numpy(order[start : start + BATCH])\n"
            f"        loss = {loss}\n"
            "        optimizer.zero_grad()\n"
            f"        loss.backward(){before}\n"
            f"        optimizer.step(){after}"
        ),
        code(
            f"x_sample, y_sample = x_train[:{sample}], y_train[:{sample}]\n\n\n"
            "def logits(x):\n"
            "    model.eval()\n"
            "    with torch.no_grad():\n"
            "        return model(torch.from_numpy(x))\n\n\n"
            "def accuracy(x, y):\n"
            "    return np.mean(logits(x).argmax(dim=1).numpy() == y)"
        ),
        *_loop(config, view),
    ]


def _loop(config: RunConfig, view: Judging) -> list[NotebookNode]:
    penalised = config.penalty in ("l1", "l2", "l1_l2")
    measured = joined(
        "def measure():",
        "    nats = nn.functional.cross_entropy(logits(x_val), torch.from_numpy(y_val)).item()",
        "    return {",
        '        "train_accuracy": accuracy(x_sample, y_sample),',
        '        "val_accuracy": accuracy(x_val, y_val),',
        '        "val_crossentropy": nats,',
        f'        "val_loss": nats{" + penalty().item()" if penalised else ""},',
        "    }",
    )
    lines = [
        "    train(epoch)",
        "    found = measure()",
        "    for name, value in found.items():",
        "        history.setdefault(name, []).append(value)",
        "    print(epoch + 1, {name: round(value, 4) for name, value in found.items()})",
    ]
    if config.schedule == "plateau":
        lines.append('    scheduler.step(found["val_loss"])')
    before, after, words = "", "", ""
    if view.patience is not None:
        before, stopping, after, words = _early_stopping(view)
        lines.append(stopping)
    return [
        code(measured),
        *([text(words)] if words else []),
        code(joined("history = {}", before, "for epoch in range(EPOCHS):", *lines, after)),
        code(
            "weights = []\n"
            "for layer in linear:\n"
            "    weights += [layer.weight.detach().numpy().T, layer.bias.detach().numpy()]"
        ),
    ]


def _early_stopping(view: Judging) -> tuple[str, str, str, str]:
    """What stands before the loop, in it, after it, and the words about it."""
    direction = Rule(view.monitor, mode=view.mode).direction
    better = "<" if direction == "min" else ">"
    sign = "-" if direction == "min" else "+"
    margin = f" {sign} {view.min_delta!r}" if view.min_delta else ""
    start = "math.inf" if direction == "min" else "-math.inf"
    wait = f"wait += epoch >= {view.start_from}" if view.start_from else "wait += 1"
    condition = f"value {better} best{margin}"
    if view.start_from:
        condition = f"epoch >= {view.start_from} and {condition}"
    reset = "wait = 0"
    if view.baseline is not None:
        reset = f"wait = 0 if value {better} {view.baseline!r}{margin} else wait"
    looked = f"epoch >= {max(view.start_from, 1)}"
    stopping = joined(
        f'    value = found["{view.monitor}"]',
        f"    {wait}",
        f"    if {condition}:",
        "        best = value",
        f"        {reset}",
        "        best_weights = copy.deepcopy(model.state_dict())" if view.restore else "",
        f"    elif {looked} and wait >= {view.patience}:",
        "        break",
    )
    after = "model.load_state_dict(best_weights)" if view.restore else ""
    words = (
        f"Early stopping on `{view.monitor}`, written out: training ends once {view.patience} "
        "epochs have brought nothing better"
    )
    words += ", and the weights of the best epoch come back." if view.restore else "."
    return f"best, wait = {start}, 0", stopping, after, words
