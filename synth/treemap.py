"""Rectangles whose areas are given, laid out in a frame so that none is a sliver."""

from collections.abc import Sequence

Frame = tuple[float, float, float, float]       # left, top, width, height


def layout(sizes: Sequence[float], frame: Frame) -> list[Frame]:
    """Return a rectangle for each size, in order; their areas are to each other as the sizes.

    Rows are filled along the shorter side of what is left, each until one more rectangle would make the
    row's worst aspect ratio worse. Sizes are to be sorted, largest first, and positive.
    """
    left, top, width, height = frame
    total = sum(sizes)
    if total <= 0:
        return []
    scale = width * height / total
    rest = [size * scale for size in sizes]
    found: list[Frame] = []
    while rest:
        side = min(width, height)
        row = 1
        while row < len(rest) and _worst(rest[: row + 1], side) <= _worst(rest[:row], side):
            row += 1
        depth = sum(rest[:row]) / side
        along = 0.0
        for area in rest[:row]:
            step = area / depth
            found.append((left, top + along, depth, step) if width >= height
                         else (left + along, top, step, depth))
            along += step
        if width >= height:
            left, width = left + depth, width - depth
        else:
            top, height = top + depth, height - depth
        rest = rest[row:]
    return found


def _worst(row: Sequence[float], side: float) -> float:
    """Return the worst aspect ratio of a row of areas along a side."""
    total = sum(row)
    return max(max(side * side * area / total**2, total**2 / (side * side * area)) for area in row)
