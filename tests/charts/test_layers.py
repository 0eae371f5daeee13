"""What happens layer by layer, as charts."""

from __future__ import annotations

import json

import numpy as np
import pytest

from fmviz.charts import layers as charts
from tests.support.records import synthetic, tiny


def test_layers_are_drawn_from_the_start_on_and_zeros_left_out_of_logarithms() -> None:
    record = synthetic(tiny())
    record.layers["gradient_norm"][1, 0] = 0.0
    rows = charts.over_epochs_rows(record, "gradient_norm").table.to_pandas()
    assert len(rows) == 3 * 4 - 1  # kernels × (epochs and start), less the zero
    assert rows["epoch"].min() == 0
    first = rows[(rows["layer"] == "layer 2") & (rows["epoch"] == 0)]["value"].item()
    assert first == record.start_layers["gradient_norm"][1]
    assert len(charts.over_epochs_rows(record, "saturation").table.to_pandas()) == 2 * 4


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_areas_of_activations_are_shares(activation: str) -> None:
    record = synthetic(tiny(activation=activation))
    rows = charts.activations_rows(record, 2).table.to_pandas()
    for _, layer in rows.groupby("layer"):
        widths = np.diff(layer["activation"])
        assert (layer["density"].to_numpy()[:-1] * widths).sum() == pytest.approx(1)
    spec = json.dumps(charts.activations_spec(2))
    assert "density" in spec


@pytest.mark.parametrize("name", charts.MEASURES)
def test_every_epoch_of_the_layers_is_the_records(name: str) -> None:
    record = synthetic(tiny())
    reel = charts.over_epochs_reel(1, record, name)
    layers = record.layers[name].shape[1]
    assert [key["text"] for key in reel["legend"]] == [f"layer {k + 1}" for k in range(layers)]
    colours = [line["colours"][0] for line in reel["lines"]]
    assert len(set(colours)) == layers
    for k, line in enumerate(reel["lines"]):
        values = [record.start_layers[name][k], *record.layers[name][:, k]]
        assert line["values"] == pytest.approx(values, rel=1e-4)
        assert len(line["labels"]) == record.epochs + 1


def test_every_epoch_of_the_answers_is_counted() -> None:
    rng = np.random.default_rng(2)
    truth, answers = rng.integers(0, 10, 300), rng.integers(0, 10, (4, 300))
    reel = charts.matrix_reel(1, truth, answers)
    for epoch, row in enumerate(answers):
        counts = np.array(reel["counts"][epoch]).reshape(10, 10)
        for true, answered in ((0, 0), (3, 7), (9, 1)):
            assert counts[true, answered] == ((truth == true) & (row == answered)).sum()
        assert counts.sum() == 300
