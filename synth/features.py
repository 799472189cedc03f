"""Numbers of a machine that its area grows with, and its multipliers and block memories, which are counted exactly."""

from collections.abc import Callable
from typing import Any

from spec.mac.number import FORMATS

SHAPES = {36: 512, 18: 1024, 9: 2048, 4: 4096, 2: 8192, 1: 16384}
"""Width and depth of an 18 Kbit block memory; 36 bits with one write and one read port only."""

REGFILE_SLOTS = 64          # the most slots of a PE whose register files are in LUT RAM
ROWS = 512                  # at most, of a MAC machine's buffers
FLAG_BITS = 4               # of a 32-bit lane of matrix memory: which of its entries are real


def blocks(width: int, depth: int, *, dual: bool = False, lane: int = 0) -> int:
    """Return the 18 Kbit blocks of a memory: as many of the widest shape that is deep enough.

    With ``dual`` a block reads two addresses a cycle and is 18 bits wide at most. With ``lane`` the memory is
    written by lanes of that many bits, each in blocks of its own.
    """
    wide = next(shape for shape, most in SHAPES.items() if depth <= most and not (dual and shape > 18))
    if lane:
        return width // lane * -(-lane // wide)
    return -(-width // wide)


def regfile(width: int, depth: int) -> int:
    """Return the look-up tables of a LUT RAM: four for 16 words of 4 bits."""
    return 4 * -(-width // 4) * -(-depth // 16)


def _bits(value: int) -> int:
    return (value - 1).bit_length()


def eie(spec: dict[str, Any]) -> dict[str, float]:
    """Return the features of an EIE array."""
    pes, slots = spec["pes"], spec["slots"]
    entry_bits = spec["codebook_bits"] + spec["index_bits"]
    words = spec["entries"] * entry_bits // spec["word_bits"]
    small = slots <= REGFILE_SLOTS
    queued = spec["act_bits"] + 2 * _bits(spec["entries"])
    ram = regfile(spec["weight_bits"], 1 << spec["codebook_bits"]) + regfile(queued, spec["queue_depth"])
    bram = blocks(spec["word_bits"] // 32 * (32 + FLAG_BITS), words, lane=32 + FLAG_BITS)
    bram += blocks(_bits(spec["entries"]), spec["columns"], dual=True)
    if small:
        ram += regfile(spec["acc_bits"], slots) + regfile(spec["act_bits"], 2 * slots)
    else:
        bram += blocks(spec["acc_bits"], slots) + blocks(spec["act_bits"], 2 * slots)
    entries = spec["word_bits"] // entry_bits
    wide = spec["act_bits"] + spec["weight_bits"] + spec["acc_bits"]
    return {"one": 1, "pes": pes, "pes_ram": pes * ram, "pes_entries": pes * entries, "pes_bits": pes * wide,
            "pes_forwarding": 0 if small else pes * spec["acc_bits"], "dsp": pes, "bram": pes * bram}


def mac(spec: dict[str, Any]) -> dict[str, float]:
    """Return the features of a MAC machine."""
    units = spec["tiles"] * 16 // spec["fold"]
    operand = 4 * spec["k"] * max(FORMATS[name].bits for name in spec["formats"])
    result = 16 * (16 if spec["acc"] == "fp16" else 32)
    rows = blocks(64 * -(-operand // 64), ROWS)
    bram = rows + spec["tiles"] * (rows + blocks(result, ROWS))
    terms = units * spec["k"]
    floats = [FORMATS[name].man_bits + 1 for name in spec["formats"] if FORMATS[name].is_float]
    return {"one": 1, "units": units * bool(floats), "terms": terms * bool(floats), "terms_int": terms * (not floats),
            "terms_bits": terms * max(floats, default=0), "terms_formats": terms * (len(spec["formats"]) - 1),
            "tiles_bits": spec["tiles"] * operand, "units_exact": units * (spec["arch"] == "exact"), "dsp": terms, "bram": bram}


FEATURES: dict[str, Callable[[dict[str, Any]], dict[str, float]]] = {"eie": eie, "mac": mac}
FITTED = {"eie": ("one", "pes", "pes_ram", "pes_entries", "pes_bits", "pes_forwarding"),
          "mac": ("units", "one", "terms", "tiles_bits", "terms_formats", "units_exact", "terms_int", "terms_bits")}
"""Features whose weights are fitted to measurements, the ones that matter most first; the others are counts."""


def of(kind: str, spec: dict[str, Any]) -> dict[str, float]:
    """Return the features of a machine, or say which machines there are."""
    if kind not in FEATURES:
        raise ValueError(f"design must be one of {', '.join(FEATURES)}, not {kind!r}; there is no table of another")
    return FEATURES[kind](spec)
