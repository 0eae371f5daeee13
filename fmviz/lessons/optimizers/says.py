"""What the lesson on optimizers says: of the race, its clock, its steps and the sweep."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from fmviz.analysis.comparing import at_chance
from fmviz.analysis.ranking import by_accuracy
from fmviz.analysis.stopping import Shown
from fmviz.lessons.optimizers import rules_says
from fmviz.lessons.optimizers.lesson import (
    LABELS,
    RACERS,
    SWEPT_RATES,
    Axis,
    OptimizersView,
    own_rates_fit,
)
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord, n_weights
from fmviz.run.settings import number
from fmviz.words.numbers import listed, percent, points, rounded
from fmviz.words.prose import Caption, Claim

# What counts as having learnt the garments, in the table's column of epochs.
TARGET = 0.8


# CS231n's rule of thumb for the update-to-weight ratio, and what still is about that.
HEALTHY, ABOUT = 1e-3, 3.0


# Times of epochs that are apart by less than this factor are called alike.
MUCH_LONGER = 1.5


def race(runs: Sequence[Shown], view: OptimizersView) -> list[Caption]:
    """Who leads on validation images and who has the lowest training loss; of ended runs."""
    going = [run for run in runs if run.finite]
    if not going:
        return [Caption("race all diverged", {})]
    captions = [_lead(going), *_other_epochs(going)]
    if len(going) > 1:
        captions += _first(going, view)
        losses = {run.name: run.at("train_crossentropy") for run in going}
        first, last = min(losses, key=losses.__getitem__), max(losses, key=losses.__getitem__)
        figures = {
            "lowest": first,
            "loss": f"{losses[first]:.3f}",
            "highest": last,
            "highest_loss": f"{losses[last]:.3f}",
        }
        alike = figures["loss"] == figures["highest_loss"]
        captions.append(Caption("race training, alike" if alike else "race training", figures))
    return captions + _rates(runs, view)


def _other_epochs(going: Sequence[Shown]) -> list[Caption]:
    """After which epochs they are compared, where stopping has made those differ."""
    by_epoch: dict[int, list[str]] = {}
    for run in going:
        by_epoch.setdefault(run.kept, []).append(run.name)
    if len(by_epoch) < 2:
        return []
    epochs = [f"{listed(names)} after epoch {epoch}" for epoch, names in sorted(by_epoch.items())]
    return [Caption("other epochs", {"epochs": "; ".join(epochs)})]


def _lead(going: Sequence[Shown]) -> Caption:
    runs = {run.name: run for run in going}
    ranking = by_accuracy(runs)
    best = runs[ranking.best]
    accuracy = best.accuracy()
    images = f"{best.record.examples['validation']:,}"
    figures = {"best": best.name, "accuracy": points(accuracy), "images": images}
    if at_chance(best):
        return Caption("race nothing learnt", figures)
    if len(going) == 1:
        return Caption("race alone", figures)
    near, far = ranking.level, ranking.beaten
    figures["near"] = listed(near)
    figures["far"] = listed([f"{n} {points(c)}" for n, c in far.items()])
    claims = tuple(
        Claim("val_accuracy", best.name, lead.sign, name) for name, lead in ranking.behind.items()
    )
    section = "race level" if not far else "race led, some level" if near else "race led"
    return Caption(section, figures, claims)


def _first(going: Sequence[Shown], view: OptimizersView) -> list[Caption]:
    """Who gets `TARGET` right first, over the epochs or the seconds; nothing where nobody does, or
    where seconds are no comparison."""
    there = {run.name: epoch for run in going if (epoch := reached(run.record)) is not None}
    if not there or (view.axis == "seconds" and not side_by_side(going)):
        return []
    taken: Mapping[str, float] = there
    if view.axis == "seconds":
        taken = {r.name: seconds_to(r.record, there[r.name]) for r in going if r.name in there}
    least = min(taken.values())
    figures = {
        "target": percent(TARGET, 0),
        "first": listed([name for name, when in taken.items() if when == least]),
        "when": f"{rounded(least)} s" if view.axis == "seconds" else plural(int(least), "epoch"),
    }
    return [Caption("race first", figures)]


def _rates(runs: Sequence[Shown], view: OptimizersView) -> list[Caption]:
    config = runs[-1].record.config
    if view.rates == "own":
        fits = own_rates_fit(config)
        return [Caption("race at own rates" if fits else "race at own rates, elsewhere", {})]
    figures = {"eta": number(config.learning_rate), **rules_says.schedule(config)}
    figures["steps"] = rules_says.steps([run.name for run in runs])
    how = "" if config.schedule == "constant" else ", scheduled"
    # One alone has nobody to be compared with.
    captions = [Caption(f"race at one rate{how}", figures)] * (len(runs) > 1)
    adam = next((run for run in runs if run.name == LABELS["adam"] and run.finite), None)
    if adam is None or adam.record.config.schedule != "constant":
        return captions
    first, later = (step_over_rate(adam.record, epoch) for epoch in (0, adam.kept))
    if not (math.isfinite(first) and math.isfinite(later)):
        return captions
    measured = {
        "first": rounded(first),
        "later": rounded(later),
        "epochs": plural(adam.kept, "epoch"),
    }
    return [*captions, Caption("race at one rate, measured", measured)]


def step_over_rate(record: RunRecord, epoch: int) -> float:
    """√mean Δw² of one more step over η, all kernels together; NaN where a layer's weights are 0.

    Args:
        record: of a run at a constant η.
    """
    norms, ratios = (record.layers_at(name, epoch) for name in ("kernel_norm", "update_ratio"))
    step = float(np.sqrt(np.square(norms * ratios, dtype=np.float64).sum()))
    return step / math.sqrt(n_weights(record.config)) / record.config.learning_rate


def milliseconds(record: RunRecord) -> float:
    """Milliseconds of gradient steps an epoch: those of the fastest.

    What else a machine does only ever adds to them, and to one racer more than to another: medians
    of runs that were trained side by side have been 15 and 26 ms where the fastest were 11 and 13.
    """
    seconds = np.concatenate([[0.0], record.history["seconds"]])
    return 1_000 * float(np.diff(seconds).min())


def reached(record: RunRecord) -> int | None:
    """The first epoch with `TARGET` on validation images; None where there is none."""
    there = np.flatnonzero(record.history["val_accuracy"] >= TARGET)
    return int(there[0]) + 1 if len(there) else None


def seconds_to(record: RunRecord, epoch: int) -> float:
    """Seconds of gradient steps up to the end of an epoch."""
    return record.at("seconds", epoch)


def side_by_side(runs: Sequence[Shown]) -> bool:
    """Whether these runs were trained in one go: only then their times compare.

    A run that is still going does not say yet; what goes on together is trained together.
    """
    return len({run.record.made.get("begun") for run in runs}) == 1


def table(runs: Sequence[Shown], axis: Axis = "epochs") -> str:
    """The race in figures, as a Markdown table: over epochs, or over seconds where they compare."""
    timed = side_by_side(runs)
    in_seconds = timed and axis == "seconds"
    lines = [
        f"| | η | training loss | validation | {'s' if in_seconds else 'epochs'} to "
        f"{percent(TARGET, 0)} |",
        "|:--|--:|--:|--:|--:|",
    ]
    if timed:
        lines = [lines[0] + " ms an epoch |", lines[1] + "--:|"]
    for run in runs:
        record = run.record
        config = record.config
        # A branch may change it.
        rates = (number(side.learning_rate) for side in (config.trunk, config.after))
        cells = [run.name, ", then ".join(dict.fromkeys(rates))]
        if record.diverged is not None:
            cells += ["diverged", "–", "–"]
        elif not run.kept:
            cells += ["–"] * 3
        else:
            validation = record.estimate("val_accuracy", run.kept)
            there = reached(record)
            cells += [
                f"{record.at('train_crossentropy', run.kept):.3f}",
                f"{points(validation)}%",
                "–" if there is None else _when(record, there, in_seconds),
            ]
        if timed:
            cells.append(f"{milliseconds(record):.0f}" if record.epochs else "–")
        lines.append("| " + " | ".join(cells) + " |")
    return "\n".join(lines)


def _when(record: RunRecord, epoch: int, in_seconds: bool) -> str:
    return rounded(seconds_to(record, epoch)) if in_seconds else str(epoch)


def clock(runs: Sequence[Shown]) -> Caption | None:
    """What an epoch costs each racer in time; None of one racer, or before the first epoch.

    Times of runs that were not trained side by side are those of different moments of a machine,
    or of different machines: no comparison.
    """
    if len(runs) < 2 or any(not run.record.epochs for run in runs):
        return None
    if not side_by_side(runs):
        return Caption("clock apart", {})
    each = {run.name: milliseconds(run.record) for run in runs}
    cheap, dear = min(each, key=each.__getitem__), max(each, key=each.__getitem__)
    figures = {
        "cheap": cheap,
        "cheap_ms": f"{each[cheap]:.0f}",
        "dear": dear,
        "dear_ms": f"{each[dear]:.0f}",
    }
    if each[cheap] and each[dear] <= MUCH_LONGER * each[cheap]:
        return Caption("clock alike", figures)
    # An epoch of no measurable time has no multiple.
    if not each[cheap]:
        return Caption("clock too short", {})
    return Caption("clock", figures | {"times": f"{each[dear] / each[cheap]:.1f}"})


def updates(runs: Sequence[Shown], layer: int, own_rates: bool = False) -> list[Caption]:
    """The update-to-weight ratio of a layer with the weights kept, beside the rule of thumb.

    To change η is advised only where it was not picked as the best, nor gave the best of the race.

    Args:
        layer: counted from 1.
        own_rates: whether each runs at the η that suited it best.
    """
    finite = {run.name: run for run in runs if run.finite}
    ratios: dict[str, float] = {}
    for run in finite.values():
        ratio = float(run.record.layers_at("update_ratio", run.kept)[layer - 1])
        if math.isfinite(ratio):
            ratios[run.name] = ratio
    if not ratios:
        return [Caption("updates unknown", {})]
    low, high = (rounded(pick(ratios.values()), 1) for pick in (min, max))
    sides = {
        "below": [n for n, r in ratios.items() if r / HEALTHY < 1 / ABOUT],
        "above": [n for n, r in ratios.items() if r / HEALTHY > ABOUT],
    }
    best = finite[by_accuracy(finite).best]
    figures = {
        "ratios": listed([f"{n} {rounded(r, 1)}" for n, r in ratios.items()]),
        "span": low if low == high else f"{low} to {high}",
        "layer": str(layer),
        **{side: listed(names) for side, names in sides.items()},
        "apart": listed([*sides["below"], *sides["above"]]),
        "best": best.name,
    }
    captions = [Caption("updates", figures), *_other_epochs(list(finite.values()))]
    if own_rates and figures["apart"]:
        captions.append(Caption("updates, own rates", figures))
    for side, names in sides.items():
        if names and not own_rates:
            leads = len(finite) > 1 and best.name in names
            captions.append(Caption(f"updates {side}{', the best too' if leads else ''}", figures))
    if len(ratios) > 1 and best.name in ratios:
        figures |= {"best_ratio": rounded(ratios[best.name], 1)}
        captions.append(Caption("updates of the best", figures))
    return captions


Swept = Mapping[tuple[str, float], RunRecord | None]


def sweep(records: Swept) -> list[Caption]:
    """Each racer's best rate, and the rates that come within the noise of it; of a whole sweep."""
    parts, best, rates, tried = [], {}, {}, 0
    for name in RACERS:
        column = {
            rate: Shown.at_end(record, name)
            for rate in SWEPT_RATES
            if (record := records.get((name, rate))) is not None
            and record.diverged is None
            and record.epochs
        }
        if not column:
            continue
        ranking = by_accuracy(column)
        top = ranking.best
        tried += len(column)
        best[name], rates[name] = column[top], top
        span = f"η = {number(top)}"
        if ranking.level:
            span += f" (level with it: {listed([number(rate) for rate in ranking.level])})"
        at_edge = top in (SWEPT_RATES[0], SWEPT_RATES[-1])
        accuracy = percent(column[top].record.at("val_accuracy", column[top].kept))
        parts.append(
            f"{LABELS[name]} {accuracy} at {span}{', at the edge of the sweep' if at_edge else ''}"
        )
    if not best:
        return [Caption("sweep all diverged", {})]
    captions = [Caption("sweep", {"bests": "; ".join(parts)})]
    ranking_of_names = by_accuracy(best, tried)
    lead = ranking_of_names.best
    if at_chance(best[lead]):
        captions.insert(0, Caption("sweep nothing learnt", {}))
    elif len(best) == 1:
        figures = {
            "lead": LABELS[lead],
            "rate": number(rates[lead]),
            "accuracy": percent(best[lead].at("val_accuracy")),
        }
        captions.insert(0, Caption("sweep one", figures))
    else:
        far = [f"{LABELS[n]} {points(c)}" for n, c in ranking_of_names.beaten.items()]
        near = [LABELS[n] for n in ranking_of_names.level]
        figures = {"lead": LABELS[lead], "near": listed(near), "far": listed(far)}
        section = "sweep level" if not far else "sweep led, some level" if near else "sweep led"
        captions.insert(0, Caption(section, figures))
    diverged = sum(r is not None and r.diverged is not None for r in records.values())
    if diverged:
        captions.append(Caption("sweep diverged", {"cells": plural(diverged, "run")}))
    return captions
