"""Operations and results of a tile as the wide words on its ports."""
import numpy as np

from spec.lns import LNS_ZERO
from spec.mac import SIDE, MacSpec

CODE_BITS = 3


def bits_of(patterns, bits: int) -> np.ndarray:
    """Return an array of (N, ...) patterns as (N, all bits), each pattern's least significant bit first."""
    patterns = np.asarray(patterns).astype(np.uint64).reshape(len(patterns), -1)
    spread = patterns[:, :, None] >> np.arange(bits, dtype=np.uint64) & np.uint64(1)
    return spread.astype(np.uint8).reshape(len(patterns), -1)


def words_of(bits) -> list[int]:
    """Return each row of bits, least significant first, as one integer."""
    return [int.from_bytes(row.tobytes(), "little") for row in np.packbits(bits, axis=1, bitorder="little")]


def operations(spec: MacSpec, a, b, c, code) -> list[int]:
    """Return the payload of each operation: A (N, 4, k), B (N, k, 4), C (N, 4, 4), and codes (N,)."""
    if spec.kahan:
        c = np.asarray(c, np.uint32) | LNS_ZERO << spec.acc_bits
    return words_of(np.concatenate([bits_of(a, spec.operand_bits), bits_of(b, spec.operand_bits),
                                    bits_of(c, spec.acc_bits << spec.kahan), bits_of(np.asarray(code)[:, None], CODE_BITS)],
                                   axis=1))


def results(spec: MacSpec, words: list[int]) -> np.ndarray:
    """Return D (N, 4, 4) from the words on a tile's output."""
    bits = spec.acc_bits << spec.kahan                          # what a compensated sum owes is above D
    size = SIDE * SIDE * bits // 8
    raw = np.frombuffer(b"".join(word.to_bytes(size, "little") for word in words), dtype=np.uint8)
    return raw.view(f"<u{bits // 8}").reshape(-1, SIDE, SIDE) & ((1 << spec.acc_bits) - 1)
