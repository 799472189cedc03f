"""Widths and layouts that the blocks of the SCNN array share."""

from amaranth.hdl import Cat, Const, Mux, Signal
from amaranth.lib import data

from spec.framing import WORD_BITS
from spec.scnn.packet import BLOCK
from spec.scnn.shape import ACT_ENTRY_BITS, BIAS_BITS, MAX_SLOTS, VALUE_BITS, ScnnSpec

ADDRESS_FIELD_BITS = 12     # of a record in a program
PASS_BITS, PAIR_BITS = 12, 16
DRAINED_BITS = 14           # of the number of a pass since the reset: a part waits for one of the last 4,096 before its layer
COUNT_BITS = BLOCK["count"][1]
LOADS = ("supply", "drain", "blocks", "activations")     # memories of a PE that the host writes


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
        self.count = min(COUNT_BITS, (spec.memory_words * spec.i).bit_length())     # entries of a block: a memory holds no more
        self.program = spec.program.bit_length() - 1
        self.channel = max(1, (spec.kc - 1).bit_length())
        self.slots = spec.products.bit_length()
        self.set = max(1, (spec.pes - 1).bit_length())
        self.passes = min(PASS_BITS, self.block + 1)        # each writes a block
        self._most = {
            "passes": self.passes, "parts": spec.pes.bit_length(), "segments": self.program - 1, "steps": self.program - 1,
            "level": max(1, (len(spec.block_sides) - 1).bit_length()), "set": self.set, "source": self.set,
            "weight_slot_log2": (spec.weight_words.bit_length() - 1).bit_length(),
            "act_slot_log2": (spec.act_words.bit_length() - 1).bit_length(),
            "product_shift": max(1, spec.product_shift_bits), "first": self.block, "advance": self.block, "block": self.block,
            "word": self.word + 1, "limit": self.word + 1, "kc": spec.kc.bit_length(), "nk": spec.kc.bit_length(),
            "k0": self.channel, "cycles": self.address + 2,
            **dict.fromkeys(("base", "stride", "start", "dy", "wstride", "delta"), self.address)}

    def of_record(self, table) -> dict[str, int]:
        """Return the widths of a record's fields as this array uses them: bits above are 0, or are not of its addresses."""
        return {name: min(width, self._most.get(name, width)) for name, (_, width) in table.items()}


def lane_layout(spec: ScnnSpec) -> data.StructLayout:
    """Return a lane of a vector: value, offset, and its kind; a placeholder is neither live nor tail."""
    return data.StructLayout({"value": VALUE_BITS, "offset": spec.address_bits, "live": 1, "tail": 1})


def vector_layout(spec: ScnnSpec, lanes: int) -> data.ArrayLayout:
    """Return a vector of ``lanes`` lanes."""
    return data.ArrayLayout(lane_layout(spec), lanes)


def bus_layout(spec: ScnnSpec) -> data.StructLayout:
    """Return a transfer of activations: a vector, whether it ends its block, its part, and whether there is none."""
    return data.StructLayout({"valid": 1, "last": 1, "ends": 1, "empty": 1, "vector": vector_layout(spec, spec.i)})


def command_layout(spec: ScnnSpec) -> data.StructLayout:
    """Return the start of a layer: where its records begin, whether it is the run's first and its last."""
    program = Widths(spec).program
    return data.StructLayout({"start": 1, "supply": program, "drain": program, "first": 1, "final": 1})


def broadcast_layout(spec: ScnnSpec) -> data.StructLayout:
    """Return what a weight lane sends to a set: a vector of a block, or a bias with its place in the ring."""
    return data.StructLayout({
        "valid": 1, "set": Widths(spec).set, "last": 1, "empty": 1, "vector": vector_layout(spec, spec.f), "bias": 1,
        "bias_addr": Widths(spec).channel + 2, "bias_value": BIAS_BITS})


def load_layout(spec: ScnnSpec) -> data.StructLayout:
    """Return a write of the host to a memory of a PE."""
    return data.StructLayout({"kind": len(LOADS), "addr": 16, "data": max(WORD_BITS, Widths(spec).act_word)})


def side_layout(spec: ScnnSpec) -> data.StructLayout:
    """Return an operation of the side port: READ has neither ``take`` nor ``add``."""
    w = Widths(spec)
    return data.StructLayout({"bank": w.bank, "entry": w.entry, "take": 1, "add": 1})


def mark_layout(spec: ScnnSpec) -> data.StructLayout:
    """Return what post-processing must know of an operation, or of a cycle without one: a gap, or a channel of no outputs."""
    w = Widths(spec)
    return data.StructLayout({"valid": 1, "gap": 1, "none": 1, "first": 1, "last": 1, "ignored": 1, "channel_end": 1,
                              "channel": w.channel, "k": w.channel})


def bank_and_entry(spec: ScnnSpec, address):
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
