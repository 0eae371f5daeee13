"""What is said of the lottery ticket."""

from __future__ import annotations

from fmviz.analysis.seeds import SEEDS
from fmviz.analysis.significance import Comparison
from fmviz.lessons.regularisation import tickets
from fmviz.lessons.regularisation.tickets import Lottery, Share
from fmviz.run.config import RunConfig
from fmviz.run.measure import Estimate
from fmviz.run.naming import plural, run_name
from fmviz.run.record import n_weights
from fmviz.words.numbers import listed, percent, points
from fmviz.words.prose import Caption

# The networks of the chart: its legend has room for two such words side by side on a telephone.
WHOLE, LARGEST, RANDOM, PRUNED = "whole", "largest", "random", "pruned only"


def mean(values: tickets.Floats) -> str:
    """A mean over the seeds, ± one standard error."""
    found = tickets.mean(values)
    digits = 1 if found.error >= 0.0005 else 2  # an error is never written as 0
    return f"{points(Estimate(found.value, found.error), digits=digits)}%"


def told(found: Lottery | None, epochs: int) -> list[Caption]:
    """How few weights do as well as all, and whether it matters which; of the finished runs, after
    so many epochs."""
    if found is None:
        return [Caption("tickets too few", {})]
    return [_winning(found, epochs), *_which(found)]


def _winning(found: Lottery, epochs: int) -> Caption:
    """The fewest of the largest weights that do as well as the whole network."""
    share = found.winning
    shown = share or found.shares[-1]
    figures = _figures(found, shown) | {
        "apart": _size(found.loss(shown)),
        "epochs": plural(epochs, "epoch"),
    }
    if share is None:
        return Caption("tickets all lose", figures)
    how = "win more" if found.gain(share).sign > 0 else "win"
    return Caption(f"tickets {how}", figures)


def _which(found: Lottery) -> list[Caption]:
    """Whether the largest weights beat random ones, or are beaten: at which shares, and by how much
    at most."""
    captions = []
    for section, shares in (("better", found.leading), ("worse", found.trailing)):
        if shares:
            most = max(shares, key=lambda share: abs(found.lead(share).value))
            figures = _figures(found, most) | {
                "shares": listed([percent(share.kept, 0) for share in shares]),
                "tried": str(len(found.shares)),
            }
            captions.append(Caption(f"tickets {section}", figures))
    if captions:
        return captions
    widest = max(found.shares, key=lambda share: abs(found.lead(share).value))
    return [Caption("tickets no better", _figures(found, widest))]


def _figures(found: Lottery, share: Share) -> dict[str, str]:
    return {
        "kept": percent(share.kept, 0),
        "whole": mean(found.whole),
        "largest": mean(share.largest),
        "random": mean(share.random),
        "lead": _size(found.lead(share)),
    }


def _size(change: Comparison) -> str:
    return f"{points(change.size)} points"


def intro(config: RunConfig) -> Caption:
    """What is done."""
    figures = {"run": run_name(config.parent), "seeds": str(SEEDS)}
    return Caption("tickets intro", figures)


def about(config: RunConfig, *, pruned: bool) -> Caption:
    """How it was measured.

    Args:
        pruned: whether the network that is not trained again is in the picture.
    """
    figures = {
        "seeds": str(SEEDS),
        "weights": f"{n_weights(config):,}",
        "tried": str(len(tickets.SHARES)),
    }
    return Caption("about tickets" if pruned else "about tickets, without weights", figures)
