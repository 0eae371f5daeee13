"""Small pictures of all schedules, as the style of the buttons by which one is chosen.

Each is the rate over the steps of the page's own run, had it that schedule: a line from η at the
top down to 0, in the colour of its button's words. What a plateau takes off depends on the run, so
its line is dashed.
"""

from __future__ import annotations

from urllib.parse import quote

import numpy as np

from fmviz.lessons.schedules.lesson import LABELS, raced
from fmviz.run.config import RunConfig
from fmviz.theory import schedules

# Of the container that the buttons stand in.
KEY = "schedules"
WIDTH, HEIGHT, EDGE = 90, 30, 2
# A line of so many pieces is as good as all steps.
PIECES = 60

LOOKS = f"""
.st-key-{KEY} .stButtonGroup div:has(> [data-variant]) {{
  display: grid;
  grid-template-columns: repeat(3, minmax(0, 1fr));
  gap: 0.3rem;
}}
.st-key-{KEY} .stButtonGroup [data-variant] {{
  flex-direction: column;
  justify-content: flex-start;
  gap: 0.15rem;
  width: 100%;
  height: 100%;
  min-height: 0;
  padding: 0.3rem 0.25rem 0.2rem;
  border-radius: 0.4rem;
}}
.st-key-{KEY} .stButtonGroup [data-variant]::before {{
  content: "";
  flex: none;
  width: 92%;
  height: 1.45rem;
  background: currentColor;
  mask: var(--rate) center / 100% 100% no-repeat;
}}
.st-key-{KEY} .stButtonGroup [data-variant] p {{
  font-size: 0.66rem;
  line-height: 1.15;
  white-space: normal;
  text-align: center;
}}
"""


def breakable(schedule: str) -> str:
    """A schedule's name, with a place where its one long word may be broken."""
    return LABELS[schedule].replace("OnPlateau", "\u200bOnPlateau")


def style(config: RunConfig) -> str:
    """The style of the buttons, one a schedule in the order of the table.

    Args:
        config: of the page, whose other settings all of them share.
    """
    pictures = [
        f".st-key-{KEY} .stButtonGroup [data-variant]:nth-child({place}) "
        f'{{--rate: url("data:image/svg+xml,{quote(picture(each))}")}}'
        for place, each in enumerate(raced(config).values(), start=1)
    ]
    return LOOKS + "\n".join(pictures)


def picture(config: RunConfig) -> str:
    """The rate of one run over its steps, as SVG."""
    factors = schedules.learning_rates(config) / config.learning_rate
    steps = np.linspace(0, len(factors) - 1, min(PIECES, len(factors))).round().astype(int)
    x = EDGE + (WIDTH - 2 * EDGE) * steps / len(factors)
    y = HEIGHT - EDGE - (HEIGHT - 2 * EDGE) * factors[steps]
    line = f"M{x[0]:.0f} {y[0]:.1f}" + "".join(
        f"H{a:.1f}V{b:.1f}" for a, b in zip(x[1:], y[1:], strict=True)
    )
    dash = ' stroke-dasharray="4 4"' if config.schedule == "plateau" else ""
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 {WIDTH} {HEIGHT}" '
        f'preserveAspectRatio="none"><path d="{line}H{WIDTH - EDGE}" fill="none" stroke="black" '
        f'stroke-width="2.2"{dash} vector-effect="non-scaling-stroke"/></svg>'
    )
