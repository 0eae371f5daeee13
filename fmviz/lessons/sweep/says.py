"""What a sweep shows, in words."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence, Set
from typing import Any

import numpy as np

from fmviz.analysis import sweeps
from fmviz.analysis.sweeps import MEASURES, Outcome
from fmviz.run import knobs
from fmviz.run.choices import ACTIVATIONS, DATASETS
from fmviz.run.knobs import KNOBS, Cell
from fmviz.run.measure import Estimate, saturates
from fmviz.run.naming import flat_name, knob_value, plural, value_name
from fmviz.run.record import RunRecord
from fmviz.words import waiting
from fmviz.words.numbers import duration, listed, percent, points, small_percent, with_error
from fmviz.words.prose import Caption

# Cells that are named one by one; of more, only their number.
NAMED = 4


def cell_name(turned: Sequence[str], cell: Cell) -> str:
    """A cell by its values: "λ = 10, layers = 3"."""
    return ", ".join(knob_value(knob, at) for knob, at in zip(turned, cell.at, strict=True))


def cell_run_name(turned: Sequence[str], cell: Cell, record_seed: int) -> str:
    """A run by its cell and its seed."""
    return f"{cell_name(turned, cell)}, seed {record_seed}"


def figure(measure: str, value: float) -> str:
    """A value of a measure."""
    if math.isnan(value):
        return "none"
    if not MEASURES[measure].is_share:
        return f"{value:.3f}"
    return small_percent(value) if value >= 0 else f"−{percent(-value)}"


def _names(turned: Sequence[str], found: Sequence[Outcome]) -> str:
    """Cells by their values: of one knob "λ = 0, 1 and 30", of two each in full."""
    more = len(found) - NAMED
    shown = [cell_name(turned, o.cell) for o in found[:NAMED]]
    if len(turned) == 1:
        # The knob once, before its first value.
        shown[1:] = [value_name(turned[0], o.cell.at[0]) for o in found[1:NAMED]]
        return listed([*shown, f"{more} more"] if more > 0 else shown)
    return "; ".join(shown) + (f"; and {more} more" if more > 0 else "")


def before(wanted: knobs.Sweeping, runs: int, known: int, seconds: float) -> Caption:
    """What a sweep asks for, and how long that takes.

    Args:
        runs: different ones.
        known: how many of them are in the store.
        seconds: for the others.
    """
    values = " × ".join(
        f"{plural(len(v), 'value')} of {KNOBS[k].symbol}" for k, v in wanted.turns.items()
    )
    if len(wanted.turns) == 1:
        values = plural(len(next(iter(wanted.turns.values()))), "value")
    figures = {
        "runs": plural(runs, "run"),
        "shape": f"{values}, {plural(wanted.seeds, 'seed')}",
        "known": str(known),
        "estimate": duration(seconds),
    }
    return Caption("before, some known" if known else "before", figures)


def as_told(noises: Set[float]) -> list[Caption]:
    """What training accuracy is scored against, where labels are wrong.

    Args:
        noises: the shares of wrong labels of its runs.
    """
    most = max(noises, default=0.0)
    if not most:
        return []
    upto = "up to " if len(noises) > 1 else ""
    return [Caption("as told", {"share": f"{upto}{100 * most:g}%"})]


def reading(
    wanted: knobs.Sweeping, measure: str, activations: Set[str] = frozenset()
) -> list[Caption]:
    """How the picture of a sweep is to be read.

    Args:
        activations: those of its hidden layers.
    """
    figures = {"seeds": plural(wanted.seeds, "seed")}
    one_seed = ", one seed" if wanted.seeds == 1 else ""
    if len(wanted.turns) == 2:
        figures["unit"] = ", in %" if MEASURES[measure].is_share else ""
        return [Caption("reading two" + one_seed, figures), *_kinds(measure, activations)]
    captions = [Caption("reading one" + one_seed, figures)]
    ((knob, values),) = wanted.turns.items()
    if KNOBS[knob].log and 0 in values:
        captions.append(Caption("zero apart", {}))
    return captions + _kinds(measure, activations)


def _kinds(measure: str, activations: Set[str]) -> list[Caption]:
    """What stands under the name of saturation where that is not it, or not it alone."""
    if measure != "saturation" or all(map(saturates, activations)):
        return []
    names: dict[str, list[str]] = {}
    for activation, choice in ACTIVATIONS.items():
        if activation in activations:
            names.setdefault(flat_name(activation), []).append(choice.label)
    if len(names) == 1:
        return [Caption("kind", {"kind": next(iter(names))})]
    kinds = [f"{listed(functions)} the {kind}" for kind, functions in names.items()]
    return [Caption("kinds apart", {"kinds": listed(kinds)})]


def told(
    turns: Mapping[str, Sequence[Any]],
    found: Sequence[Outcome],
    measure: str,
    tolerance: float,
    best: sweeps.Best | None,
) -> list[Caption]:
    """All that a finished sweep says: the best, what cannot be told from it, what went wrong."""
    turned = tuple(turns)
    captions = []
    if best is None:
        captions.append(Caption("none finished", {}))
    else:
        captions += _best(turns, found, best)
    captions += _range(turned, found, measure, tolerance)
    gone = [outcome for outcome in found if outcome.diverged]
    if gone:
        figures = {
            "diverged": plural(sum(len(o.diverged) for o in gone), "run"),
            "runs": str(sum(len(o.records) for o in found)),
            "cells": _names(turned, gone),
        }
        captions.append(Caption("diverged runs", figures))
    return captions


def _best(
    turns: Mapping[str, Sequence[Any]], found: Sequence[Outcome], best: sweeps.Best
) -> list[Caption]:
    turned = tuple(turns)
    level = {outcome.cell for outcome in (best.outcome, *best.level)}
    lower = [outcome for outcome in found if outcome.whole and outcome.cell not in level]
    records = best.outcome.finite
    figures = {
        "best": cell_name(turned, best.outcome.cell),
        "accuracy": points(best.accuracy),
        "images": f"{records[0].examples['validation']:,}",
        "over": f", in the mean over {len(records)} seeds" if len(records) > 1 else "",
        "level": str(len(best.level)),
        "others": str(best.compared),
        "names": _names(turned, best.level),
        "lower": _names(turned, lower),
    }
    if not best.learnt:
        return [Caption("nothing learnt in all", figures)]
    # Where no knob has an effect, all are one run.
    if not best.compared or len({outcome.cell.configs for outcome in found}) == 1:
        return [Caption("only one", figures)]
    how = "alone" if not best.level else "all" if len(best.level) == best.compared else "some"
    leads = {"alone": "best", "some": "best, not alone", "all": "best, none apart"}
    captions = [Caption(leads[how], figures)]
    if how != "some":
        captions.append(Caption(f"level {how}", figures))
    if len(best.level) < best.compared:
        captions += _edges(turns, best)
    return captions


def _edges(turns: Mapping[str, Sequence[Any]], best: sweeps.Best) -> list[Caption]:
    """Where the best lies at the end of a number line, the sweep may have ended too early."""
    captions = []
    for (knob, values), value in zip(turns.items(), best.outcome.cell.at, strict=True):
        if knobs.is_choice(knob) or len(values) < 2 or value not in (values[0], values[-1]):
            continue
        # Beyond a bound, or with all images there are, there is nothing to try.
        images = DATASETS[best.outcome.cell.configs[0].dataset].train
        if knobs.at_bound(knob, value) or (knob == "train_size" and value == images):
            continue
        side = "smallest" if value == values[0] else "largest"
        figures = {"value": value_name(knob, value), "side": side, "knob": KNOBS[knob].label}
        captions.append(Caption("best at the edge", figures))
    return captions


def _range(
    turned: Sequence[str], found: Sequence[Outcome], measure: str, tolerance: float
) -> list[Caption]:
    """The lowest and the highest value of a measure that names no best; of what stands under the
    name of saturation, each kind for itself."""
    if measure == "accuracy":
        return []
    kinds: dict[str, list[tuple[float, Outcome]]] = {}
    for outcome in found:
        values = outcome.values(measure, tolerance)
        if values and outcome.whole and not math.isnan(values[0][-1]):
            mean = float(np.mean([value[-1] for value in values]))
            kinds.setdefault(_label(measure, outcome), []).append((mean, outcome))
    return [
        _between(turned, name, means, measure, tolerance)
        for name, means in kinds.items()
        if len(means) > 1
    ]


def _label(measure: str, outcome: Outcome) -> str:
    """What a measure is called in a cell."""
    if measure == "saturation":
        return flat_name(outcome.cell.configs[0].activation)
    on = "validation " if len(MEASURES[measure].splits) > 1 else ""
    return on + MEASURES[measure].label


def _between(
    turned: Sequence[str],
    name: str,
    means: Sequence[tuple[float, Outcome]],
    measure: str,
    tolerance: float,
) -> Caption:
    """From the lowest to the highest of some cells."""
    low, high = (pick(means, key=lambda pair: pair[0]) for pick in (min, max))
    figures = {
        "measure": name,
        "low": _spread(low[1].finite, measure, tolerance),
        "low_cell": cell_name(turned, low[1].cell),
        "high": _spread(high[1].finite, measure, tolerance),
        "high_cell": cell_name(turned, high[1].cell),
    }
    section = "measure level" if figures["low"] == figures["high"] else "measure range"
    return Caption(section, figures)


def _spread(records: Sequence[RunRecord], measure: str, tolerance: float) -> str:
    """Mean and, over several seeds, ± one standard deviation; a single gap with its error."""
    values = [sweeps.measured(record, measure, tolerance)[-1] for record in records]
    mean = float(np.mean(values))
    if len(values) > 1:
        deviation = float(np.std(values, ddof=1))
        if MEASURES[measure].is_share:
            return points(Estimate(mean, deviation)) + (" points" if measure == "gap" else "%")
        return with_error(mean, deviation, digits=3)
    if measure == "gap":
        return f"{points(records[0].gap(records[0].epochs))} points"
    return figure(measure, mean)


def without_effect(turns: Mapping[str, Sequence[Any]], cells: Sequence[Cell]) -> list[Caption]:
    """The knobs that change no run beside the other settings."""
    captions = []
    for index, (knob, values) in enumerate(turns.items()):
        if len(values) < 2:
            continue
        alike: dict[Any, set[Any]] = {}
        for cell in cells:
            rest = (*cell.at[:index], *cell.at[index + 1 :])
            alike.setdefault(rest, set()).add(cell.configs)
        if all(len(configs) == 1 for configs in alike.values()):
            figures = {"knob": KNOBS[knob].label, "needs": knobs.needs(knob)}
            section = "no effect" if figures["needs"] else "no effect, all alike"
            captions.append(Caption(section, figures))
    return captions


def made(runs: int, sources: Sequence[str], record: RunRecord) -> str:
    """Where the runs of a finished sweep come from.

    Args:
        sources: of `watch.Update`, one a run.
    """
    shown = plural(runs, "run")
    if len(set(sources)) > 1:
        return f":material/inventory_2: {waiting.made(sources)}"
    if set(sources) == {"recorded"}:
        return f":material/inventory_2: {shown}: recorded runs, {waiting.versions(record.made)}"
    if "trained" in sources:
        return f":material/check: {shown}, trained just now"
    return f":material/inventory_2: {shown}, trained earlier, from the store"
