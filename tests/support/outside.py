"""Texts that would be more than text where a page did not take care."""

from __future__ import annotations

from fmviz.page.pins import MAX_NAME, PinError, checked_name

FOREIGN = "evil.example"
# Each fits into a sentence whole, and has no comma, at which lists are parted.
HOSTILE = (
    f"![a](http://{FOREIGN}/1.png)",
    f"[Sign in](https://{FOREIGN}/2)",
    f"<img src=//{FOREIGN}/3>",
    f"<https://{FOREIGN}/4>",
    f"https://{FOREIGN}/5",
    f"www.{FOREIGN}/6",
    f"me@{FOREIGN}",
    f"<b onclick=x>{FOREIGN}</b>",
    f"`{FOREIGN}` **bold** _it_ ~~no~~",
    f"$\\frac{{1}}{{2}}$ {FOREIGN}",
    f":material/home: {FOREIGN}",
    f":smile: :+1: :streamlit: {FOREIGN}",
    f":red[{FOREIGN}] :blue-badge[b]",
    f"a -> b -- c &amp; {FOREIGN}",
    f"[a]: http://{FOREIGN}/7",
)
LONG = (HOSTILE[0] + " ") * 2_000


def expected_name(text: str) -> str:
    """A hostile text as the name of a pin, cut to its length; empty where it makes none."""
    try:
        return checked_name(text[:MAX_NAME])
    except PinError:
        return ""
