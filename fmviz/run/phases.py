"""What is done with runs that are trained as one model, phase after phase."""

from __future__ import annotations

from typing import Literal

# Preparing their data and first weights; compiling, where their program is new; training epochs,
# each measured at its end.
PhaseName = Literal["preparing", "compiling", "training"]
