"""Operations and results of a tile as the wide words on its ports."""
import numpy as np

from compress.mac.pack import bits_of
from spec.mac import SIDE, MacSpec
from spec.mac.lns import LNS_ZERO
from spec.mac.sparse import CHUNK_BITS

CODE_BITS = 3


def words_of(bits) -> list[int]:
    """Return each row of bits, least significant first, as one integer."""
    return [int.from_bytes(row.tobytes(), "little") for row in np.packbits(bits, axis=1, bitorder="little")]


def packed(spec: MacSpec, a, b, c, code, meta=None) -> np.ndarray:
    """Return the payload of each operation as bytes, lowest first: A (N, 4, k), B (N, depth, 4), C (N, 4, 4), and codes (N,).

    ``meta`` (N, 4, chunks) is the metadata of A in a sparse build, one code a chunk.
    """
    if spec.kahan:
        c = np.asarray(c, np.uint32) | LNS_ZERO << spec.acc_bits
    sparse = () if meta is None else ((np.asarray(meta, np.uint32), CHUNK_BITS),)
    fields = ((a, spec.operand_bits), *sparse, (b, spec.operand_bits), (c, spec.acc_bits << spec.kahan),
              (np.asarray(code)[:, None], CODE_BITS))
    return np.packbits(np.concatenate([bits_of(*field) for field in fields], axis=1), axis=1, bitorder="little")


def operation_bits(spec: MacSpec) -> int:
    """Bits of an operation's payload."""
    operands = SIDE * ((spec.k + spec.depth) * spec.operand_bits + spec.meta_bits)
    return operands + (SIDE * SIDE * spec.acc_bits << spec.kahan) + CODE_BITS


def operations(spec: MacSpec, a, b, c, code, meta=None) -> list[int]:
    """Return the payload of each operation, as `packed` takes it, as one integer."""
    return [int.from_bytes(row.tobytes(), "little") for row in packed(spec, a, b, c, code, meta)]


def results(spec: MacSpec, words: list[int]) -> np.ndarray:
    """Return D (N, 4, 4) from the words on a tile's output."""
    size = SIDE * SIDE * (spec.acc_bits << spec.kahan) // 8
    return unpacked(spec, b"".join(word.to_bytes(size, "little") for word in words))


def unpacked(spec: MacSpec, raw: bytes) -> np.ndarray:
    """Return D (N, 4, 4) from the words on a tile's output one after another, bytes lowest first."""
    bits = spec.acc_bits << spec.kahan                          # what a compensated sum owes is above D
    return np.frombuffer(raw, f"<u{bits // 8}").reshape(-1, SIDE, SIDE) & ((1 << spec.acc_bits) - 1)
