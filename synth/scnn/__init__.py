"""What an SCNN array takes of an FPGA, and how long an image runs on it."""

from pathlib import Path

from spec.scnn import ScnnSpec
from spec.scnn.shape import LINE_DEPTH, VALUE_BITS
from synth.memory import blocks, regfile
from synth.scnn.floorplan import places

__all__ = ["FITTED", "MAPPED_DELAY", "SHOWN", "cycles", "features", "places"]

WORD_BITS = 64              # of a program's word
TABLE_BITS = 32             # of a block table's entry as a PE keeps it
OFFSET_KINDS = 2            # bits of a lane's kind beside value and offset

FITTED = ("pes_bits", "one", "pes_switch", "pes", "pes_ram", "pes_products")
"""Features whose weights are fitted to measurements, the ones that matter most first; the others are counts."""

MAPPED_DELAY = 3_000
"""Picoseconds that logic may take when it is mapped: a few more than the least, for 2 % fewer look-up tables."""

SHOWN = ("rows", "cols", "f", "i", "banks")
"""Parameters that a table of measurements shows."""


def features(spec: ScnnSpec) -> dict[str, float]:
    """Return what the area of an array grows with, by name."""
    pes, products = spec.pes, spec.products
    item = spec.sum_bits + spec.address_bits + 1
    item_of_vector = VALUE_BITS + spec.address_bits + OFFSET_KINDS
    pe = 2 * blocks(WORD_BITS, spec.program) + blocks(TABLE_BITS, spec.blocks) + blocks(spec.act_word_bits, spec.memory_words)
    pe += blocks(spec.f * item_of_vector, spec.weight_words) + blocks(spec.i * item_of_vector, spec.act_words)
    pe += spec.banks * blocks(spec.sum_bits, 2 * spec.bank_entries)
    product = min(2 * VALUE_BITS, spec.sum_bits)
    if spec.queue_blocks:
        pe += 2 * products * (blocks(product + spec.bank_entries.bit_length() - 1, spec.queue_depth)
                              + blocks(product, LINE_DEPTH))
    elif spec.lean and spec.crossbar_stages == 1:
        pe += 2 * products * (blocks(product, spec.queue_depth) + blocks(spec.bank_entries.bit_length(), spec.queue_depth))
    lane = blocks(WORD_BITS, spec.program) + spec.f * blocks(spec.address_bits, spec.taps)
    one = spec.weight_lanes * lane + blocks(WORD_BITS, spec.layers)
    if spec.weight_memory:
        one += blocks(spec.weight_port_bits, spec.weight_memory)
    return {"one": 1, "pes": pes, "pes_ram": pes * 2 * products * regfile(item, spec.queue_depth),
            "pes_switch": pes * products * spec.banks / 2 * spec.sum_bits / 32, "pes_products": pes * products,
            "pes_bits": pes * spec.banks * spec.sum_bits, "dsp": pes * (products + 1) + spec.weight_lanes * spec.f,
            "bram": pes * pe + one}


def cycles(image: Path, inputs: Path | None, spec: ScnnSpec) -> int:
    """Return the cycles of an image on an array, as `synth.scnn.model` counts them."""
    from synth.scnn import model  # brings NumPy and golden, which an estimate does without

    return model.cycles(image, inputs, spec)
