"""All blocks of the array side by side in one module, so that one build of the simulator serves all their benches."""

import json
from collections.abc import Collection
from dataclasses import asdict
from typing import Any

from amaranth.hdl import Const, Module, Value
from amaranth.lib import data, wiring

from rtl.eie.actrw import ActivationReadWrite
from rtl.eie.arithmetic import Arithmetic
from rtl.eie.control import Control
from rtl.eie.lnzd import LnzdLeaf, LnzdNode
from rtl.eie.loader import Loader
from rtl.eie.picker import EntryPicker
from rtl.eie.pointer import PointerRead
from rtl.eie.queue import ActivationQueue
from rtl.eie.requant import Requantiser
from rtl.eie.spmat import MatrixRead
from rtl.eie.token import TokenBuffer
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


SHORT = {"command": "cmd", "config": "cfg", "broadcast": "bc"}
WHOLE = {"loader": ("i",), "leaf": ("o",), "leaf3": ("o",), "node": ("i", "o"), "node3": ("i", "o"), "control": ("token",)}
"""Streams of which a bench sees the payload as one number."""


def flat(name: str, block: wiring.Component) -> dict[str, tuple[wiring.Member, Any]]:
    """Return the ports of a block by plain names, with their values; fields of records are ports of their own."""
    ports = {}
    for path, member, value in block.signature.flatten(block):
        words = [str(SHORT.get(part, part)) for part in path if part != "payload"]
        plain = words[0] + "".join(word if word.isdigit() else f"_{word}" for word in words[1:])
        if isinstance(Value.cast(value), Const):
            continue                                            # such as ``ready`` of a stream that is always taken
        if isinstance(member.shape, data.StructLayout) and path[0] not in WHOLE.get(name, ()):
            for field in member.shape.members:
                ports[f"{plain}_{field}"] = member.flow(member.shape[field].shape), value[field]
        else:
            ports[plain] = member.flow(Value.cast(value).shape()), Value.cast(value)
    return ports


class Blocks(wiring.Component):
    """The blocks, unconnected; port ``p`` of block ``b``, by the names of `flat`, is port ``b__p``."""

    def __init__(self, spec: EieSpec, library: Library, only: Collection[str] = ()):
        self._blocks = {name: block for name, block in blocks(spec, library).items() if not only or name in only}
        super().__init__({f"{name}__{port}": member for name, block in self._blocks.items()
                          for port, (member, _) in flat(name, block).items()})

    def elaborate(self, platform):
        m = Module()
        for name, block in self._blocks.items():
            m.submodules[name] = block
            for port, (member, inner) in flat(name, block).items():
                outer = getattr(self, f"{name}__{port}")
                m.d.comb += inner.eq(outer) if member.flow == wiring.In else outer.eq(inner)
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
