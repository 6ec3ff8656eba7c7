"""Makes special-functions.json: values of the special functions to 17 digits, worked out with 40 by mpmath.

python3 -m pip install mpmath==1.3.0; python3 special-functions.py > special-functions.json
"""
import json
from mpmath import mp, mpf, loggamma, log, log1p, erfc, sqrt

mp.dps = 40


def text(value):
    return float(mp.nstr(value, 17))


def log_beta(a, b):
    return loggamma(a) + loggamma(b) - loggamma(a + b)


xs = [1e-8, 0.001, 0.1, 0.4999, 0.5, 0.75, 1 - 1e-9, 1.0001, 1.25, 1.5, 1.9, 2 + 1e-9, 2.4999, 2.5, 3, 4.7, 7.5, 9.999, 10, 33.3, 171, 4097, 1e5, 1e6, 1e9]
pairs = [(0.18, 0.18), (0.5, 3), (2, 3), (1, 1e6), (2, 1e6), (9.9, 10.1), (9.9, 5e4), (10, 10), (25, 400), (450, 50), (1e3, 1e3), (1e6, 1e6), (123456.5, 2e4)]
zs = [-37, -30, -20, -10, -8.3, -5, -3.001, -3, -2.999, -2, -1, -0.1, 0, 1e-9, 0.5, 1, 2, 2.999, 3.001, 5]


def grid():
    for a, b in pairs:
        mean = mpf(a) / (a + b)
        sd = sqrt(mean * (1 - mean) / (a + b + 1))
        for step in (-6, -2, -0.5, 0, 0.5, 2, 6):
            x = float(mean + step * sd)
            if 1e-12 < x < 1 - 1e-12:
                yield x, a, b


def lower(x, a, b):
    """By the hypergeometric series; for large a and b, where that is too slow, the density integrated piece by piece."""
    if a + b < 100:
        return log(mp.betainc(a, b, 0, x, regularized=True))
    mean = a / (a + b)
    sd = sqrt(mean * (1 - mean) / (a + b + 1))

    def density(t):
        return mp.exp((a - 1) * log(t) + (b - 1) * log1p(-t) - log_beta(a, b))

    ends = [max(mpf(0), x - step * sd) for step in (40, 20, 10, 6, 4, 2, 1, 0)]
    return log(mp.quad(density, sorted(set(ends))))


def log_incomplete_beta(x, a, b):
    x = mpf(x)
    if x < (a + 1) / (a + b + 2):
        return lower(x, a, b)
    return log1p(-mp.exp(lower(1 - x, b, a)))


print(json.dumps({
    "logGamma": [{"x": x, "expected": text(loggamma(mpf(x)))} for x in xs],
    "logBeta": [{"a": a, "b": b, "expected": text(log_beta(mpf(a), mpf(b)))} for a, b in pairs],
    "logNormalCdf": [{"z": z, "expected": text(log(erfc(-mpf(z) / sqrt(2)) / 2))} for z in zs],
    "logIncompleteBeta": [{"x": x, "a": a, "b": b, "expected": text(log_incomplete_beta(x, mpf(a), mpf(b)))} for x, a, b in grid()],
}, indent=1))
