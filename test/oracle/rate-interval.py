"""Makes rate-interval.json: the bounds of Robbins' mixture interval for a rate, worked out by SciPy.

python3 -m pip install scipy==1.17.1; python3 rate-interval.py > rate-interval.json
"""
import json
from math import log, log1p
from scipy.optimize import brentq
from scipy.special import betaln


def bounds(n, events, alpha):
    mixture = betaln(events + 0.5, n - events + 0.5) - betaln(0.5, 0.5)

    def evidence(p):
        likelihood = (events * log(p) if events else 0) + ((n - events) * log1p(-p) if n > events else 0)
        return mixture - likelihood + log(alpha)

    estimate = events / n
    lower = 0.0 if events == 0 else brentq(evidence, 1e-300, estimate, xtol=1e-300, rtol=1e-13)
    upper = 1.0 if events == n else brentq(evidence, max(estimate, 1e-15), 1 - 1e-16, xtol=1e-300, rtol=1e-13)
    return lower, upper


cases = [(10, 0), (10, 3), (10, 10), (1000, 20), (3600, 72), (100_000, 50), (259_200_000, 129_600), (5_000_000, 0), (400, 399)]
rows = []
for alpha in (0.05, 0.01):
    for n, events in cases:
        lower, upper = bounds(n, events, alpha)
        rows.append({"n": n, "events": events, "alpha": alpha, "lower": lower, "upper": upper})
print(json.dumps({"rateInterval": rows}, indent=1))
