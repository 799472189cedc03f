"""The best centroids for numbers on a line: k-means whose result is the optimum, so that it depends on no start."""

import numpy as np

POINTS = 1 << 13    # values told apart at most; more are put into bins, most of equal count, some of equal width

STEPS = 300
REFINED = 8         # times that centroids found on bins are moved to the means of the values next to them


def cluster(values: np.ndarray, count: int, weights: np.ndarray | None = None) -> np.ndarray:
    """Return at most ``count`` ascending centroids with the least weighted sum of squared distances from the values.

    Up to ``count`` distinct values stay as they are. No other choice of centroids does better, up to the bins in which more
    than :data:`POINTS` distinct values are put.

    Parameters
    ----------
    values : numpy.ndarray
        Numbers that are not 0.
    count : int
    weights : numpy.ndarray, optional
        How much the error of each value matters; all alike when not given.
    """
    weights = np.ones(len(values)) if weights is None else np.asarray(weights, np.float64)
    weights = weights + 1e-12 * weights.max(initial=1e-300)     # what does not matter still has a nearest centroid
    values = np.asarray(values, np.float64)
    points, place = np.unique(values, return_inverse=True)
    if len(points) <= count:
        return points
    if len(points) > POINTS:
        even = np.linspace(points[0], points[-1], POINTS // 8)
        crowded = points[np.linspace(0, len(points) - 1, POINTS * 7 // 8).astype(int)]
        place = np.searchsorted(np.unique(np.concatenate([even, crowded])), values, "right")
        _, place = np.unique(place, return_inverse=True)
    amounts = np.bincount(place, weights)
    points = np.bincount(place, weights * values) / amounts
    order = np.argsort(points, kind="stable")
    centroids = _centroids(points[order], amounts[order], count)
    return centroids if len(points) == len(np.unique(values)) else _refined(centroids, values, weights)


def linear(values: np.ndarray, count: int, weights: np.ndarray) -> np.ndarray:
    """Return centroids that began at equal distances and went to the means of the values next to them until none moved.

    They serve large weights better than the optimum does, which matters where the network is trained on with them.
    """
    return _refined(np.linspace(values.min(), values.max(), count), values, weights, STEPS)


def _refined(centroids: np.ndarray, values: np.ndarray, weights: np.ndarray, times: int = REFINED) -> np.ndarray:
    """Return centroids moved to the means of the values next to them, as often as asked for or until none moves."""
    for _ in range(times):
        place = np.searchsorted((centroids[1:] + centroids[:-1]) / 2, values)
        mass = np.bincount(place, weights, len(centroids))
        means = np.bincount(place, weights * values, len(centroids))
        moved = np.unique(np.divide(means, mass, out=centroids.copy(), where=mass > 0))
        if len(moved) == len(centroids) and np.allclose(moved, centroids, rtol=1e-12, atol=0):
            break
        centroids = moved
    return centroids


def _centroids(points: np.ndarray, amounts: np.ndarray, count: int) -> np.ndarray:
    """Return the centroids of the best division of ascending points into ``count`` runs, by dynamic programming.

    The best start of the last run never falls as the points grow in number, so that each round of a division takes
    logarithmically many passes over the points, each of them one operation on arrays.
    """
    size = len(points)
    middle = np.average(points, weights=amounts)                # keeps the sums small, and so their differences exact
    mass, first, second = (np.concatenate([[0.0], np.cumsum(amounts * (points - middle) ** power)]) for power in range(3))

    def cost(start: np.ndarray, end: np.ndarray) -> np.ndarray:
        moment = first[end] - first[start]
        return second[end] - second[start] - moment * moment / np.maximum(mass[end] - mass[start], 1e-300)

    ends = np.arange(size + 1)
    best, starts = cost(np.zeros_like(ends), ends), []
    for runs in range(2, count + 1):
        best, start = _round(best, cost, runs, size)
        starts.append(start)
    edges = [size]
    for start in reversed(starts):
        edges.append(int(start[edges[-1]]))
    ordered = np.array([0, *reversed(edges)])
    return middle + np.diff(first[ordered]) / np.diff(mass[ordered])


def _round(before: np.ndarray, cost, runs: int, size: int) -> tuple[np.ndarray, np.ndarray]:
    """Return, for every number of points, the least cost with one run more than ``before``, and where that run starts."""
    best, start = np.full(size + 1, np.inf), np.zeros(size + 1, np.int64)
    step = 1 << (size - runs).bit_length()
    known = np.array([runs - 1, size + 1])                      # ends between which the start is bounded by that of these
    bound = np.array([runs - 1, size - 1])
    while step:
        ends = np.arange(runs - 1 + step, size + 1, 2 * step)
        if len(ends):
            right = np.searchsorted(known, ends)
            low = np.maximum(bound[right - 1], runs - 1)
            high = np.minimum(bound[right], ends - 1)
            length = high - low + 1
            offset = np.concatenate([[0], np.cumsum(length)[:-1]])
            tried = np.arange(length.sum()) - np.repeat(offset - low, length)
            found = before[tried] + cost(tried, np.repeat(ends, length))
            smallest = np.minimum.reduceat(found, offset)
            first = np.flatnonzero(found == np.repeat(smallest, length))
            owner = np.searchsorted(offset, first, "right") - 1
            _, unique = np.unique(owner, return_index=True)
            best[ends], start[ends] = smallest, tried[first[unique]]
            known = np.concatenate([known, ends])
            bound = np.concatenate([bound, start[ends]])
            order = np.argsort(known)
            known, bound = known[order], bound[order]
        step //= 2
    return best, start
