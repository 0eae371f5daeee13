"""Garments to begin with, as strokes of the page's own pen: the ten classes, and some that are apt
to mislead a network."""

from __future__ import annotations

from fmviz.pictures.strokes import Drawing, Stroke

# Of the paper's edge: what the pens of the page draw, and what it takes to see a line at 28 pixels.
PEN, THIN = 72, 36
DARK, MIDDLE, LIGHT = 30, 120, 205


def _area(*points: int, shade: int = DARK) -> Stroke:
    return Stroke(points=points, width=THIN, shade=shade, filled=True)


def _line(*points: int, width: int = THIN, shade: int = LIGHT) -> Stroke:
    return Stroke(points=points, width=width, shade=shade)


# fmt: off
_T_SHIRT = (
    400, 120, 310, 140, 100, 290, 180, 450, 280, 390, 280, 890, 720, 890, 720, 390, 820, 450,
    900, 290, 690, 140, 600, 120, 560, 170, 500, 190, 440, 170, 400, 120,
)
_TOP_WITH_SLEEVES = (
    410, 110, 290, 150, 200, 240, 90, 820, 190, 850, 290, 480, 290, 890, 710, 890, 710, 480,
    810, 850, 910, 820, 800, 240, 710, 150, 590, 110, 550, 150, 500, 165, 450, 150, 410, 110,
)
_COAT = (
    400, 70, 290, 110, 210, 190, 120, 780, 220, 800, 290, 430, 270, 950, 730, 950, 710, 430,
    780, 800, 880, 780, 790, 190, 710, 110, 600, 70, 500, 150, 400, 70,
)
_SNEAKER = (
    60, 640, 60, 690, 110, 710, 930, 710, 950, 660, 930, 470, 880, 410, 780, 440, 690, 420,
    560, 350, 430, 470, 250, 550, 100, 590, 60, 640,
)
_BOOT = (
    60, 800, 60, 690, 150, 620, 330, 560, 470, 450, 500, 120, 860, 110, 850, 480, 900, 680,
    900, 830, 700, 830, 690, 790, 560, 830, 60, 800,
)
_HOUSE = (
    150, 480, 500, 150, 850, 480, 780, 480, 780, 870, 590, 870, 590, 640, 430, 640, 430, 870,
    220, 870, 220, 480, 150, 480,
)

DRAWINGS: dict[str, Drawing] = {
    "outline": (Stroke(points=_T_SHIRT, width=PEN // 2, shade=DARK),),
    "t_shirt": (_area(*_T_SHIRT),),
    "trouser": (
        _area(330, 70, 670, 70, 720, 930, 560, 930, 500, 340, 440, 930, 280, 930, 330, 70),
    ),
    "pullover": (
        _area(*_TOP_WITH_SLEEVES),
        _line(300, 850, 700, 850, shade=MIDDLE),
        _line(410, 130, 500, 200, 590, 130, shade=MIDDLE),
    ),
    "dress": (
        _area(
            400, 60, 370, 80, 390, 260, 400, 430, 280, 940, 720, 940, 600, 430, 610, 260, 630, 80,
            600, 60, 560, 170, 500, 200, 440, 170, 400, 60,
        ),
    ),
    "coat": (
        _area(*_COAT),
        _line(500, 150, 500, 950),
        _line(400, 80, 460, 330, 500, 400, 540, 330, 600, 80, shade=MIDDLE),
    ),
    "sandal": (
        _line(60, 660, 320, 690, 600, 640, 940, 560, width=PEN, shade=DARK),
        _line(110, 650, 210, 500, 330, 670, width=50, shade=DARK),
        _line(330, 670, 470, 450, 560, 640, width=50, shade=DARK),
        _line(640, 620, 700, 360, 900, 330, 900, 560, width=50, shade=DARK),
    ),
    "shirt": (
        _area(*_TOP_WITH_SLEEVES, shade=MIDDLE),
        _line(500, 180, 500, 890, shade=LIGHT),
        _line(410, 120, 450, 240, 500, 180, 550, 240, 590, 120, shade=DARK),
        *(_line(530, y, 531, y, shade=DARK) for y in (330, 460, 590, 720)),
    ),
    "sneaker": (
        _area(*_SNEAKER),
        _line(70, 690, 930, 690, shade=LIGHT),
        *(_line(x, 470, x + 70, 520, shade=LIGHT) for x in (440, 530)),
    ),
    "bag": (
        _area(120, 400, 880, 400, 910, 880, 90, 880, 120, 400),
        _line(310, 400, 330, 220, 420, 130, 580, 130, 670, 220, 690, 400, width=50, shade=DARK),
        _line(120, 520, 500, 620, 880, 520, shade=LIGHT),
    ),
    "boot": (_area(*_BOOT), _line(60, 790, 560, 810, shade=LIGHT)),
    "house": (_area(*_HOUSE), _area(290, 540, 370, 540, 370, 620, 290, 620, 290, 540, shade=LIGHT)),
}
# fmt: on


def mirrored(drawing: Drawing) -> Drawing:
    """A drawing as a mirror shows it."""
    return tuple(
        stroke.model_copy(
            update={"points": tuple(n for x, y in stroke.places for n in (1000 - x, y))}
        )
        for stroke in drawing
    )


DRAWINGS["mirrored"] = mirrored(DRAWINGS["sneaker"])

# What they are called, in the order in which the page offers them; first the reader's own.
LABELS = {
    "yours": "Yours",
    "outline": "T-shirt in outline",
    "t_shirt": "T-shirt",
    "trouser": "Trouser",
    "pullover": "Pullover",
    "dress": "Dress",
    "coat": "Coat",
    "sandal": "Sandal",
    "shirt": "Shirt",
    "sneaker": "Sneaker",
    "mirrored": "Sneaker, mirrored",
    "bag": "Bag",
    "boot": "Ankle boot",
    "house": "House",
}
