"""What the lesson on schedules says: of the rate, of what it did, of its rule, of the sweeps."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import numpy as np

from fmviz.analysis import comparing
from fmviz.analysis.comparing import at_chance
from fmviz.analysis.ranking import by_accuracy
from fmviz.analysis.significance import among
from fmviz.analysis.stopping import Shown
from fmviz.lessons.schedules.lesson import CONSTANT, LABELS, SCHEDULED
from fmviz.lessons.schedules.valley import LAST as VALLEY_LAST
from fmviz.lessons.schedules.valley import NOISE, START, STEPS, of_run, unrest
from fmviz.run.choices import N_CLASSES
from fmviz.run.config import RunConfig
from fmviz.run.naming import plural
from fmviz.run.record import RunRecord
from fmviz.run.settings import number
from fmviz.theory import schedules
from fmviz.words import diagnosis, keras_lines
from fmviz.words.numbers import (
    decimals,
    direction,
    listed,
    percent,
    points,
    significant,
    upper_first,
)
from fmviz.words.prose import Caption, Claim

# Epochs at the end over which validation accuracy is watched for swings.
LAST = 5


def fired(record: RunRecord) -> list[int]:
    """The epochs at whose end ReduceLROnPlateau lowered the rate of the next."""
    rates = record.history["learning_rate"]
    return [int(e) + 1 for e in np.flatnonzero(np.diff(rates) < 0)]


def of_runs(runs: Sequence[Shown]) -> list[Caption]:
    """What the schedule did beside a constant rate; of ended runs."""
    run = runs[-1]
    if any(not each.kept or each.record.diverged is not None for each in runs):
        return []
    how = rate(run.record)
    if len(runs) == 1:
        eta = number(run.record.config.learning_rate)
        return [Caption("constant alone", {"eta": eta}), how]
    if how.section in ("rate unchanged", "plateau never fired"):
        # Then the two are one run, and there is nothing to compare.
        return [how]
    constant = runs[0]
    change = comparing.change(run, constant, "val")
    digits = decimals(run.at("val_accuracy"), constant.at("val_accuracy"), change)
    figures = {
        "schedule": LABELS[run.record.config.schedule],
        "change": points(change.size, digits=digits),
        "accuracy": percent(run.at("val_accuracy"), digits),
        "constant": percent(constant.at("val_accuracy"), digits),
        "loss": f"{run.at('train_crossentropy'):.3f}",
        "constant_loss": f"{constant.at('train_crossentropy'):.3f}",
        "epoch": str(run.kept),
        "constant_epoch": str(constant.kept),
    }
    others = [how]
    if run.kept != constant.kept:
        others.append(Caption("other epochs", figures))
    if (at_a_loss := _at_chance(constant, run)) is not None:
        return [Caption(at_a_loss, figures), *others]
    if change.same:
        return [Caption("same answers", figures), *others]
    section = "schedule level" if change.could_be_noise else "schedule helps"
    if not change.could_be_noise and change.value < 0:
        section = "schedule costs"
    swings = [_swing(each) for each in (constant, run)]
    if None not in swings:
        figures |= {"constant_swing": f"{swings[0]:.1f}", "swing": f"{swings[1]:.1f}"}
        others.append(Caption("swings", figures | {"last": str(LAST)}))
    claim = Claim("val_accuracy", run.name, change.sign, constant.name)
    return [Caption(section, figures, (claim,)), *others]


def valley(runs: Sequence[Shown]) -> Caption:
    """How far the dot of each run's rate still moves in the valley, and what that valley is."""
    moves = [(run.name, unrest(of_run(run.record))) for run in runs]
    figures = {
        "unrest": listed(
            [f"{n} {'gone' if off is None else significant(off)}" for n, off in moves]
        ),
        "last": str(VALLEY_LAST),
        "steps": f"{STEPS:,}",
        "noise": number(NOISE),
        "start": number(START),
    }
    return Caption("valley", figures)


def _at_chance(constant: Shown, run: Shown) -> str | None:
    """The section that says which of the two cannot be told from a guess; None where neither.

    Beside such a run the other has learnt only where it is above a guess: after false labels alone
    it can be below.
    """
    constant_lost, lost = (at_chance(each) for each in (constant, run))
    if constant_lost and lost:
        return "both at chance"
    if not constant_lost and not lost:
        return None
    learnt = run if constant_lost else constant
    if learnt.at("val_accuracy") < 1 / N_CLASSES:
        return "chance and below"
    return "constant at chance" if constant_lost else "schedule at chance"


def _swing(run: Shown) -> float | None:
    """Highest less lowest validation accuracy of the last epochs, in points; None of a run that
    early stopping cut short or that has too few."""
    values = run.record.history["val_accuracy"]
    if run.stop is not None or len(values) <= LAST:
        return None
    return 100 * float(np.ptp(values[-LAST:]))


def rate(record: RunRecord) -> Caption:
    """From where to where the rate went, in how many steps."""
    config = record.config
    rates = schedules.learning_rates(config)
    figures = {
        "steps": f"{len(rates):,}",
        "per_epoch": str(config.steps_per_epoch),
        "first": number(float(f"{rates[0]:.3g}")),
        "last": number(float(f"{rates[-1]:.3g}")),
        "top": number(float(f"{rates.max():.3g}")),
        "patience": plural(config.plateau_patience, "epoch"),
        "factor": number(config.plateau_factor),
    }
    if config.schedule == "plateau":
        when = fired(record)
        figures["times"] = {1: "once", 2: "twice"}.get(len(when), f"{len(when)} times")
        figures["when"] = f"epoch{'s' * (len(when) > 1)} {listed([str(epoch) for epoch in when])}"
        figures["last"] = number(float(f"{record.at_end('learning_rate'):.3g}"))
        return Caption("plateau fired" if when else "plateau never fired", figures)
    if config.schedule == "constant":
        return Caption("rate constant", figures)
    if not np.ptp(rates):
        return Caption("rate unchanged", figures)
    return Caption("rate" if (np.diff(rates) > 0).any() else "rate falls", figures)


def letters(config: RunConfig) -> list[Caption]:
    """What the letters of the schedule's formula mean, where it is one of the steps."""
    timed = config.schedule not in ("constant", "plateau")
    return [Caption("rule letters", {})] if timed else []


def why(runs: Sequence[Shown]) -> list[Caption]:
    """Why the run of the page did not learn, and which it is where another stands beside it."""
    found = diagnosis.stuck(runs[-1])
    if found is None:
        return []
    return [found] if len(runs) == 1 else [Caption("with the schedule", {}), found]


def rule(config: RunConfig) -> Caption:
    """The schedule's formula with its numbers, and the Keras lines."""
    total, _, cycle, warmup = schedules.steps(config)
    eta, final = config.learning_rate, config.final_rate
    its = keras_lines.numbers(config)
    figures = {
        "eta": f"{eta:.6g}",
        "total": str(total),
        "final": f"{final:.6g}",
        "power": f"{config.power:.6g}",
        "cycle": str(cycle),
        "periods": str(config.periods),
        "warmup": str(warmup),
        "rates": its.rates,
        "factor": f"{config.plateau_factor:.6g}",
        "patience": str(config.plateau_patience),
        "keras": keras_lines.stepping(config),
        "half": f"{schedules.learning_rates(config)[total // 2]:.3g}",
    }
    return Caption(f"rule {config.schedule}", figures)


def race(records: Mapping[str, RunRecord | None]) -> list[Caption]:
    """Which schedules lead, and which cannot be told from the leader; of ended runs."""
    runs = {
        name: Shown.at_end(record, LABELS[name])
        for name, record in records.items()
        if record is not None and record.diverged is None and record.epochs
    }
    lost = [LABELS[n] for n, r in records.items() if r is not None and r.diverged is not None]
    captions = []
    if runs:
        ranking = by_accuracy(runs)
        near = [LABELS[name] for name in ranking.level]
        far = [f"{LABELS[name]} {points(lead)}" for name, lead in ranking.beaten.items()]
        best, accuracy = ranking.best, runs[ranking.best].accuracy()
        figures = {
            "best": upper_first(LABELS[best]),
            "accuracy": points(accuracy),
            "near": listed(near),
            "far": listed(far),
        }
        if at_chance(runs[best]):
            captions.append(Caption("schedules at chance", figures))
        else:
            captions.append(
                Caption("schedules led, not alone" if near else "schedules led", figures)
            )
            captions += [Caption(f"schedules {k}", figures) for k in ("near", "far") if figures[k]]
    if lost and not runs:
        captions.append(Caption("schedules all diverged", {}))
    if lost:
        captions.append(Caption("schedules diverged", {"names": listed(lost)}))
    return captions


def sweep(records: Mapping[tuple[str, float], RunRecord | None]) -> list[Caption]:
    """The best rate without and with the schedule, and how far the best are apart."""
    ended: dict[str, dict[float, Shown]] = {}
    for (role, rate), record in records.items():
        if record is not None and record.diverged is None and record.epochs:
            ended.setdefault(role, {})[rate] = Shown.at_end(record, role)
    rankings = {role: by_accuracy(runs) for role, runs in ended.items()}
    best = {role: ended[role][ranking.best] for role, ranking in rankings.items()}
    diverged = sum(r is not None and r.diverged is not None for r in records.values())
    if not best:
        return [Caption("sweep all diverged", {})] if diverged else []
    figures: dict[str, str] = {"rates": str(len({rate for _, rate in records}))}
    for role, ranking in rankings.items():
        measured = percent(best[role].at("val_accuracy"))
        at, within = number(ranking.best), str(1 + len(ranking.level))
        if role == CONSTANT:
            figures |= {"constant": measured, "constant_rate": at, "constant_band": within}
        else:
            figures |= {"accuracy": measured, "rate": at, "band": within}
    if len(best) == 2:
        pairs = math.prod(1 + len(ranking.behind) for ranking in rankings.values())
        change = among(comparing.change(best[SCHEDULED], best[CONSTANT], "val"), pairs)
        ends = best[SCHEDULED].at("val_accuracy"), best[CONSTANT].at("val_accuracy")
        digits = decimals(*ends, change)
        figures |= {
            "accuracy": percent(ends[0], digits),
            "constant": percent(ends[1], digits),
            "change": points(change.size, digits=digits),
        }
        section = f"sweep {direction(change, 'worse', 'level', 'better')}"
        if all(at_chance(run) for run in best.values()):
            section = "sweep at chance"
        captions = [Caption(section, figures), Caption("sweep bands", figures)]
    else:
        captions = [Caption("sweep constant" if CONSTANT in best else "sweep scheduled", figures)]
    if diverged:
        captions.append(Caption("sweep diverged", {"runs": plural(diverged, "run")}))
    return captions
