"""2:4 structured sparsity: each multiplier chooses, by A's metadata, the element of B that it works on."""
from amaranth import Mux

from rtl.mac.pipe import Late, Pipe
from spec.mac import MacSpec
from spec.mac.sparse import CHUNK_BITS, PATTERNS, Pattern


def select(spec: MacSpec, p: Pipe, code: Late, meta: Late, column: list[Late]) -> list[Late]:
    """Return, for each lane of a row of A, what its metadata chooses of a decoded column of B, at this stage.

    Parameters
    ----------
    spec : MacSpec
    p : Pipe
    code, meta : Late
        Format of the operation; metadata of the row.
    column : list of Late
        The same part of each element of the column, heads or significands.
    """
    kinds = list(dict.fromkeys(PATTERNS[fmt] for fmt in spec.formats))
    found = []
    for lane in range(spec.k):
        value = _chosen(kinds[0], p, meta, column, lane)
        for kind in kinds[1:]:
            codes = [spec.code(fmt) for fmt in spec.formats if PATTERNS[fmt] == kind]
            value = Mux(sum((p[code] == one for one in codes), 0) != 0, _chosen(kind, p, meta, column, lane), value)
        found.append(p.put(value[:len(p[column[0]])], "selected"))
    return found


def _chosen(kind: Pattern, p: Pipe, meta: Late, column: list[Late], lane: int):
    """Return the element that a lane's index names; of a chunk of two, whose codes are 4 and 14, bit 1 tells them apart."""
    chunk, place = divmod(lane, kind.kept)
    bits = p[meta][CHUNK_BITS * chunk:CHUNK_BITS * (chunk + 1)]
    start = kind.chunk * chunk
    if kind.chunk == 2:
        return Mux(bits[1], p[column[start + 1]], p[column[start]])
    unit, within = divmod(place, kind.unit)
    low, high = bits[2 * unit], bits[2 * unit + 1]
    at = [p[column[start + n * kind.unit + within]] for n in range(4)]
    return Mux(high, Mux(low, at[3], at[2]), Mux(low, at[1], at[0]))
