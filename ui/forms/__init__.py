"""Forms as people fill them in: what is shown, what is wrong with it, and the elements of each question."""

from ui.forms.filling import Filling, Shown
from ui.forms.renderer import FormView

__all__ = ["Filling", "FormView", "Shown"]
