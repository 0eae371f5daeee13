"""What is said of five seeds."""

from __future__ import annotations

import re

from fmviz.analysis.seeds import OverSeeds
from fmviz.analysis.significance import SAME, of_seeds
from fmviz.words import prose, seeds
from fmviz.words.prose import Caption
from tests.support.records import tiny


def over(*points: float, of: str = "validation") -> OverSeeds:
    differences = tuple(p / 100 for p in points)
    return OverSeeds(of, differences, of_seeds(differences, 2_500))  # type: ignore[arg-type]


ABOVE, BELOW, NOISE = (1.0, 1.4, 1.2, 1.1, 0.9), (-2.0, -2.2, -1.9, -2.4, -2.0), (1.0, -1.2, 0.4)
NAMES = ("no penalty", "with penalty")


def of(*found: OverSeeds, tried: int = 5, chosen: bool = False) -> list[Caption]:
    return seeds.verdict(found, NAMES, tried, chosen=chosen)


BRANCHES = {
    "validation, above": of(over(*ABOVE)),
    "validation, below": of(over(*BELOW)),
    "validation, noise": of(over(*NOISE), tried=3),
    "validation, chosen": of(over(*ABOVE), chosen=True),
    "gap, above": of(over(*ABOVE, of="gap")),
    "gap, below": of(over(*BELOW, of="gap")),
    "gap, noise": of(over(*NOISE, of="gap"), tried=3),
    "same": of(OverSeeds("validation", (0.0,) * 5, SAME)),
    "too few": of(),
    "some left out": of(over(*NOISE))[1:],
    "what a seed is": [seeds.what_a_seed_is([tiny()])],
    "what a seed is, masks": [seeds.what_a_seed_is([tiny(), tiny(dropout=0.5)])],
    "what a seed is, labels": [seeds.what_a_seed_is([tiny(label_noise=0.2)])],
}


def test_every_section_is_said_of_what_it_fits() -> None:
    assert {*prose.sections("seeds")} == {
        *BRANCHES,
        "one training each",
        "one training each, of several",
        seeds.NOT_FINITE,
        "several trainings, one each",
        "one training",
    }
    for section, captions in BRANCHES.items():
        assert [caption.section for caption in captions] == [section]
        text = prose.text("seeds", section, captions[0].figures)
        for bold in re.findall(r"\*\*(.+?)\*\*", text, re.DOTALL):
            assert len(bold.split()) <= 15, bold


def test_figures_are_points_with_their_interval() -> None:
    figures = BRANCHES["validation, above"][0].figures
    assert (figures["mean"], figures["size"], figures["seeds"]) == ("+1.1", "1.1", "5")
    assert (figures["low"], figures["high"]) == ("+0.9", "+1.4")
    assert BRANCHES["some left out"][0].figures == {"count": "2", "all": "5"}


def test_a_chosen_epoch_that_falls_behind_is_told_as_it_is() -> None:
    assert of(over(*BELOW), chosen=True)[0].section == "validation, below"
