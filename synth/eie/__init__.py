"""What an EIE array takes of an FPGA, and how long an image runs on it."""

from pathlib import Path

from spec.eie import EieSpec, ceil_log2
from synth.memory import blocks, regfile

REGFILE_SLOTS = 64          # the most slots of a PE whose register files are in LUT RAM
LANE_BITS, FLAG_BITS = 32, 4                # of a lane of matrix memory: entries, and which of them are real

FITTED = ("one", "pes", "pes_ram", "pes_entries", "pes_bits", "pes_forwarding")
"""Features whose weights are fitted to measurements, the ones that matter most first; the others are counts."""

SHOWN = ("pes", "entries", "columns", "slots", "queue_depth")
"""Parameters that a table of measurements shows."""


def features(spec: EieSpec) -> dict[str, float]:
    """Return what the area of an array grows with, by name."""
    pes, slots = spec.pes, spec.slots
    small = slots <= REGFILE_SLOTS
    queued = spec.act_bits + 2 * spec.pointer_bits
    ram = regfile(spec.weight_bits, 1 << spec.codebook_bits) + regfile(queued, spec.queue_depth)
    lane = LANE_BITS + FLAG_BITS
    bram = blocks(spec.word_bits // LANE_BITS * lane, spec.words, lane=lane)
    bram += blocks(ceil_log2(spec.entries), spec.columns, dual=True)
    if small:
        ram += regfile(spec.acc_bits, slots) + regfile(spec.act_bits, 2 * slots)
    else:
        bram += blocks(spec.acc_bits, slots) + blocks(spec.act_bits, 2 * slots)
    wide = spec.act_bits + spec.weight_bits + spec.acc_bits
    return {"one": 1, "pes": pes, "pes_ram": pes * ram, "pes_entries": pes * spec.word_entries, "pes_bits": pes * wide,
            "pes_forwarding": 0 if small else pes * spec.acc_bits, "dsp": pes, "bram": pes * bram}


def cycles(image: Path, inputs: Path | None, spec: EieSpec) -> int:
    """Return the cycles of an image on an array, as `synth.eie.model` counts them."""
    from synth.eie import model  # brings NumPy and golden, which an estimate does without

    return model.cycles(image, inputs, spec)
