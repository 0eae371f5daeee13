"""Two weights and a penalty, against scipy.optimize and the conditions of a lowest point."""

from __future__ import annotations

import numpy as np
import pytest
import scipy.optimize

from fmviz.lessons.regularisation import geometry
from fmviz.lessons.regularisation.geometry import BOWL, Bowl

STRENGTHS = (0.0, 0.05, 0.3, 1.0, 1.5, 2.0, 5.0)


def random_bowl(seed: int) -> Bowl:
    rng = np.random.default_rng(seed)
    root = rng.normal(size=(2, 2))
    return Bowl(rng.normal(0, 2, 2), root @ root.T + 0.1 * np.eye(2))


BOWLS = [BOWL, *(random_bowl(seed) for seed in range(8))]


@pytest.mark.parametrize("penalty", geometry.PENALTIES)
@pytest.mark.parametrize("bowl", BOWLS)
def test_the_optimum_is_scipys(bowl: Bowl, penalty: str) -> None:
    for strength in STRENGTHS:
        # In w = p − m with p, m ≥ 0 the L1 penalty s Σ(p + m) is smooth.
        def cost(parts: np.ndarray, strength: float = strength) -> float:
            w = parts[:2] - parts[2:]
            paid = parts.sum() if penalty == "l1" else (w @ w) / 2
            return float(geometry.loss(bowl, w) + strength * paid)

        best = scipy.optimize.minimize(
            cost, np.ones(4), bounds=[(0, None)] * 4, options={"ftol": 1e-15, "gtol": 1e-10}
        )
        found = geometry.optimum(bowl, penalty, strength)
        assert found == pytest.approx(best.x[:2] - best.x[2:], abs=1e-4)
        assert geometry.cost(bowl, found, penalty, strength) <= best.fun + 1e-9


@pytest.mark.parametrize("bowl", BOWLS)
def test_the_lasso_point_obeys_its_conditions(bowl: Bowl) -> None:
    # 0 is in the subgradient: −A(w − w₀) = s sgn(w) where w ≠ 0, and within ±s where w = 0.
    for strength in STRENGTHS:
        w = geometry.optimum(bowl, "l1", strength)
        pull = -bowl.curvature @ (w - bowl.lowest)
        for weight, force in zip(w, pull, strict=True):
            if weight:
                assert force == pytest.approx(strength * np.sign(weight), abs=1e-9)
            else:
                assert abs(force) <= strength + 1e-9


@pytest.mark.parametrize("penalty", geometry.PENALTIES)
@pytest.mark.parametrize("bowl", BOWLS[:4])
def test_the_penalised_point_is_the_best_within_its_budget(bowl: Bowl, penalty: str) -> None:
    w = geometry.optimum(bowl, penalty, 0.4)
    radius = float(geometry.size(w, penalty))
    limit = {"type": "ineq", "fun": lambda v: radius - float(geometry.size(v, penalty))}
    best = scipy.optimize.minimize(
        lambda v: float(geometry.loss(bowl, v)), w * 0.9, method="SLSQP", constraints=[limit]
    )
    assert geometry.loss(bowl, w) <= best.fun + 1e-6
    # And no point of the edge, nor inside, is better.
    edge = geometry.budget(penalty, radius, 721)
    for share in (0.3, 0.9, 1.0):
        assert (geometry.loss(bowl, share * edge) >= geometry.loss(bowl, w) - 1e-9).all()


def test_l1_lands_on_a_corner_where_l2_keeps_both_weights() -> None:
    strengths = np.linspace(0, 3, 61)
    lasso = geometry.path(BOWL, "l1", strengths)
    ridge = geometry.path(BOWL, "l2", strengths)
    assert (ridge != 0).all()
    corner = (lasso == 0).sum(axis=1) == 1
    assert 5 < corner.sum() < 55
    assert (lasso[0] == BOWL.lowest).all() or lasso[0] == pytest.approx(BOWL.lowest)
    # Once zero, they stay there.
    zeros = (lasso == 0).sum(axis=1)
    assert (np.diff(zeros) >= 0).all()


@pytest.mark.parametrize("bowl", BOWLS)
def test_the_strength_at_which_all_is_zero(bowl: Bowl) -> None:
    edge = geometry.all_zero_from(bowl)
    assert (geometry.optimum(bowl, "l1", 1.001 * edge) == 0).all()
    assert (geometry.optimum(bowl, "l1", 0.999 * edge) != 0).any()


def test_an_ellipse_has_its_level_all_round_and_a_budget_its_size() -> None:
    assert geometry.loss(BOWL, geometry.contour(BOWL, 0.7)) == pytest.approx(0.7)
    for penalty in geometry.PENALTIES:
        edge = geometry.budget(penalty, 1.3)
        assert geometry.size(edge, penalty) == pytest.approx(1.3)
        assert edge[0] == pytest.approx(edge[-1])


@pytest.mark.parametrize(("penalty", "strength"), [("l3", 1.0), ("l1", -0.1), ("l2", float("nan"))])
def test_what_makes_no_sense_is_refused(penalty: str, strength: float) -> None:
    with pytest.raises(ValueError, match="penalty must be one of l1, l2 and strength at least 0"):
        geometry.optimum(BOWL, penalty, strength)
