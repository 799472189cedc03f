"""A group of PEs: one level of the tree that carries commands and broadcasts down and detection, stops and events up."""

from amaranth.hdl import Cat, Module, Mux, ResetSignal, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.bus import EVENTS, Op, Widths
from rtl.eie.lnzd import LnzdLeaf, LnzdNode, token_layout
from rtl.eie.pe import Pe
from rtl.emit import Library
from rtl.parts import delayed
from spec.eie import ceil_log2

FANOUT = 4
"""Children of a group, as in the paper's detection quadtree."""


def levels(pes: int) -> int:
    """Return the number of group levels above the leaves that ``pes`` PEs need."""
    return max(0, -(-ceil_log2(pes) // 2) - 1)


def down_layout(spec) -> data.StructLayout:
    """Return what goes down the tree beside the command's op: command, broadcast, and what stands still during a layer."""
    w = Widths(spec)
    ports = {name: member.shape for name, member in (w.command() | w.config()).items() if name != "cmd_op"}
    return data.StructLayout(ports | {"cmd_pe": 8, "cmd_all": 1, "bc_valid": 1, "bc_act": spec.act_bits, "bc_first": 1,
                                      "bc_column": w.column})


class Group(wiring.Component):
    """``pes`` PEs (level 0) or groups that hold them (level 1 and up), with one detection leaf or node.

    With ``level < broadcast_latency`` whatever enters has a register, and so has whatever the PEs answer: at level 0 those
    registers are in the PEs themselves, but for the
    reset's. Events are summed and registered at every level.

    Members
    -------
    op : ``In(3)``, down : ``In``, the bits of ``down_layout(spec)``
        Command, for the PE ``cmd_pe`` or, with ``cmd_all``, for all; broadcast with the address of its column's pointer.
    o, o_valid, o_ready
        Tokens of the scan.
    stop, idle, saturated : ``Out(1)``, ev_* : ``Out``
        Any PE asks for a stop; all PEs are idle; an addition saturated; number of PEs with the event.
    """

    def __init__(self, spec, library: Library, *, level: int, pes: int):
        self._spec, self._library, self._w, self._level, self._pes = spec, library, Widths(spec), level, pes
        super().__init__(self._w.status() | {f"ev_{name}": Out(pes.bit_length()) for name in EVENTS} | {
            "op": In(3), "down": In(down_layout(spec).size), "o": Out(token_layout(spec, 2 * (level + 1)).size),
            "o_valid": Out(1),
            "o_ready": In(1)})

    def elaborate(self, platform):
        m = Module()
        layout = down_layout(self._spec)
        registered = self._level < self._spec.broadcast_latency
        domain = m.d.sync if registered else m.d.comb
        self._reset = Signal(reset_less=True)
        domain += self._reset.eq(ResetSignal())
        if self._level == 0:
            children = self._pe_children(m, data.View(layout, self.down))
            self._answer(m, children, m.d.comb)
            return m
        down = Signal(layout.size)
        domain += down.eq(self.down)
        children = self._group_children(m, down)
        for k, child in enumerate(children):
            domain += child.op.eq(self._op_of(data.View(layout, self.down), k))
        self._answer(m, children, domain)
        return m

    def _op_of(self, incoming, k):
        """Return the command's op for child ``k``: NOP if it is not meant."""
        return Mux(incoming.cmd_all | (incoming.cmd_pe.word_select(self._level, 2) == k), self.op, Op.NOP)

    def _pe_children(self, m, down):
        spec = self._spec
        m.submodules.lnzd = scan = LnzdLeaf(spec, self._library, self._pes)
        pes = [self._library.place(m, f"pe{k}", lambda: Pe(spec, self._library), module="eie_pe", reset=self._reset)
               for k in range(self._pes)]
        for k, pe in enumerate(pes):
            m.d.comb += [getattr(pe, name).eq(down[name]) for name in down.shape().members if hasattr(pe, name)]
            m.d.comb += [
                pe.cmd_op.eq(self._op_of(down, k)), pe.scan_addr.eq(scan.scan_addr), pe.scan_read.eq(scan.scan_read),
                pe.scan_load.eq(scan.scan_load), getattr(scan, f"act{k}").eq(pe.act),
                getattr(scan, f"nonzero{k}").eq(pe.nonzero)]
        last = min(1, spec.broadcast_latency)       # as in the PEs
        m.d.comb += [scan.cmd_op.eq(delayed(m, self.op, "scan_op", cycles=last)),
                     scan.cmd_data.eq(delayed(m, down.cmd_data, "scan_data", cycles=last))]
        self._output(m, scan)
        return pes

    def _group_children(self, m, down):
        size = FANOUT ** self._level
        counts = [min(size, self._pes - start) for start in range(0, self._pes, size)]
        m.submodules.lnzd = node = LnzdNode(self._spec, self._library, len(counts), 2 * self._level)
        groups = []
        for k, count in enumerate(counts):
            group = place(m, f"group{k}", self._spec, self._library, level=self._level - 1, pes=count,
                          reset=self._reset)
            m.d.comb += [
                group.down.eq(down), getattr(node, f"i{k}").eq(group.o), getattr(node, f"i{k}_valid").eq(group.o_valid),
                group.o_ready.eq(getattr(node, f"i{k}_ready"))]
            groups.append(group)
        self._output(m, node)
        return groups

    def _output(self, m, scan):
        m.d.comb += [self.o.eq(scan.o), self.o_valid.eq(scan.o_valid), scan.o_ready.eq(self.o_ready)]

    def _answer(self, m, children, domain):
        domain += [self.stop.eq(Cat(child.stop for child in children).any()),
                   self.idle.eq(Cat(child.idle for child in children).all())]
        m.d.sync += self.saturated.eq(Cat(child.saturated for child in children).any())
        for name in EVENTS:
            m.d.sync += getattr(self, f"ev_{name}").eq(sum((getattr(child, f"ev_{name}") for child in children), 0))


def place(m, name, spec, library, *, level, pes, reset):
    """Add a group to ``m``, reset by ``reset``, and return its ports."""
    return library.place(m, name, lambda: Group(spec, library, level=level, pes=pes),
                         module=f"eie_group{FANOUT ** (level + 1)}_{pes}", reset=reset)
