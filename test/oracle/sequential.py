"""Makes sequential.json with Python alone (NumPy, SciPy 1.17): e-BH by its definition, and what the peers of the
calibration do by their published formulas, solved numerically.

python3 -m pip install numpy scipy==1.17.1; python3 sequential.py > sequential.json
"""
import json
import math

import numpy as np
from scipy import optimize

random = np.random.default_rng(20261123)


def e_bh(logs, alpha):
    """e-BH is BH on 1/e: the step-up rule, by its definition."""
    n = len(logs)
    order = sorted(range(n), key=lambda i: -logs[i])
    k = max([j for j in range(1, n + 1) if math.exp(logs[order[j - 1]]) * j * alpha / n >= 1], default=0)
    return [order.index(i) < k for i in range(n)]


ebh_rows = []
for n in (1, 3, 6, 20, 40):
    for alpha in (0.05, 0.2):
        logs = [round(float(x), 6) for x in random.normal(2, 2.5, n)]
        ebh_rows.append({"logEs": logs, "alpha": alpha, "expected": e_bh(logs, alpha)})


def band_p(n, m, distance):
    radius = lambda k, a: 0.85 * math.sqrt((math.log(math.log(math.e * k)) + 0.8 * math.log(1612 / a)) / k)
    gap = lambda log_a: radius(n, math.exp(log_a) / 2) + radius(m, math.exp(log_a) / 2) - distance
    return 1.0 if gap(0) >= 0 else math.exp(optimize.brentq(gap, -600, 0, xtol=1e-14))


# Whole numbers below 128 have a bucket each at scale 8.
band_rows = []
for n, m, shift in ((400, 300, 0.5), (900, 150, 0.8), (50, 50, 0.2)):
    stable = [int(x) for x in np.ceil(random.lognormal(2, 0.6, n))]
    canary = [int(x) for x in np.ceil(random.lognormal(2 + shift, 0.6, m))]
    everywhere = sorted(stable + canary)
    cdf = lambda values: np.searchsorted(np.sort(values), everywhere, side="right") / len(values)
    distance = float(abs(cdf(stable) - cdf(canary)).max())
    band_rows.append({"stable": stable, "canary": canary, "distance": distance, "p": band_p(n, m, distance)})

growthbook_rows = []
for n, m, diff, var in ((500, 500, 0.3, 1.0), (9000, 1000, 0.05, 0.4), (100, 80, 1.0, 9.0)):
    units, alpha, tuning = n + m, 0.05, 5000
    se2 = var / n + 2 * var / m
    s2 = se2 * units
    rho = math.sqrt((-2 * math.log(alpha) + math.log(-2 * math.log(alpha) + 1)) / tuning)
    half = math.sqrt(s2) * math.sqrt(2 * (units * rho**2 + 1) * math.log(math.sqrt(units * rho**2 + 1) / alpha) / (units * rho) ** 2)
    z2 = diff**2 / s2
    p = min(1.0, math.sqrt(units * rho**2 + 1) / math.exp(rho**2 * units**2 * z2 / (2 * (units * rho**2 + 1))))
    growthbook_rows.append({"n": n, "m": m, "difference": diff, "variances": [var, 2 * var], "half": half, "p": p})


print(json.dumps({"eBenjaminiHochberg": ebh_rows, "bandTest": band_rows, "growthbook": growthbook_rows}, indent=0))
