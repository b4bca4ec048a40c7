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
_PROMISED, _SHORTEST, _ROUNDING = 1e-4, 1e-6, 1e-12
# So many lines are weighed at once: a matrix is never copied whole.
_PORTION = 4_096


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
    penalty = np.full(matrix.shape[1] + 1, ridge)
    penalty[0] = 0.0
    beta = np.zeros(matrix.shape[1] + 1)
    beta[0] = np.log(won.mean() / (1 - won.mean()))
    likely = _likelihood(matrix, won, beta, penalty)
    for _step in range(_STEPS):
        chance = _chance(beta[0] + matrix @ beta[1:])
        hessian = _curvature(matrix, np.maximum(chance * (1 - chance), 1e-9)) + np.diag(penalty + 1e-9)
        missing = won - chance
        slope = np.concatenate([[missing.sum()], matrix.T @ missing]) - penalty * beta
        change = np.linalg.solve(hessian, slope)
        # Far from the optimum the quadratic is no good guide: where few are won and one value tells much,
        # full steps leap over it for ever. A step counts when it gains a part of what it promises (Armijo).
        part = 1.0
        while part > _SHORTEST:
            found = _likelihood(matrix, won, beta + part * change, penalty)
            if found >= likely + _PROMISED * part * float(slope @ change) - _ROUNDING * abs(likely):
                break
            part /= 2
        else:
            break
        beta, likely = beta + part * change, found
        if float(np.abs(change).max()) < _SETTLED:
            break
    return Fitted(float(beta[0]), tuple(map(float, beta[1:])))


def _likelihood(matrix: Matrix, won: Matrix, beta: Matrix, penalty: Matrix) -> float:
    """The log of the likelihood less the ridge."""
    odds = beta[0] + matrix @ beta[1:]
    return float((won * odds - np.logaddexp(0.0, odds)).sum() - (penalty * beta**2).sum() / 2)


def covariance(matrix: Matrix, fitted: Fitted, *, ridge: float = RIDGE) -> Matrix:
    """How sure the weights are, and together: the inverse of the curvature at the optimum."""
    chance = fitted.chances(matrix)
    penalty = np.full(matrix.shape[1] + 1, ridge)
    penalty[0] = 1e-9
    hessian = _curvature(matrix, chance * (1 - chance)) + np.diag(penalty)
    return np.asarray(np.linalg.inv(hessian)[1:, 1:])


def _curvature(matrix: Matrix, weight: Matrix) -> Matrix:
    """The second derivatives of the log-likelihood, negated, by intercept and features."""
    size = matrix.shape[1] + 1
    found = np.zeros((size, size))
    found[0, 0] = weight.sum()
    found[0, 1:] = found[1:, 0] = weight @ matrix
    for start in range(0, len(matrix), _PORTION):
        part = matrix[start : start + _PORTION]
        found[1:, 1:] += (part * weight[start : start + _PORTION, None]).T @ part
    return found


def _chance(odds: Matrix) -> Matrix:
    return np.asarray(1.0 / (1.0 + np.exp(-np.clip(odds, -40, 40))))
