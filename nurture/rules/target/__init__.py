"""The target score: a logistic regression on the company's own outcomes, held to leads it has not seen."""

from nurture.rules.target.barren import Barren, find_barren
from nurture.rules.target.columns import Column, Layout, layout_of
from nurture.rules.target.doubts import Doubt, find_doubts
from nurture.rules.target.figures import auc, auc_error, calibration, top_tenth
from nurture.rules.target.leaks import Leak, find_leaks
from nurture.rules.target.regression import Fitted, fit
from nurture.rules.target.score import Factor, Scorer

__all__ = [
    "Barren",
    "Column",
    "Doubt",
    "Factor",
    "Fitted",
    "Layout",
    "Leak",
    "Scorer",
    "auc",
    "auc_error",
    "calibration",
    "find_barren",
    "find_doubts",
    "find_leaks",
    "fit",
    "layout_of",
    "top_tenth",
]
