"""Tiles with an A of 2:4 structured sparsity: their operands, and where ``mma.sp`` wants their metadata."""
import numpy as np

from golden.gpu.instruction import COLUMNS, Instruction
from golden.mac import sparse
from golden.mac.cases import dots, patterns
from spec.mac.number import FORMATS
from spec.mac.sparse import CHUNK_BITS, PATTERNS


def draw(instruction: Instruction, tiles: int, rng: np.random.Generator):
    """Draw kept elements a (T, rows, K / 2), b (T, 8, K), c (T, rows, 8) and metadata (T, rows, chunks).

    The diagonal of the first eight rows holds the dot products of `golden.mac.cases.dots`. Elements of B that no row of the
    diagonal names are wild, with infinities and NaN among them.
    """
    fmt, count, terms, pattern = instruction.fmt, instruction.rows, instruction.terms, PATTERNS[instruction.fmt]
    codes = rng.choice(list(pattern.codes), (tiles, count, terms // pattern.chunk)).astype(np.uint8)
    a, hard, c = dots(fmt, instruction.acc, tiles * count, terms // 2, rng)
    b = patterns(fmt, (tiles, COLUMNS, terms), rng)
    met = sparse.index(fmt, codes[:, :COLUMNS])
    np.put_along_axis(b, met, hard.reshape(tiles, count, -1)[:, :COLUMNS].astype(b.dtype), axis=-1)
    return a.reshape(tiles, count, -1), b, np.repeat(c.reshape(tiles, count, 1), COLUMNS, axis=2), codes


def lanes(instruction: Instruction, codes) -> np.ndarray:
    """Return the metadata (T, rows, chunks) as the word of each lane (T, 32), for sparsity selector 0.

    Lanes 4 * group and on have those of the rows ``group`` and ``group + 8``. Of 16 bits an element and more, a lane has four
    chunks of the one row, and above them four of the other; of fewer, lanes 0 and 2 of the group have eight each of the one
    row, 1 and 3 of the other. Lanes without metadata get zeros.
    """
    count, chunks = len(codes), codes.shape[-1]
    wide = FORMATS[instruction.fmt].bits >= 16
    side = 4 if wide else 8                                     # chunks of one row in a lane
    parts = np.asarray(codes, np.uint32).reshape(count, 2, 8, chunks // side, side)
    shift = np.arange(side, dtype=np.uint32) * np.uint32(CHUNK_BITS)
    halves = (parts << shift).sum(-1, dtype=np.uint32)          # tile, upper or lower row, group, part of the row
    out = np.zeros((count, 8, 4), np.uint32)
    if wide:
        out[:, :, :chunks // side] = halves[:, 0] | halves[:, 1] << np.uint32(4 * CHUNK_BITS)
    else:
        for n in range(chunks // side):
            out[:, :, 2 * n], out[:, :, 2 * n + 1] = halves[:, 0, :, n], halves[:, 1, :, n]
    return out.reshape(count, 32)
