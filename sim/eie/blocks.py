"""All blocks of the array side by side in one module, so that one build of the simulator serves all their benches."""

import json
from collections.abc import Collection
from dataclasses import asdict

from amaranth.hdl import Module
from amaranth.lib import wiring

from rtl.eie.actrw import ActivationReadWrite
from rtl.eie.arithmetic import Arithmetic
from rtl.eie.control import Control
from rtl.eie.lnzd import LnzdLeaf, LnzdNode, TokenBuffer
from rtl.eie.loader import Loader
from rtl.eie.picker import EntryPicker
from rtl.eie.pointer import PointerRead
from rtl.eie.queue import ActivationQueue
from rtl.eie.requant import Requantiser
from rtl.eie.spmat import MatrixRead
from rtl.emit import Library
from spec.eie import EieSpec, preset

TOP = "eie_blocks"
TOKEN_BITS = 19

SPECS = {
    "default": preset("default", pes=3, slots=16, entries=512, columns=64, index_bits=2, broadcast_latency=1, queue_depth=6,
                      layers=4),
    "paper": preset("paper", pes=5, slots=128, entries=1024, columns=64, index_bits=3, codebook_bits=5, word_bits=128,
                    layers=4, queue_depth=5),
    "odd": preset("ecp5", pes=2, slots=64, entries=512, columns=32, index_bits=3, codebook_bits=4, act_bits=12, acc_bits=28,
                  queue_depth=9, codebooks=2, skip_empty=False, batch_slots=3),
}
"""Machines whose blocks are tried: the fast one, the plain one with accumulators in block RAM, one of odd widths."""


def blocks(spec: EieSpec, library: Library) -> dict[str, wiring.Component]:
    """Return the blocks by the names that their ports carry."""
    return {
        "pointer": PointerRead(spec, library), "queue": ActivationQueue(spec, library), "spmat": MatrixRead(spec, library),
        "picker": EntryPicker(spec), "arithmetic": Arithmetic(spec, library), "requantiser": Requantiser(spec),
        "actrw": ActivationReadWrite(spec, library), "buffer": TokenBuffer(TOKEN_BITS), "leaf": LnzdLeaf(spec, library, 4),
        "leaf3": LnzdLeaf(spec, library, 3), "node": LnzdNode(spec, library, 4, 2), "node3": LnzdNode(spec, library, 3, 2),
        "loader": Loader(spec, library), "control": Control(spec)}


class Blocks(wiring.Component):
    """The blocks, unconnected; port ``p`` of block ``b`` is port ``b__p``."""

    def __init__(self, spec: EieSpec, library: Library, only: Collection[str] = ()):
        self._blocks = {name: block for name, block in blocks(spec, library).items() if not only or name in only}
        super().__init__({f"{name}__{port}": member for name, block in self._blocks.items()
                          for port, member in block.signature.members.items()})

    def elaborate(self, platform):
        m = Module()
        for name, block in self._blocks.items():
            m.submodules[name] = block
            for port, member in block.signature.members.items():
                outer, inner = getattr(self, f"{name}__{port}"), getattr(block, port)
                if not member.is_port:
                    wiring.connect(m, wiring.flipped(outer), inner)
                elif member.flow == wiring.In:
                    m.d.comb += inner.eq(outer)
                else:
                    m.d.comb += outer.eq(inner)
        return m


def verilog(spec: EieSpec, only: Collection[str] = ()) -> str:
    """Return the Verilog of the module ``TOP``, with all blocks or only some."""
    library = Library()
    library.add(Blocks(spec, library, only), module=TOP)
    return library.verilog()


def to_text(spec: EieSpec) -> str:
    """Return a specification as an environment variable carries it."""
    return json.dumps(asdict(spec))


def from_text(text: str) -> EieSpec:
    """Return the specification that `to_text` wrote."""
    return EieSpec(**json.loads(text))
