"""2:4 structured sparsity of A: which elements of a row are kept, and how metadata names them.

The rules are those of ``mma.sp`` in the PTX documentation (Ampere on). A row of 2 K elements is cut into chunks; of each chunk
half the elements are kept, in their order, and four bits of metadata say which. Element n of a kept row is multiplied by
the row of B that its index names; the other rows of B of the chunk are not looked at, so that a NaN there does not show.

======================== ======= ==== ===========================================================================
format                   chunk   kept metadata of a chunk
======================== ======= ==== ===========================================================================
fp16, bf16, 8 bits       4       2    bits 1:0 the index of the first kept element, 3:2 of the second, which is larger
int4                     8       4    the same for two of four pairs of neighbours
tf32                     2       1    4 (0b0100) for element 0, 14 (0b1110) for element 1
======================== ======= ==== ===========================================================================

Metadata of chunk 0 has the lowest bits. Where fewer elements than that are not zero (of either sign), the first zeros of the
chunk are kept too. Codes with equal or descending indices are undefined in PTX; here they are refused, and the
hardware, which cannot refuse, takes each index as it stands.
"""
from dataclasses import dataclass

CHUNK_BITS = 4
"""Bits of metadata of a chunk."""


@dataclass(frozen=True, kw_only=True)
class Pattern:
    """How a format's rows are thinned out.

    Parameters
    ----------
    chunk : int
        Elements of a chunk, half of which are kept.
    unit : int
        Neighbours that are kept or dropped together.
    """

    chunk: int
    unit: int

    @property
    def kept(self) -> int:
        """Elements of a chunk that are kept."""
        return self.chunk // 2

    @property
    def codes(self) -> dict[int, tuple[int, ...]]:
        """Metadata of a chunk -> elements that are kept."""
        if self.chunk == 2:
            return {4: (0,), 14: (1,)}
        return {low | high << 2: tuple(u * self.unit + n for u in (low, high) for n in range(self.unit))
                for low in range(4) for high in range(low + 1, 4)}


PATTERNS = dict.fromkeys(("fp16", "bf16", "e4m3", "e5m2", "int8"), Pattern(chunk=4, unit=1)) | {
    "int4": Pattern(chunk=8, unit=2), "tf32": Pattern(chunk=2, unit=1)}
"""Operand formats that may be sparse."""
