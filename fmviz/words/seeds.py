"""What is said of two settings that were trained with several seeds."""

from __future__ import annotations

from collections.abc import Sequence

from fmviz.analysis.seeds import OverSeeds
from fmviz.analysis.significance import Comparison
from fmviz.run.config import RunConfig
from fmviz.words.numbers import direction, signed_points
from fmviz.words.prose import Caption

# The file that these words are in.
WORDS = "seeds"
# What stands in place of a verdict where one of the two has diverged.
NOT_FINITE = "one training each, diverged"


def verdict(
    found: Sequence[OverSeeds],
    names: tuple[str, str],
    tried: int,
    *,
    chosen: bool = False,
    counted: str = "",
) -> list[Caption]:
    """Whether the second setting differs from the first over the seeds, beyond their luck.

    Args:
        found: nothing where fewer than two seeds ended finite.
        names: of the two.
        tried: how many seeds there were.
        chosen: whether the second's epochs were chosen on the validation images.
        counted: on which labels a gap counts, as `memory.on_true_labels` has it.
    """
    if not found:
        return [Caption("too few", {})]
    captions = []
    if found[0].mean.same:
        captions.append(Caption("same", {}))
    else:
        captions += [_of_one(each, names, chosen, counted) for each in found]
    if (left := tried - len(found[0].differences)) > 0:
        captions.append(Caption("some left out", {"count": str(left), "all": str(tried)}))
    return captions


def _of_one(found: OverSeeds, names: tuple[str, str], chosen: bool, counted: str) -> Caption:
    mean = found.mean
    low, high = interval(mean)
    figures = {
        "seeds": str(len(found.differences)),
        "other": names[0],
        "run": names[1],
        "counted": counted,
        "mean": signed_points(mean.value),
        "size": f"{100 * abs(mean.value):.1f}",
        "low": signed_points(low),
        "high": signed_points(high),
    }
    if chosen and found.of == "validation" and mean.value > 0:
        return Caption("validation, chosen", figures)
    return Caption(f"{found.of}, {direction(mean, 'below', 'noise', 'above')}", figures)


def interval(mean: Comparison) -> tuple[float, float]:
    """The ends of its 95% interval."""
    return mean.value - mean.margin, mean.value + mean.margin


def what_a_seed_is(configs: Sequence[RunConfig]) -> Caption:
    """What the seed changes in some runs, and what stays."""
    if any(config.label_noise for config in configs):
        return Caption("what a seed is, labels", {})
    masks = any(config.dropout for config in configs)
    return Caption("what a seed is, masks" if masks else "what a seed is", {})
