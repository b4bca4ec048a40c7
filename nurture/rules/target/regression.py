"""Logistic regression with a ridge, by iteratively reweighted least squares.

Maximises sum(log-likelihood) - ridge/2 * |beta|^2, the intercept left free (Hastie, Tibshirani, Friedman: The
Elements of Statistical Learning, 4.4.1). The same optimum as scikit-learn's with C = 1 / ridge.
"""

from dataclasses import dataclass

import numpy as np

from nurture.rules.target.columns import Matrix

RIDGE = 1.0
_STEPS = 60
_SETTLED = 1e-9


@dataclass(frozen=True, slots=True)
class Fitted:
    """`intercept + x · weights` is the log of the odds."""

    intercept: float
    weights: tuple[float, ...]

    def odds(self, matrix: Matrix) -> Matrix:
        """The log of the odds of each line."""
        return np.asarray(self.intercept + matrix @ np.array(self.weights))

    def chances(self, matrix: Matrix) -> Matrix:
        """The chance of each line, from 0 to 1."""
        return _chance(self.odds(matrix))


def fit(matrix: Matrix, won: Matrix, *, ridge: float = RIDGE) -> Fitted:
    """Fit on lines whose outcome is 1.0 or 0.0; both must occur."""
    with_one = np.hstack([np.ones((len(matrix), 1)), matrix])
    penalty = np.full(with_one.shape[1], ridge)
    penalty[0] = 0.0
    beta = np.zeros(with_one.shape[1])
    beta[0] = np.log(won.mean() / (1 - won.mean()))
    for _step in range(_STEPS):
        chance = _chance(with_one @ beta)
        weight = np.maximum(chance * (1 - chance), 1e-9)
        hessian = (with_one * weight[:, None]).T @ with_one + np.diag(penalty + 1e-9)
        change = np.linalg.solve(hessian, with_one.T @ (won - chance) - penalty * beta)
        # A step that would overshoot is shortened: far from the optimum the quadratic is no good guide.
        change *= min(1.0, 5.0 / max(float(np.abs(change).max()), 1e-12))
        beta = beta + change
        if float(np.abs(change).max()) < _SETTLED:
            break
    return Fitted(float(beta[0]), tuple(map(float, beta[1:])))


def covariance(matrix: Matrix, fitted: Fitted, *, ridge: float = RIDGE) -> Matrix:
    """How sure the weights are, and together: the inverse of the curvature at the optimum."""
    with_one = np.hstack([np.ones((len(matrix), 1)), matrix])
    chance = fitted.chances(matrix)
    penalty = np.full(with_one.shape[1], ridge)
    penalty[0] = 1e-9
    hessian = (with_one * (chance * (1 - chance))[:, None]).T @ with_one + np.diag(penalty)
    return np.asarray(np.linalg.inv(hessian)[1:, 1:])


def _chance(odds: Matrix) -> Matrix:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -40, 40))))
