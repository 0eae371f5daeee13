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
    rows = charts.over_epochs_rows(record, "gradient_norm")
    assert len(rows) == 3 * 4 - 1  # kernels × (epochs and start), less the zero
    assert rows["epoch"].min() == 0
    first = rows[(rows["layer"] == "layer 2") & (rows["epoch"] == 0)]["value"].item()
    assert first == record.start_layers["gradient_norm"][1]
    assert len(charts.over_epochs_rows(record, "saturation")) == 2 * 4


@pytest.mark.parametrize("activation", ["tanh", "relu"])
def test_areas_of_activations_are_shares(activation: str) -> None:
    record = synthetic(tiny(activation=activation))
    rows = charts.activations_rows(record, 2)
    for _, layer in rows.groupby("layer"):
        widths = np.diff(layer["activation"])
        assert (layer["density"].to_numpy()[:-1] * widths).sum() == pytest.approx(1)
    spec = json.dumps(charts.activations_spec(2))
    assert "density" in spec
