"""Notebooks of runs, executed: their figures agree with the run's.

A notebook that ships goes through a kernel as a reader's does; of the others that ship, the first
epoch. Those of small runs that hold every option between them are executed here, cell by cell.
"""

from __future__ import annotations

import importlib.util
import json
import warnings
from functools import cache, partial
from pathlib import Path
from typing import Any

import matplotlib.pyplot as plt
import nbformat
import numpy as np
import pytest
from nbclient import NotebookClient
from nbformat import NotebookNode, v4

from fmviz.analysis.stopping import look
from fmviz.lessons.catalogue import LESSONS
from fmviz.page.view import Judging
from fmviz.run import data
from fmviz.run.choices import ACTIVATIONS, INITIALIZERS, OPTIMIZERS, PENALTIES, SCHEDULES
from fmviz.run.config import RunConfig
from fmviz.run.record import RunRecord
from scripts import notebooks as shipping
from tests.export.test_notebooks import KINDS, VIEWS
from tests.support.needs import require
from tests.support.records import shipped
from tests.support.trained import eagerly

pytestmark = [
    pytest.mark.slow,
    pytest.mark.filterwarnings(
        # Of nbclient's and jupyter_client's own event loops and sockets.
        "ignore:.*:DeprecationWarning:(zmq|jupyter_client|jupyter_core|nbclient|tornado|asyncio)",
        "ignore:unclosed:ResourceWarning",
    ),
    pytest.mark.timeout(600),
]

HELD = ("train_accuracy", "val_accuracy", "val_crossentropy", "val_loss")
# Optimizer, a rate at which it moves and does not leap about, schedule, penalty, initializer and
# activation.
ROWS = (
    ("sgd", 0.1, "plateau", "l2", "normal", "tanh"),
    ("momentum", 0.02, "constant", "l2", "xavier", "sigmoid"),
    ("nesterov", 0.02, "exponential", "l1", "glorot_normal", "relu"),
    ("adagrad", 0.02, "inverse_time", "l1_l2", "glorot_uniform", "leaky_relu"),
    ("rmsprop", 0.001, "polynomial", "l1_proximal", "he_normal", "elu"),
    ("adamw", 0.002, "cosine", "weight_decay", "he_uniform", "selu"),
    ("nadam", 0.002, "cosine_restarts", "weight_decay", "lecun_normal", "gelu"),
    ("lion", 0.0003, "warmup", "none", "lecun_uniform", "silu"),
)
FIELDS = ("optimizer", "learning_rate", "schedule", "penalty", "initializer", "activation")
RESTLESS = {"learning_rate": 0.1, "schedule": "plateau", "plateau_patience": 1}
# What runs are before a branch, and what changes there: each kind of optimizer goes on, and one
# begins anew.
BRANCHES: tuple[tuple[dict[str, Any], dict[str, Any]], ...] = (
    ({}, {"penalty": "l2", "lam": 5.0, "schedule": "cosine", "batch_size": 32}),
    ({"optimizer": "momentum", "learning_rate": 0.05}, {"learning_rate": 0.01}),
    ({"optimizer": "sgd", **RESTLESS}, {"penalty": "weight_decay", "lam": 5.0}),
    ({"optimizer": "sgd", **RESTLESS}, {"optimizer": "nadam", "learning_rate": 0.002}),
    ({"optimizer": "nadam", "schedule": "warmup"}, {"penalty": "l1_proximal", "lam": 1.0}),
    ({"optimizer": "rmsprop", "penalty": "l1", "lam": 1.0}, {"schedule": "step"}),
    ({"optimizer": "adagrad", "schedule": "step"}, {"batch_size": 16}),
    ({"penalty": "weight_decay", "lam": 2.0}, {"penalty": "none", "schedule": "warmup"}),
    ({"optimizer": "adam"}, {"optimizer": "nesterov", "schedule": "exponential"}),
    ({"optimizer": "adam", "dropout": 0.4}, {"dropout": 0.0, "schedule": "cosine_restarts"}),
)
# Tickets: drawn by a parent, alone and with a branch, and their control.
TICKETS: tuple[dict[str, Any], ...] = (
    {"hidden": (16,), "ticket": "magnitude", "kept": 0.2, "learning_rate": 0.003},
    {
        "hidden": (16,),
        "ticket": "magnitude",
        "optimizer": "nesterov",
        "learning_rate": 0.02,
        "branch": {"learning_rate": 0.005},
        "branch_epoch": 1,
    },
    {
        "hidden": (16, 8),
        "ticket": "random",
        "kept": 0.5,
        "penalty": "l1_proximal",
        "lam": 2.0,
        "optimizer": "sgd",
        "learning_rate": 0.1,
    },
)
SMALL = partial(RunConfig, train_size=300, batch_size=64, epochs=3)


@cache
def options() -> tuple[RunConfig, ...]:
    """Small runs that hold every choice of every table between them."""
    found = [
        SMALL(
            **dict(zip(FIELDS, row, strict=True)),
            hidden=(16,),
            lam=2.0,
            final_rate=0.2,
            l1_share=0.25,
            plateau_patience=1,
            label_noise=0.2 if number % 3 == 1 else 0.0,
        )
        for number, row in enumerate(ROWS)
    ]
    found.append(
        SMALL(hidden=(), penalty="l2", lam=5.0, schedule="step", initializer="zeros", seed=1)
    )
    deep = {"hidden": (16, 8), "initializer": "orthogonal", "seed": 1}
    found.append(SMALL(**deep, dropout=0.3, penalty="l2", lam=2.0))
    # Gradients of the size of Adam's ε: where it stands then decides how far weights go.
    small = {"activation": "sigmoid", "init_std": 0.001}
    found.append(SMALL(**small, hidden=(32, 32, 32), batch_size=20))
    found += [
        SMALL(hidden=(16,), **before, branch=after, branch_epoch=1) for before, after in BRANCHES
    ]
    found += [SMALL(**ticket) for ticket in TICKETS]
    return tuple(found)


@cache
def records() -> tuple[RunRecord, ...]:
    """The runs of `options`, trained by the trainer's formulas as they stand.

    Ten architectures of fifteen steps are not worth a compiler's minute; that what it compiles is
    stock Keras too is shown in `tests/training/test_train.py`.
    """
    from fmviz.training.train import train

    with eagerly():
        return tuple(train(options(), test=True))


def compared(record: RunRecord, view: Judging, kind: str, found: dict[str, Any]) -> None:
    """Hold each curve of a notebook, and its figures at the end, against the run's.

    Args:
        found: the names that the notebook has defined.
    """
    config = record.config
    run = look(record, "run", **view.early_stopping)
    stopped = None if run.stop is None else run.stop.stopped
    count = record.epochs if stopped is None else stopped
    assert set(found["app"]) == set(found["own"])
    differences = {"figures": max(abs(found["own"][n] - v) for n, v in found["app"].items())}
    for name in HELD:
        own, app = np.array(found["history"][name]), record.history[name][:count]
        assert len(own) == len(app), (name, config)
        differences[name] = float(np.abs(own - app).max())
    print(kind, config, differences)
    limits = within(config)
    for name, difference in differences.items():
        assert difference <= limits[name], (name, differences, config)


def within(config: RunConfig) -> dict[str, float]:
    """What rounding may come to; with other dropout masks, what chance may."""
    loose = config.dropout > 0 or config.after.dropout > 0
    long = config.epochs > 3
    lion = config.optimizer == "lion"
    accuracy = 0.15 if loose else 0.03 if long or lion else 0.004
    nats = 0.3 if loose else 0.1 if long or lion else 1e-3
    return {
        "train_accuracy": accuracy,
        "val_accuracy": accuracy,
        "val_crossentropy": nats,
        "val_loss": nats,
        "figures": max(accuracy, 0.02),
    }


def there(kind: str) -> None:
    """Skip where there is no time, or the machine lacks what a notebook needs."""
    require(data.DEBIAN_FOLDER.exists(), "install Debian's dataset-fashion-mnist")
    if kind == "torch":
        found = importlib.util.find_spec("torch")
        require(found, "PyTorch notebooks need it: pip install torch==2.13.0")
        import torch

        # Small products: threads would wait for one another twenty times as long as they work.
        torch.set_num_threads(1)


def downloaded(folder: Path) -> None:
    """The full set where a notebook would put it."""
    for place in (folder / "keras/datasets/fashion-mnist", folder / "fashion-mnist"):
        place.mkdir(parents=True)
        for file in data.DEBIAN_FOLDER.iterdir():
            (place / file.name).symlink_to(file)


# A kernel


def in_a_kernel(book: NotebookNode, folder: Path) -> dict[str, Any]:
    """The figures of a notebook that a kernel of its own has executed."""
    book.cells.append(
        v4.new_code_cell(
            "import json\n"
            "figures = {'history': history, 'own': own, 'app': app}\n"
            "print('FIGURES' + json.dumps(figures, default=float))"
        )
    )
    resources = {"metadata": {"path": str(folder)}}
    NotebookClient(book, timeout=500, kernel_name="python3", resources=resources).execute()
    said = "".join(output["text"] for output in book.cells[-1].outputs)
    return dict(json.loads(said.removeprefix("FIGURES")))


# The shortest of those that ship.
SHORTEST = "sweep"


@pytest.mark.parametrize("kind", shipping.KINDS)
def test_a_notebook_that_ships_runs_in_a_kernel(
    kind: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there("torch")
    downloaded(tmp_path)
    monkeypatch.setenv("KERAS_HOME", str(tmp_path / "keras"))
    # The other tests run on TensorFlow.
    monkeypatch.setenv("KERAS_BACKEND", "torch")
    monkeypatch.setenv("IPYTHONDIR", str(tmp_path / "ipython"))
    # Threads that wait for one another wait long where other tests run beside them.
    monkeypatch.setenv("OMP_NUM_THREADS", "1")
    book = nbformat.read(shipping.FOLDER / f"{SHORTEST}-{kind}.ipynb", 4)
    record = shipped(shipping.opening_run(SHORTEST))
    compared(record, Judging(), kind, in_a_kernel(book, tmp_path))


# Here


@cache
def full_set() -> tuple[Any, Any]:
    return data.read_pair(data.DEBIAN_FOLDER, "train"), data.read_pair(data.DEBIAN_FOLDER, "test")


def code(book: NotebookNode) -> list[str]:
    """Its cells of code."""
    return [cell.source for cell in book.cells if cell.cell_type == "code"]


def executed(sources: list[str], folder: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """The names that some cells have defined, executed one after another in a folder."""
    downloaded(folder)
    monkeypatch.chdir(folder)
    monkeypatch.setattr("keras.datasets.fashion_mnist.load_data", full_set)
    monkeypatch.setattr(plt, "show", lambda: plt.close("all"))
    names: dict[str, Any] = {}
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        for source in sources:
            exec(source, names)
    return names


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("number", range(len(ROWS) + 3 + len(BRANCHES)))
def test_every_option_agrees(
    kind: str, number: int, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there(kind)
    record, view = records()[number], VIEWS[number % len(VIEWS)]
    sources = code(KINDS[kind](record, view))
    compared(record, view, kind, executed(sources, tmp_path, monkeypatch))


@pytest.mark.parametrize("kind", shipping.KINDS)
@pytest.mark.parametrize("name", [name for name in LESSONS if name != SHORTEST])
def test_a_notebook_that_ships_has_the_first_epoch_of_its_run(
    kind: str, name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    there("torch" if kind == "pytorch" else kind)
    config = shipping.opening_run(name)
    sources = code(nbformat.read(shipping.FOLDER / f"{name}-{kind}.ipynb", 4))
    whole = f"EPOCHS = {config.epochs}\n"
    assert sum(whole in source for source in sources) == 1
    sources = [source.replace(whole, "EPOCHS = 1\n") for source in sources]
    history = executed(sources, tmp_path, monkeypatch)["history"]
    record, limits = shipped(config), within(config)
    for measure in HELD:
        assert len(history[measure]) == 1
        difference = abs(history[measure][0] - record.history[measure][0])
        assert difference <= limits[measure], measure


def test_the_runs_hold_every_option() -> None:
    for field, table in (
        ("penalty", PENALTIES),
        ("optimizer", OPTIMIZERS),
        ("schedule", SCHEDULES),
        ("initializer", INITIALIZERS),
        ("activation", ACTIVATIONS),
    ):
        assert {config[field] for config in options()} == set(table)
