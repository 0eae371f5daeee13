"""Tables read back with another reader: every cell is the record's."""

from __future__ import annotations

import csv
import io
import math
import re

import numpy as np
import numpy.typing as npt
import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fmviz.analysis.stopping import Shown, Stop
from fmviz.export import tables
from fmviz.run.choices import OPTIMIZERS, PENALTIES
from fmviz.run.config import RunConfig
from fmviz.run.measure import TOLERANCES
from fmviz.run.record import HIDDEN_MEASURES, HISTORY, KERNEL_MEASURES, Divergence
from tests.support.records import shipped, synthetic, tiny

RECORD = shipped(RunConfig(penalty="l2", lam=10.0))


def read(content: bytes) -> pd.DataFrame:
    names, *rows = csv.reader(io.StringIO(content.decode("utf-8-sig"), newline=""))
    return pd.DataFrame([list(map(cell, row)) for row in rows], columns=names)


def cell(text: str) -> float | str:
    try:
        return float(text or "nan")
    except ValueError:
        return text


def test_the_history_reads_back_as_the_record() -> None:
    table = read(tables.history(RECORD).csv())
    assert table["epoch"].tolist() == list(range(RECORD.epochs + 1))
    for name, values in RECORD.history.items():
        expected = [RECORD.start[name], *values]
        np.testing.assert_array_equal(table[name], expected, name)
    start = 1 + len(HISTORY)
    rest = table.iloc[:, start:].to_numpy(np.float64)
    for name in (*KERNEL_MEASURES, *HIDDEN_MEASURES):
        whole = np.concatenate([RECORD.start_layers[name][None], RECORD.layers[name]])
        flat: npt.NDArray[np.float64] = whole.reshape(len(whole), -1).astype(np.float64)
        np.testing.assert_array_equal(rest[:, : flat.shape[1]], flat, name)
        rest = rest[:, flat.shape[1] :]
    assert rest.shape[1] == 0


def test_layer_columns_say_what_they_hold() -> None:
    record = synthetic(tiny(hidden=(4, 3), activation="relu"))
    table = read(tables.history(record).csv())
    assert table["hidden_2.saturation"][2] == record.layers["saturation"][1, 1]
    assert table["logits.kernel_norm"][3] == record.layers["kernel_norm"][2, 2]
    at = TOLERANCES.index(0.01)
    assert table["hidden_1.near_zeros_0.01"][1] == record.layers["near_zeros"][0, 0, at]
    assert table["hidden_1.weights_-inf_to_-16"][0] == record.start_layers["weight_histogram"][0, 0]
    bins = [c for c in table.columns if c.startswith("hidden_2.activations_")]
    assert bins[-1].endswith("_to_49")
    assert table[bins[-1]][3] == record.layers["activation_histogram"][2, 1, -1]


def test_every_column_is_explained_once() -> None:
    table = tables.history(synthetic())
    names = [column.name for column in table.columns]
    assert len(set(names)) == len(names)
    explained = list(csv.DictReader(io.StringIO(table.explained().decode("utf-8-sig"))))
    assert [row["name"] for row in explained] == names
    assert all(row["unit"] and row["meaning"] for row in explained)


def test_files_are_as_rfc_4180_has_them() -> None:
    content = tables.history(synthetic()).explained()
    assert content.startswith(b"\xef\xbb\xbf")  # for Excel
    text = content.decode("utf-8-sig")
    assert text.endswith("\r\n")
    assert "\n" not in text.replace("\r\n", "")
    assert '"accuracy on the fixed training sample, against the labels it was told"' in text


def test_test_figures_can_be_left_out() -> None:
    assert "test_accuracy" in read(tables.history(RECORD).csv())
    for table in (
        tables.history(RECORD, test=False),
        tables.figures([Shown("run", RECORD, None, 4)], 1e-3, test=False),
    ):
        assert not [c for c in table.columns if c.name.startswith("test")]


def test_figures_are_those_of_the_weights_that_are_shown() -> None:
    stop = Stop(7, 4, 4, (0,) * 8)
    runs = [
        Shown("no penalty", shipped(RunConfig()), None, 30),
        Shown("with penalty", RECORD, stop, 5),
    ]
    table = read(tables.figures(runs, 0.01, test=True).csv()).set_index("run")
    assert table.index.tolist() == ["no penalty", "with penalty"]
    row = table.loc["with penalty"]
    assert row["epoch"] == 5
    assert row["stopped_epoch"] == 8
    assert math.isnan(table.loc["no penalty", "stopped_epoch"])
    assert row["setting.penalty"] == "l2"
    assert row["setting.lam"] == 10
    assert row["setting.hidden"] == 128
    for name, images in (("train", "train"), ("val", "validation"), ("test", "test")):
        share = float(RECORD.history[f"{name}_accuracy"][4])
        count = RECORD.examples[images]
        assert row[f"{name}_accuracy"] == share
        assert row[f"{name}_accuracy_images"] == count
        error = math.sqrt(share * (1 - share) / count)
        if name == "train":  # 1,250 of 5,000
            error *= math.sqrt((5_000 - count) / 4_999)
        assert row[f"{name}_accuracy_error"] == pytest.approx(error)
    gap = row["train_accuracy"] - row["val_accuracy"]
    assert row["accuracy_gap"] == pytest.approx(gap)
    assert row["accuracy_gap_error"] == pytest.approx(
        math.hypot(row["train_accuracy_error"], row["val_accuracy_error"])
    )
    counts = RECORD.layers["near_zeros"][4, :, TOLERANCES.index(0.01)]
    assert row["sparsity_0.01"] == counts.sum() / row["kernel_weights"]
    assert row["hidden_1.saturation"] == RECORD.layers["saturation"][4, 0]
    assert row["val_loss"] == RECORD.history["val_loss"][4]
    # No image has a wrong label.
    assert math.isnan(row["corrupted_accuracy"])
    assert row["corrupted_accuracy_images"] == 0


def test_runs_of_different_depth_share_a_table() -> None:
    runs = [
        Shown(str(hidden), synthetic(tiny(hidden=hidden)), None, 3) for hidden in ((), (4,), (4, 3))
    ]
    table = read(tables.figures(runs, 1e-3, test=False).csv())
    assert table["hidden_1.saturation"].notna().tolist() == [False, True, True]
    assert table["hidden_2.saturation"].notna().tolist() == [False, False, True]
    assert table["setting.hidden"].tolist() == ["none", 4, "4-3"]


def test_a_run_that_diverged_at_once_has_the_figures_of_its_start() -> None:
    record = synthetic(epochs=0, diverged=Divergence(1, 3, 1, "weight"))
    table = read(tables.figures([Shown("run", record, None, 0)], 1e-3, test=True).csv())
    assert table["epoch"][0] == 0
    assert table["diverged_epoch"][0] == 1
    assert table["val_accuracy"][0] == record.start["val_accuracy"]
    assert len(read(tables.history(record).csv())) == 1


@pytest.mark.parametrize(
    ("config", "name"),
    [
        (RunConfig(), "fmviz-no-penalty-n5000-seed0"),
        (
            RunConfig(penalty="l2", lam=20, train_size=1_000, seed=3),
            "fmviz-l2-lam20-n1000-seed3",
        ),
        (
            RunConfig(penalty="l1_l2", lam=0.5, l1_share=0.25),
            "fmviz-l1-l2-lam0.5-share0.25-n5000-seed0",
        ),
        (
            RunConfig(hidden=(64, 32), activation="relu", initializer="he_normal", epochs=5),
            "fmviz-no-penalty-n5000-hidden64-32-epochs5-relu-he-normal-seed0",
        ),
        (
            RunConfig(learning_rate=1e-5, hidden=()),
            "fmviz-no-penalty-n5000-hiddennone-lr1e-05-seed0",
        ),
    ],
)
def test_a_file_is_called_after_its_run(config: RunConfig, name: str) -> None:
    assert tables.stem(config) == name


@given(
    st.sampled_from(sorted(PENALTIES)),
    st.sampled_from(sorted(OPTIMIZERS)),
    st.lists(st.integers(1, 512), max_size=6),
    st.floats(1e-6, 100),
    st.floats(1e-9, 10_000),
    st.integers(0, 2**31 - 1),
)
@settings(max_examples=60, deadline=None)
def test_names_are_safe_everywhere(
    penalty: str, optimizer: str, hidden: list[int], rate: float, lam: float, seed: int
) -> None:
    config = RunConfig(
        penalty=penalty,
        optimizer=optimizer,
        hidden=tuple(hidden),
        learning_rate=rate,
        lam=lam,
        seed=seed,
    )
    name = tables.stem(config, "epoch100")
    assert re.fullmatch(r"fmviz-[a-z0-9.-]+-epoch100", name)
    assert len(name) <= 180
    other = config.replace(seed=seed // 2 + 1)
    assert (tables.stem(other) == tables.stem(config)) == (other == config)
