"""What a probe wrote down in a run: counts by record and part."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from pathlib import Path

import numpy as np

from sim.probe import RECORDS, Probe

MOST_RECORDS = 1024         # of a trace on a page, or a few more: a layer ends a record early
MOST_VALUES = 320_000       # of a trace on a page


@dataclass(frozen=True, kw_only=True, eq=False)
class Trace:
    """What a probe wrote down.

    Parameters
    ----------
    probe : Probe
    every : int
        Cycles of a record, but for the last of a window or mark.
    windows, marks, ticks : numpy.ndarray
        int64 (records,): number of the window from 0, mark, cycles.
    values : dict
        (group's name, measure's name) -> int64 (records, parts).
    """

    probe: Probe
    every: int
    windows: np.ndarray
    marks: np.ndarray
    ticks: np.ndarray
    values: dict[tuple[str, str], np.ndarray]

    def joined(self) -> "Trace":
        """Return the same with all windows as one."""
        return replace(self, windows=np.zeros_like(self.windows))

    def coarser(self, records: int) -> "Trace":
        """Return the same in at most so many records, if its pieces allow it: neighbours are added up, two by two."""
        found = self
        while len(found.ticks) > records and any(piece.stop - piece.start > 1 for piece in found.pieces()):
            found = found._halved()
        return found

    def _halved(self) -> "Trace":
        starts = np.concatenate([np.arange(piece.start, piece.stop, 2) for piece in self.pieces()])
        kinds = {(group.name, measure.name): np.maximum if measure.peak else np.add for group, measure, _ in self.probe.columns}
        return replace(
            self, every=2 * self.every, windows=self.windows[starts], marks=self.marks[starts],
            ticks=np.add.reduceat(self.ticks, starts),
            values={name: kinds[name].reduceat(values, starts, axis=0) for name, values in self.values.items()})

    def pieces(self) -> Iterator[slice]:
        """Yield the records of each run of one window and one mark."""
        cuts = np.flatnonzero((np.diff(self.windows) != 0) | (np.diff(self.marks) != 0)) + 1
        bounds = [0, *cuts.tolist(), len(self.ticks)]
        yield from (slice(start, end) for start, end in zip(bounds, bounds[1:], strict=False) if end > start)


@dataclass(frozen=True, kw_only=True)
class Watch:
    """A probe, the cycles of each of its records, and the number of windows after which it looks no more."""

    probe: Probe
    every: int
    windows: int

    @property
    def arguments(self) -> list[str]:
        """Arguments of the simulation."""
        return [f"+probe_every={self.every}", f"+probe_windows={self.windows}"]

    def take(self, folder: Path) -> Trace:
        """Read what the probe left in a folder, and remove it.

        Raises
        ------
        RuntimeError
            If it wrote nothing: no window opened.
        """
        path = folder / RECORDS
        lines = [line.split() for line in path.read_text().splitlines()] if path.exists() else []
        path.unlink(missing_ok=True)
        if not lines:
            raise RuntimeError("a probe must see at least one cycle of work, and it saw none")
        table = np.array(lines, np.int64)
        values, at = {}, 3
        for group in self.probe.groups:
            for measure in group.measures:
                values[group.name, measure.name] = table[:, at:at + len(group.parts)]
                at += len(group.parts)
        return Trace(probe=self.probe, every=self.every, windows=self.windows - table[:, 0], marks=table[:, 1],
                     ticks=table[:, 2], values=values)


def most_records(probe: Probe) -> int:
    """Return how many records a page shows well and small."""
    return max(1, min(MOST_RECORDS, MOST_VALUES // len(probe.columns)))


def watch(probe: Probe, *, cycles: int, windows: int) -> Watch:
    """Return the watch of a run of so many cycles: its records have a power of two cycles, as few as a page can hold."""
    every = 1
    while cycles > most_records(probe) * every:
        every *= 2
    return Watch(probe=probe, every=every, windows=windows)
