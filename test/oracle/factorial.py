"""Makes factorial.json with NumPy and SciPy (1.17): effects of two factors inside blocks, by weighted least squares written out in
matrices, and their reach by SciPy's quantiles.

python3 -m pip install numpy scipy==1.17.1; python3 factorial.py > factorial.json
"""
import json

import numpy as np
from scipy import stats

random = np.random.default_rng(20261130)
contrasts = {"first": [-1, 0, 1, 0], "second": [-1, 1, 0, 0], "together": [1, -1, -1, 1]}


def expected(blocks, shares, level):
    """blocks: a tick and four arrays of values each."""
    filled = [(tick, cells) for tick, cells in blocks if all(len(c) > 0 for c in cells)]
    weights = np.array([stats.hmean([len(c) for c in cells]) / 4 for _, cells in filled])
    weights = weights / weights.sum()
    if shares:
        pooled = [np.concatenate([cells[k] for _, cells in filled]) for k in range(4)]
        ps = [(p.sum() + 0.5) / (len(p) + 1) for p in pooled]
        variances = [p * (1 - p) for p in ps]
    else:
        residuals = [np.concatenate([cells[k] - cells[k].mean() for _, cells in filled if len(cells[k]) > 1]) for k in range(4)]
        dfs = [sum(len(cells[k]) - 1 for _, cells in filled) for k in range(4)]
        variances = [float(r @ r) / df for r, df in zip(residuals, dfs)]
    means = np.array([[c.mean() for c in cells] for _, cells in filled])
    sizes = np.array([[len(c) for c in cells] for _, cells in filled])
    ticks = np.array([tick for tick, _ in filled])
    rows = {}
    for name, contrast in contrasts.items():
        c = np.array(contrast, dtype=float)
        inside = means @ c
        estimate = float(weights @ inside)
        of_values = float(np.sqrt(np.sum(weights**2 * ((c**2 * np.array(variances)) / sizes).sum(axis=1))))
        design = (ticks[:, None] == np.unique(ticks)[None, :]).astype(float)
        scores = design.T @ (weights * (inside - estimate))
        g = design.shape[1]
        of_ticks = float(np.sqrt(g / (g - 1) * scores @ scores))
        reach = max(stats.norm.isf(level) * of_values, stats.t.isf(level, g - 1) * of_ticks)
        rows[name] = {"estimate": estimate, "ofValues": of_values, "ofTicks": of_ticks, "ticks": g, "reach": float(reach)}
    return rows


tables = []
for ticks, strata, shares, size, level in ((6, 1, False, 12, 0.05), (4, 3, False, 5, 0.01), (8, 2, True, 40, 0.025), (3, 1, True, 200, 0.1), (12, 1, False, 3, 0.05)):
    blocks = []
    for tick in range(ticks):
        for _ in range(strata):
            odd = random.normal(0, 0.3)
            cells = []
            for k in range(4):
                n = int(random.integers(1, size))
                cells.append((random.random(n) < 0.02 * (1 + k)).astype(float) if shares else np.round(random.normal(odd + 0.2 * k, 0.6, n), 6))
            blocks.append((tick, cells))
    if ticks == 6:
        blocks[2][1][1] = np.array([])
    sums = [{"tick": tick, "cells": [{"n": len(c), "sum": float(c.sum()), "squares": float((c**2).sum())} for c in cells]} for tick, cells in blocks]
    tables.append({"shares": shares, "level": level, "blocks": sums, "expected": expected(blocks, shares, level)})

print(json.dumps(tables, indent=0).replace("{\n", "{").replace(",\n", ", ").replace("\n}", "}").replace("[\n", "[").replace("\n]", "]").replace("}, {\"tick\"", "},\n{\"tick\"").replace("}, {\"shares\"", "},\n{\"shares\""))
