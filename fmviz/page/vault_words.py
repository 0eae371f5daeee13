"""What the test vault says: sealed, looked into, and opened."""

from __future__ import annotations

from collections.abc import Sequence

from fmviz.analysis.stopping import Shown
from fmviz.page.vault import Vault, drop
from fmviz.run.config import RunConfig
from fmviz.run.naming import plural
from fmviz.run.settings import written
from fmviz.words.numbers import decimals, points, upper_first
from fmviz.words.prose import Caption


def sealed(vault: Vault) -> Caption:
    """What has been tried, and how often the vault has been looked into."""
    figures = {
        "tried": plural(len(vault.tried), "network"),
        "looks": plural(len(vault.peeked), "look"),
    }
    return Caption("vault looked into" if vault.peeked else "vault sealed", figures)


def looked(runs: Sequence[Shown]) -> list[Caption]:
    """What a look into the vault shows: the test accuracy of each network on the page."""
    return [
        Caption(
            "vault look",
            {
                "name": upper_first(run.name),
                "test": points(run.accuracy("test")),
                "images": f"{run.record.examples['test']:,}",
            },
        )
        for run in runs
        if run.kept
    ]


def opened(vault: Vault) -> list[Caption]:
    """The best validation score against its test score, and what the looks did to it.

    Raises:
        ValueError: nothing has been tried, or some test images are still to be measured.
    """
    best, size = vault.best, drop(vault.best)
    digits = decimals(best.validation, best.score, size)
    # How many of those tried score higher on the test images.
    better = sum(each.score.value > best.score.value for each in vault.tried)
    figures = {
        "tried": plural(len(vault.tried), "network"),
        "validation": points(best.validation, digits=digits),
        "test": points(best.score, digits=digits),
        "images": f"{best.images:,}",
        "drop": points(size.size, digits=digits),
        "name": changed_settings(best.config),
        "epoch": str(best.epoch),
        "better": str(better),
        "others": str(len(vault.tried) - 1),
    }
    if len(vault.tried) == 1:
        whole = best.epoch == best.config.epochs
        section = "vault opened, one" if whole else "vault opened, one epoch"
    elif size.could_be_noise:
        section = "vault opened, alike"
    else:
        section = "vault opened, lower" if size.value > 0 else "vault opened, higher"
    captions = [Caption(section, figures)]
    if len(vault.tried) > 1:
        captions.append(Caption(_rank(better, len(vault.tried) - 1), figures))
    looks = {"looks": plural(len(vault.peeked), "look")}
    captions.append(Caption("vault looks" if vault.peeked else "vault no looks", looks))
    return captions


def _rank(better: int, others: int) -> str:
    """The section for how many of some others score higher."""
    if others == 1:
        return "vault rank, second of two" if better else "vault rank, first of two"
    return {0: "vault rank, first", 1: "vault rank, one"}.get(better, "vault rank")


def counts() -> Caption:
    """What the counts are of, and what they outlive."""
    return Caption("vault counts", {})


def changed_settings(config: RunConfig) -> str:
    """A network by those settings that differ from a run's defaults, in Keras's words."""
    plain = RunConfig()
    changed = [
        f"{name}={written(name, value)}"
        for name, value in config.model_dump().items()
        if value != plain[name]
    ]
    return ", ".join(changed) or "the default network"
