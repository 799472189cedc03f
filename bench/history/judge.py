"""Which commit made a figure worse than its tolerance allows."""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from bench.history.figures import FIGURES

Point = Mapping[str, Any]


@dataclass(frozen=True, kw_only=True)
class Regression:
    """A figure that became worse than allowed: at a commit, against the best value of an earlier one."""

    figure: str
    value: float
    best: float
    commit: str
    since: str
    share: float

    def __str__(self) -> str:
        """Return the regression as a sentence."""
        one = FIGURES[self.figure]
        return (f"{self.figure} is {self.share:.1%} worse since {self.commit[:9]}: {self.value:,} {one.unit}, and "
                f"{self.best:,} at {self.since[:9]}; {one.tolerance:.0%} is allowed")


def regressions(points: Sequence[Point]) -> Iterator[Regression]:
    """Yield each regression that the latest points still have, by figure.

    A figure is compared with the best value of the points before it, so that many small steps are noticed too. The commit
    named is the first of those that are worse without a break up to the latest. Where a point accepts a figure, under
    ``accepted`` with a reason, the comparison begins anew with it.
    """
    for name, figure in FIGURES.items():
        best: tuple[float, str] | None = None
        found: Regression | None = None
        for point in points:
            value = point["figures"].get(name)
            if value is None:
                continue
            if best is None or name in point.get("accepted", {}):
                best, found = (value, point["commit"]), None
                continue
            share = figure.worse(value, best[0])
            if share <= figure.tolerance:
                found = None
            elif found is None:
                found = Regression(figure=name, value=value, best=best[0], commit=point["commit"], since=best[1], share=share)
            if share < 0:
                best = (value, point["commit"])
        if found:
            yield found
