"""Widths and layouts that the blocks of the SCNN array share."""

from amaranth.hdl import Cat, Const, Mux, Signal
from amaranth.lib import data

from spec.scnn.shape import ACT_ENTRY_BITS, MAX_SLOTS, VALUE_BITS, ScnnSpec

ADDRESS_FIELD_BITS = 12     # of a record in a program
PASS_BITS, PAIR_BITS, BLOCK_BITS = 12, 16, 13


class Widths:
    """Numbers that follow from a specification."""

    def __init__(self, spec: ScnnSpec):
        self.address = spec.address_bits
        self.bank = spec.banks.bit_length() - 1
        self.entry = spec.bank_entries.bit_length() - 1
        self.sum = spec.sum_bits
        self.product = min(2 * VALUE_BITS, spec.sum_bits)
        self.word = spec.memory_words.bit_length() - 1
        self.act_word = spec.i * ACT_ENTRY_BITS
        self.block = spec.blocks.bit_length() - 1
        self.program = spec.program.bit_length() - 1
        self.channel = max(1, (spec.kc - 1).bit_length())
        self.slots = spec.products.bit_length()
        self.set = max(1, (spec.pes - 1).bit_length())


def lane_layout(spec: ScnnSpec) -> data.StructLayout:
    """Return a lane of a vector: value, offset, and its kind; a placeholder is neither live nor tail."""
    return data.StructLayout({"value": VALUE_BITS, "offset": spec.address_bits, "live": 1, "tail": 1})


def vector_layout(spec: ScnnSpec, lanes: int) -> data.ArrayLayout:
    """Return a vector of ``lanes`` lanes."""
    return data.ArrayLayout(lane_layout(spec), lanes)


def bus_layout(spec: ScnnSpec) -> data.StructLayout:
    """Return a transfer of activations: a vector, whether it ends its block, its part, and whether there is none."""
    return data.StructLayout({"valid": 1, "last": 1, "ends": 1, "empty": 1, "vector": vector_layout(spec, spec.i)})


def placed(spec: ScnnSpec, address):
    """Return bank and entry of local address L: the bank is its low bits, folded with the entry's."""
    w = Widths(spec)
    low, entry = address[:w.bank], address[w.bank:]
    bank = Cat(low)
    for start in range(0, len(entry), w.bank):
        piece = entry[start:start + w.bank]
        bank = bank ^ Cat(piece, Const(0, w.bank - len(piece))) if len(piece) < w.bank else bank ^ piece
    return bank[:w.bank], entry


def fields(words, table, names=None):
    """Return the fields of a record, a slice each, from its words joined together."""
    return {name: words[low:low + width] for name, (low, width) in table.items() if names is None or name in names}


def like(value, name):
    """Return a register's signal of the width of ``value``."""
    return Signal(len(value), name=name, reset_less=True)


def slot_count(words: int, slot_log2):
    """Return the slots of a buffer of so many words."""
    slots = Const(words) >> slot_log2
    return Mux(slots > MAX_SLOTS, MAX_SLOTS, slots)
