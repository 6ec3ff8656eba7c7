"""Makes permutation.json with SciPy (1.17): p-values of the rank and of exceedances under ties, by going through every labelling.

python3 -m pip install numpy scipy==1.17.1; python3 permutation.py > permutation.json
"""
import itertools
import json

import numpy as np
from scipy import stats

random = np.random.default_rng(20261130)


def wins(stable, canary):
    """Pairs that the canary wins, ties counted one half."""
    midranks = stats.rankdata(np.concatenate([canary, stable]))
    return float(midranks[: len(canary)].sum() - len(canary) * (len(canary) + 1) / 2)


def rank_p(stable, canary, side):
    """Every labelling, by SciPy's exact permutation test."""
    statistic = lambda x, y: wins(y, x)
    found = stats.permutation_test((np.array(canary), np.array(stable)), statistic, alternative=side, n_resamples=np.inf, vectorized=False)
    return float(found.pvalue)


def least_tail(pooled, labels, side):
    """The least hypergeometric p-value over all numbers of largest values up to half of all."""
    order = sorted(set(pooled), reverse=side == "greater")
    total, m = len(pooled), sum(labels)
    least = 1.0
    for at in range(len(order)):
        beyond = [value in order[: at + 1] for value in pooled]
        size = sum(beyond)
        if size > total / 2:
            break
        own = sum(1 for is_beyond, is_own in zip(beyond, labels) if is_beyond and is_own)
        least = min(least, float(stats.hypergeom.sf(own - 1, total, size, m)))
    return least


def exceedance_p(stable, canary, side):
    pooled, m = list(stable) + list(canary), len(canary)
    seen = least_tail(pooled, [0] * len(stable) + [1] * m, side)
    as_extreme = labellings = 0
    for own in itertools.combinations(range(len(pooled)), m):
        labels = [1 if at in own else 0 for at in range(len(pooled))]
        as_extreme += least_tail(pooled, labels, side) <= seen * (1 + 1e-9)
        labellings += 1
    return as_extreme / labellings


rows = []
for n, m, kind in ((6, 4, "few"), (8, 3, "few"), (5, 5, "zeros"), (9, 2, "zeros"), (7, 4, "steps"), (4, 6, "steps"), (10, 3, "plain"), (6, 6, "zeros"), (3, 8, "few"), (12, 2, "steps")):
    draw = {
        "few": lambda k: random.integers(0, 3, k),
        "zeros": lambda k: np.where(random.random(k) < 0.7, 0, random.integers(1, 9, k)),
        "steps": lambda k: 10 * random.integers(0, 5, k),
        "plain": lambda k: random.permutation(100)[:k],
    }[kind]
    stable, canary = [[int(x) for x in draw(k)] for k in (n, m)]
    if len(set(stable + canary)) == 1:
        canary[0] += 1
    for side in ("greater", "less"):
        rows.append({"alternative": side, "stable": stable, "canary": canary, "wins": wins(stable, canary), "rank": rank_p(stable, canary, side), "exceedances": exceedance_p(stable, canary, side)})

print(json.dumps(rows, indent=0).replace(",\n\"", ", \"").replace("\n]", "]").replace("[\n", "[").replace(",\n", ", ").replace("}, {", "},\n{"))
