"""What PyTorch notebooks do that Keras does of itself: fetch the images, step as Keras steps."""

from __future__ import annotations

import gzip
import hashlib
import importlib.util
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from fmviz.export import notebooks
from fmviz.export.notebooks.torch import SHA256
from fmviz.page.view import Judging
from fmviz.run import data
from fmviz.run.choices import OPTIMIZERS
from tests.support.needs import require
from tests.support.records import synthetic, tiny

NAME = "t10k-labels-idx1"
GARMENTS, DIGITS = (bytes(8) + bytes(range(start, start + 10)) for start in (0, 10))


def cells(**config: Any) -> list[str]:
    """The code of a run's notebook."""
    book = notebooks.torch_notebook(synthetic(tiny(**config)), Judging(test=True))
    return [cell.source for cell in book.cells if cell.cell_type == "code"]


# The images


@pytest.fixture
def reader(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> dict[str, Any]:
    """What the cells that fetch leave behind, with two sites in folders here: the first one has
    digits, the second what is asked for."""
    monkeypatch.chdir(tmp_path)
    for site, content in (("first", DIGITS), ("second", GARMENTS)):
        (tmp_path / site).mkdir()
        (tmp_path / site / f"{NAME}-ubyte.gz").write_bytes(gzip.compress(content))
    found: dict[str, Any] = {"np": np}
    for source in cells():
        if source.startswith(("import", "SITES", "def unpacked", "def read")):
            exec("\n".join(line for line in source.splitlines() if "torch" not in line), found)
    found["SITES"] = [f"{(tmp_path / site).as_uri()}/" for site in ("first", "second")]
    found["SHA256"] = {NAME: hashlib.sha256(GARMENTS).hexdigest()}
    return found


def test_a_file_is_fetched_once_and_only_a_sound_one_is_kept(
    reader: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    assert reader["read"](NAME, 8).tolist() == list(range(10))
    said = capsys.readouterr().out
    assert f"{NAME}-ubyte.part is not Fashion-MNIST's {NAME}" in said
    assert said.count("Fetching") == 2
    assert reader["read"](NAME, 8).tolist() == list(range(10))
    assert capsys.readouterr().out == ""


WHOLE = gzip.compress(GARMENTS)


@pytest.mark.parametrize(
    ("there", "named"),
    [
        (WHOLE[:-12], "is truncated or damaged"),
        (WHOLE[:12] + b"?" + WHOLE[13:], "is truncated or damaged"),
        (b"<html>", "is truncated or damaged"),
        (b"", f"is not Fashion-MNIST's {NAME}"),
        (gzip.compress(DIGITS), f"is not Fashion-MNIST's {NAME}"),
    ],
    # Bytes would be ids that differ from process to process: gzip writes down the time.
    ids=["cut short", "damaged", "a page", "empty", "digits"],
)
def test_what_is_not_the_file_is_named_and_fetched_again(
    there: bytes, named: str, reader: dict[str, Any], capsys: pytest.CaptureFixture[str]
) -> None:
    path = Path("fashion-mnist") / f"{NAME}-ubyte.gz"
    path.parent.mkdir()
    path.write_bytes(there)
    assert reader["read"](NAME, 8).tolist() == list(range(10))
    assert capsys.readouterr().out.startswith(f"{path} {named}")
    assert gzip.decompress(path.read_bytes()) == GARMENTS


def test_where_no_site_has_it_that_is_said_and_nothing_is_kept(
    reader: dict[str, Any], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reader["SITES"] = [reader["SITES"][0], f"{tmp_path.as_uri()}/nowhere/"]
    with pytest.raises(OSError, match=f"no sound {NAME}-ubyte.gz"):
        reader["read"](NAME, 8)
    assert "nowhere" in capsys.readouterr().out
    assert not (tmp_path / "fashion-mnist" / f"{NAME}-ubyte.gz").exists()


def test_the_sites_are_safe_and_the_checksums_those_of_the_images() -> None:
    require(data.DEBIAN_FOLDER.exists(), "install Debian's dataset-fashion-mnist")
    (source,) = (source for source in cells() if source.startswith("SITES"))
    found: dict[str, Any] = {}
    exec(source, found)
    assert all(site.startswith("https://") for site in found["SITES"])
    assert found["SHA256"] == SHA256
    for name, digest in SHA256.items():
        content = gzip.decompress((data.DEBIAN_FOLDER / f"{name}-ubyte.gz").read_bytes())
        assert hashlib.sha256(content).hexdigest() == digest


# The steps

STEPS = 20
# From far below every optimizer's ε to where it does not matter.
SIZES = 10.0 ** -np.arange(1, 13)


# Others' weights decay in the loop of the notebook.
DECAYING = ("sgd", "adamw")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("optimizer", "decay"),
    [*((name, False) for name in OPTIMIZERS), *((name, True) for name in DECAYING)],
)
def test_every_optimizer_steps_as_keras_does_whatever_the_size_of_gradients(
    optimizer: str, decay: bool
) -> None:
    require(importlib.util.find_spec("torch"), "PyTorch notebooks need it")
    import keras
    import torch

    from fmviz.training.stock import as_keras

    penalty = {"penalty": "weight_decay", "lam": 5.0} if decay else {}
    config = tiny(optimizer=optimizer, learning_rate=0.01, **penalty)
    rng = np.random.default_rng(0)
    start = np.where(decay, rng.standard_normal((len(SIZES), 5)), 0.0).astype("float32")
    gradients = (SIZES[:, None] * rng.standard_normal((STEPS, len(SIZES), 5))).astype("float32")
    # PyTorch keeps a kernel the other way round; how a step goes does not depend on that.
    kernel, bias = (torch.nn.Parameter(torch.tensor(start)) for _ in range(2))
    names: dict[str, Any] = {"torch": torch, "kernels": [kernel], "biases": [bias]}
    names |= {"LAM": config.lam, "N": config.train_size}
    sources = cells(optimizer=optimizer, learning_rate=0.01, **penalty)
    exec(next(s for s in sources if s.startswith(("import", "from"))), names)
    model = torch.nn.Module()
    model.kernel, model.bias = kernel, bias
    names["model"] = model
    for source in sources:
        if source.startswith(("class", "optimizer", "groups", "steps")):
            exec(source, names)

    whole = as_keras(config).optimizer
    stock = type(whole).from_config(whole.get_config())
    variables = [keras.Variable(start, name=name) for name in ("kernel", "bias")]
    if decay:
        stock.exclude_from_weight_decay(var_names=["bias"])
    for gradient in gradients:
        kernel.grad, bias.grad = (torch.tensor(gradient) for _ in range(2))
        names["optimizer"].step()
        stock.apply([keras.ops.convert_to_tensor(gradient)] * 2, variables)
        for own, keras_own in zip((kernel, bias), variables, strict=True):
            moved, expected = own.detach().numpy() - start, keras_own.numpy() - start
            least = np.abs(expected).max(axis=1, keepdims=True)
            # Single precision rounds Keras's bias corrections to some 5e-5 in the first steps.
            assert (np.abs(moved - expected) <= 3e-4 * least + decay * 1e-6).all()
