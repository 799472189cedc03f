"""A layer in the golden cycle model alone: for machines that the specification does not build, and for wide sweeps.

Every row made here says so. The runs that show model and hardware to agree are those of the table and of `bench.eie.study`.
"""

from dataclasses import asdict, dataclass
from functools import lru_cache

import numpy as np
from scipy import sparse

from bench.eie.case import benchmark
from compress.eie.encode import encode
from compress.eie.order import order, physical
from golden.eie import Counters, cycles
from golden.eie.layer import Layer, fragments
from golden.eie.patterns import Pattern, draw
from spec.eie import EieSpec


@dataclass(frozen=True, kw_only=True)
class Point:
    """What the model says of a layer on a machine.

    Parameters
    ----------
    layer : str
    spec : EieSpec
    counters : Counters
    useful : int
        Products of two non-zeros.
    entries, nonzeros : int
        Encoded weights, padding included; weights.
    reads : int
        Words of the matrix memory read for columns that have entries, all PEs together.
    """

    layer: str
    spec: EieSpec
    counters: Counters
    useful: int
    entries: int
    nonzeros: int
    reads: int

    @property
    def efficiency(self) -> float:
        """Share of multiplier cycles that work on an entry, padding included where it costs a cycle."""
        return (self.counters.useful_macs + self.counters.padding) / (self.spec.pes * self.counters.cycles)

    def as_data(self) -> dict:
        """Return plain data for JSON."""
        return {"layer": self.layer, "pes": self.spec.pes, "cycles": self.counters.cycles, "useful": self.useful,
                "entries": self.entries, "nonzeros": self.nonzeros, "reads": self.reads, "efficiency": self.efficiency,
                "over_limit": self.counters.cycles * self.spec.pes / self.useful, "counters": asdict(self.counters)}


@lru_cache(4)
def _pattern(name: str, seed: int) -> Pattern:
    return draw(benchmark(name), seed=seed)


@lru_cache(4)
def _encoded(name: str, seed: int, order_name: str, pes: int, index_bits: int, codebook_bits: int) -> Layer:
    pattern = _pattern(name, seed)
    spec = EieSpec(pes=pes, index_bits=index_bits, codebook_bits=codebook_bits)     # all that an encoding depends on
    codes = sparse.csc_array((np.ones(len(pattern.indices), np.uint8), pattern.indices, pattern.indptr),
                             (pattern.rows, pattern.columns))
    work = np.bincount(pattern.indices, minlength=pattern.rows)
    rows = order(order_name, work, pes, codes, np.ones(pattern.columns))
    in_slots = -(-pattern.columns // pes)
    columns = np.arange(in_slots * pes)
    made = encode(physical(codes, rows=rows, columns=np.where(columns < pattern.columns, columns, -1)), spec)
    return Layer(entries=made.entries, pointers=made.pointers, inputs=pattern.columns, outputs=pattern.rows,
                 in_slots=in_slots, out_slots=len(rows) // pes, rows=rows, name=name)


def point(name: str, spec: EieSpec, *, seed: int, order_name: str) -> Point:
    """Return what the model says; the memories' depths are not looked at."""
    pattern = _pattern(name, seed)
    layer = _encoded(name, seed, order_name, spec.pes, spec.index_bits, spec.codebook_bits)
    start, end = fragments(layer, pattern.live)
    words = np.where(end > start, (end - 1) // spec.word_entries - start // spec.word_entries + 1, 0)
    return Point(layer=name, spec=spec, counters=cycles.layer(spec, layer, pattern.live, codebook_loaded=False),
                 useful=pattern.useful, entries=len(layer.entries), nonzeros=len(pattern.indices), reads=int(words.sum()))
