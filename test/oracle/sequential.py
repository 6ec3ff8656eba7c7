"""Makes sequential.json with Python alone (NumPy, SciPy 1.17): closed e-values, quantile and mean sequences, each
worked out another way than in the code. Takes a few minutes.

python3 -m pip install numpy scipy==1.17.1; python3 sequential.py > sequential.json
"""
import itertools
import json
import math

import numpy as np
from scipy import integrate, optimize, stats

random = np.random.default_rng(20261123)


def closed(logs, weights):
    """The least weighted mean over all sets that hold each: all of them."""
    n = len(logs)
    least = [math.inf] * n
    for size in range(1, n + 1):
        for held in itertools.combinations(range(n), size):
            total = sum(weights[i] for i in held)
            mean = sum(weights[i] * math.exp(logs[i]) for i in held) / total
            for i in held:
                least[i] = min(least[i], mean)
    return [math.log(e) for e in least]


closed_rows = []
for n in (1, 2, 3, 5, 8):
    for equal in (True, False):
        logs = [round(float(x), 6) for x in random.normal(1, 3, n)]
        weights = [1.0] * n if equal else [round(float(x), 4) for x in random.uniform(0.1, 5, n)]
        closed_rows.append({"logEs": logs, "weights": weights, "expected": closed(logs, weights)})


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


def quantile_log_e(below, n, q, concentration, one_sided):
    """The likelihood ratio integrated over the Beta prior, by quadrature."""
    a, b = concentration * q, concentration * (1 - q)
    mean = (a + below) / (concentration + n)
    width = math.sqrt(mean * (1 - mean) / (concentration + n))
    low, high = max(0, mean - 15 * width), min(1, mean + 15 * width)
    mass = 0.0
    if one_sided == "greater":
        low, high, mass = max(low, q), max(high, q + 15 * width), stats.beta.logsf(q, a, b)
    if one_sided == "less":
        low, high, mass = min(low, q - 15 * width), min(high, q), stats.beta.logcdf(q, a, b)
    low, high = max(low, 0), min(high, 1)
    prior = math.lgamma(a + b) - math.lgamma(a) - math.lgamma(b) - below * math.log(q) - (n - below) * math.log1p(-q)
    log_f = lambda x: prior + (a + below - 1) * np.log(x) + (b + n - below - 1) * np.log1p(-x)
    peak = log_f(np.linspace(low, high, 1003)[1:-1]).max()
    return math.log(integrate.quad(lambda x: math.exp(log_f(x) - peak), low, high, epsrel=1e-12, limit=500)[0]) + peak - mass


def concentration_for(tightest_at, alpha):
    twice = -2 * math.log(alpha)
    return max(1e-3, tightest_at / (twice + math.log(1 + twice)) - 1)


rank_rows = []
for n, q, alpha, at in ((1000, 0.5, 0.025, 1000), (1000, 0.9, 0.025, 500), (5000, 0.99, 0.005, 2000), (40, 0.9, 0.05, 100), (300, 0.1, 0.05, 300)):
    k = concentration_for(at, 2 * alpha)
    enough = -math.log(alpha)
    upper = next((j for j in range(math.ceil(q * n), n + 1) if quantile_log_e(j, n, q, k, "greater") >= enough), None)
    lower = next((j + 1 for j in range(math.floor(q * n), -1, -1) if quantile_log_e(j, n, q, k, "less") >= enough), None)
    rank_rows.append({"n": n, "q": q, "alpha": alpha, "tightestAt": at, "lower": lower, "upper": upper})

test_rows = []
for n, m, q, scale in ((200, 60, 0.5, 1.6), (400, 400, 0.9, 1.0), (300, 50, 0.9, 2.5), (100, 100, 0.5, 1.2)):
    stable = [round(float(x), 6) for x in random.lognormal(0, 0.6, n)]
    canary = [round(float(x), 6) for x in random.lognormal(math.log(scale), 0.6, m)]
    k = concentration_for(200, 0.05)
    arm = lambda values: (len(values), optimize.minimize_scalar(lambda b: quantile_log_e(b, len(values), q, k, None), bounds=(0, len(values)), method="bounded", options={"xatol": 1e-10}).x)
    evidence = lambda values, low, x: quantile_log_e(min(max(low, sum(v < x for v in values)), sum(v <= x for v in values)), len(values), q, k, None)
    (_, s), (_, c) = arm(stable), arm(canary)
    least = min(evidence(stable, s, x) + evidence(canary, c, x) for x in stable + canary)
    test_rows.append({"stable": stable, "canary": canary, "q": q, "tightestAt": 200, "logP": min(0.0, -least)})


def band_p(n, m, distance):
    radius = lambda k, a: 0.85 * math.sqrt((math.log(math.log(math.e * k)) + 0.8 * math.log(1612 / a)) / k)
    gap = lambda log_a: radius(n, math.exp(log_a) / 2) + radius(m, math.exp(log_a) / 2) - distance
    return 1.0 if gap(0) >= 0 else math.exp(optimize.brentq(gap, -600, 0, xtol=1e-14))


band_rows = []
for n, m, shift in ((400, 300, 0.5), (900, 150, 0.8), (50, 50, 0.2)):
    stable = [round(float(x), 6) for x in random.normal(0, 1, n)]
    canary = [round(float(x), 6) for x in random.normal(shift, 1, m)]
    everywhere = sorted(stable + canary)
    cdf = lambda values: np.searchsorted(np.sort(values), everywhere, side="right") / len(values)
    away = cdf(stable) - cdf(canary)
    for side, distance in (("greater", max(0, float(away.max()))), ("less", max(0, float(-away.min()))), ("different", float(abs(away).max()))):
        band_rows.append({"alternative": side, "stable": stable, "canary": canary, "distance": distance, "p": band_p(n, m, distance)})


def asymptotic_half(t, sd, alpha, at, sides):
    """Two-sided Waudby-Smith and colleagues' formula as printed; one-sided the mixture itself, by quadrature, solved."""
    rho2 = (-2 * math.log(alpha if sides == 2 else 2 * alpha) + math.log(1 - 2 * math.log(alpha if sides == 2 else 2 * alpha))) / at
    if sides == 2:
        return sd * math.sqrt(2 * (t * rho2 + 1) / (t * t * rho2) * math.log(math.sqrt(t * rho2 + 1) / alpha))
    # The mixture over a half-normal prior of the standardised mean, by quadrature.
    def log_e(mean):
        s = mean * t / sd
        f = lambda mu: 2 * stats.norm.pdf(mu, scale=math.sqrt(rho2)) * math.exp(mu * s - mu * mu * t / 2)
        return math.log(integrate.quad(f, 0, 40 * math.sqrt(rho2), epsrel=1e-12, limit=500, points=[max(0, s / t)])[0])
    return optimize.brentq(lambda mean: log_e(mean) + math.log(alpha), 0, 10 * sd * math.sqrt(math.log(1 / alpha) / t), xtol=1e-14)


half_rows = [
    {"units": t, "sd": sd, "alpha": alpha, "tightestAt": at, "sides": sides, "expected": asymptotic_half(t, sd, alpha, at, sides)}
    for t, sd, alpha, at in ((1000, 1.0, 0.05, 5000), (5000, 2.5, 0.05, 5000), (20000, 1.0, 0.01, 1000), (3000, 0.2, 0.025, 10000))
    for sides in (1, 2)
]

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


def msprt(d, v, tau2):
    return 0.5 * math.log(v / (v + tau2)) + tau2 * d * d / (2 * v * (v + tau2))


sprt_rows = [{"estimate": d, "variance": v, "tau2": tau2, "expected": msprt(d, v, tau2)} for d, v, tau2 in ((0.1, 0.004, 0.01), (0.3, 0.01, 0.04), (-0.05, 0.001, 0.0025))]
gavi_rows = [
    {"units": n, "phi": phi, "alpha": alpha, "expected": math.sqrt((n + rho) / n * math.log((n + rho) / (rho * alpha**2)))}
    for n, phi, alpha in ((500, 500, 0.05), (2000, 500, 0.05), (10000, 10000, 0.01))
    for rho in [phi / (math.log(math.log(math.e * alpha**-2)) - 2 * math.log(alpha))]
]

print(json.dumps({
    "closedEValues": closed_rows, "eBenjaminiHochberg": ebh_rows,
    "quantileRanks": rank_rows, "quantileTest": test_rows, "bandTest": band_rows, "halfWidth": half_rows, "growthbook": growthbook_rows,
    "mixtureSprt": sprt_rows, "gavi": gavi_rows,
}, indent=0))
