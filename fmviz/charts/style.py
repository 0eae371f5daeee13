"""How every chart and picture of the app looks: its colours, dashes, shapes and sizes, as values.

No colour stands anywhere else but in Streamlit's own theme (`.streamlit/config.toml`), whose
ground, ink and borders are repeated here, for files have them too. Where there are two of a kind,
the key is whether the page is dark.
"""

from __future__ import annotations

from typing import Final

# Okabe & Ito: vermilion for the baseline, which comes first, blue for the run beside it. On a
# dark ground their lighter orange and sky blue take over. In a race the others follow.
RUN_COLOURS = {
    False: [
        "#D55E00",
        "#0072B2",
        "#009E73",
        "#CC79A7",
        "#8C6D00",
        "#3E97C9",
        "#5B3F8C",
        "#4D4D4D",
        "#A3485F",
        "#2F7F7F",
        "#7A5230",
        "#B0368C",
    ],
    True: [
        "#E69F00",
        "#56B4E9",
        "#2FC79A",
        "#E5A0C6",
        "#F0E442",
        "#8FA8FF",
        "#D55E00",
        "#C9D1D9",
        "#F28E9D",
        "#7FD6D6",
        "#D2A679",
        "#F07FD0",
    ],
}
RUN_SHAPES = [
    "square",
    "circle",
    "triangle-up",
    "diamond",
    "cross",
    "triangle-down",
    "triangle-right",
    "triangle-left",
    "stroke",
    "wedge",
    "arrow",
    "M-1,-1L0,-0.3L1,-1L0.3,0L1,1L0,0.3L-1,1L-0.3,0Z",
]

# What is no run: rules, predictions, references.
GREY = "#808A94"
# The theme's ground, text and borders.
GROUND = {False: "#FFFFFF", True: "#10161D"}
INK = {False: "#1B2631", True: "#E8EDF2"}
BORDER = {False: "#D5DCE3", True: "#33404D"}
# What lets the ground through: the inside of a hollow mark, a cell without a value.
HOLLOW, CLEAR = "transparent", "#00000000"

# Signed values, weights above all: below zero, zero, above. Blue and orange, the pair that no
# common kind of colour vision confuses, on either side of the ground.
DIVERGING = {
    False: ("#0072B2", "#FFFFFF", "#D55E00"),
    True: ("#56B4E9", "#161A20", "#E69F00"),
}
# Shares of a whole: from next to the ground to the blue of the runs.
PIXEL_RAMP = {False: ("#EEF1F4", "#0072B2"), True: ("#20262E", "#56B4E9")}
CELL_RAMP = {False: ("#EEF3F7", "#0072B2"), True: ("#22303C", "#56B4E9")}
# Text upon the ends of that ramp: on the pale, on the full.
CELL_TEXT = {False: ("#16202A", "#FFFFFF"), True: ("#FFFFFF", "#16202A")}
# Vega's schemes: for shares of one kind, and for measures and orders.
SHARES_SCHEME: Final = "blues"
SCHEME: Final = "viridis"
# Of that one, evenly from its dark end to its light one.
SCHEME_ANCHORS = ("#440154", "#3B528B", "#21918C", "#5EC962", "#FDE725")
# Text upon `SCHEME`: on its dark half, on its light half.
SCHEME_TEXT = ("#FFFFFF", "#101820")

SPLITS = ["training", "validation"]
# Training is solid, validation dashed. A rule to read a place off is dotted; a
# reference beside the two, finely.
SOLID, DASHED, DOTTED, FINE = [1, 0], [5, 4], [2, 3], [2, 2]
DASHES = [SOLID, DASHED]

CURVES_HEIGHT = 350
PANEL_HEIGHT = 270
# Of a chart with legends above and below it in a third of the page's width.
CARD_HEIGHT = 390
# Of a row of points below a slider, with room for the labels of its axis above and below them.
ROW_HEIGHT = 102
# Of a label beside a mark.
LABEL_SIZE = 13
# Accuracy axes span at least so much: flat curves should look flat.
MIN_SPAN = 0.06
# Where bars carry a label at their end, an axis of shares goes on so far beyond 100%.
LABEL_ROOM = 1.25


def rgb(colour: str) -> tuple[int, int, int]:
    """A colour's red, green and blue, 0 to 255, for pictures."""
    red, green, blue = bytes.fromhex(colour[1:7])
    return red, green, blue
