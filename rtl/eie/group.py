"""A group of PEs: one level of the tree that carries commands and broadcasts down and detection, stops and events up."""

from amaranth.hdl import Cat, Module, Mux, ResetSignal, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.bus import PE_EVENTS, Op, Widths, events
from rtl.eie.lnzd import LnzdLeaf, LnzdNode
from rtl.eie.pe import Pe
from rtl.eie.token import token_layout
from rtl.emit import Library
from rtl.parts import delayed
from spec.eie import ceil_log2

FANOUT = 4
"""Children of a group, as in the paper's detection quadtree."""


def levels(pes: int) -> int:
    """Return the number of group levels above the leaves that ``pes`` PEs need."""
    return max(0, -(-ceil_log2(pes) // 2) - 1)


def down_layout(spec) -> data.StructLayout:
    """Return the record that the tree passes down together with the operation of a command.

    It holds the rest of the command, the PE ``pe`` that the command is for, or ``everyone`` for all PEs, the configuration and
    the broadcast.
    """
    w = Widths(spec)
    command = w.command.members
    return data.StructLayout({"addr": command["addr"], "data": command["data"], "pe": 8, "everyone": 1, "config": w.config,
                              "broadcast": w.broadcast})


class Group(wiring.Component):
    """``pes`` PEs (level 0) or groups that hold them (level 1 and up), with one detection leaf or node.

    With ``level < broadcast_latency`` whatever enters has a register, and so has whatever the PEs answer: at level 0 those
    registers are in the PEs themselves, but for the reset's. Events are summed and registered at every level.

    Members
    -------
    op : ``In(Op)``, down : ``In(down_layout(spec))``
        Command and broadcast.
    o : ``Out(stream.Signature(token_layout(spec, ...)))``
        Tokens of the scan.
    status : ``Out(Widths.status)``
        Any PE asks for a stop; all PEs are idle; an addition saturated.
    event : ``Out(events(PE_EVENTS, ...))``
        Number of PEs with the event.
    """

    def __init__(self, spec, library: Library, *, level: int, pes: int):
        self._spec, self._library, self._w, self._level, self._pes = spec, library, Widths(spec), level, pes
        super().__init__({
            "op": In(Op), "down": In(down_layout(spec)), "o": Out(stream.Signature(token_layout(spec, 2 * (level + 1)))),
            "status": Out(self._w.status), "event": Out(events(PE_EVENTS, pes.bit_length()))})

    def elaborate(self, platform):
        m = Module()
        registered = self._level < self._spec.broadcast_latency
        domain = m.d.sync if registered else m.d.comb
        self._reset = Signal(reset_less=True)
        domain += self._reset.eq(ResetSignal())
        if self._level == 0:
            self._answer(m, self._pe_children(m), registers=0)
            return m
        down = Signal(down_layout(self._spec).size)
        domain += down.eq(self.down)
        children = self._group_children(m, down)
        for k, child in enumerate(children):
            domain += child.op.eq(self._op_of(k))
        self._answer(m, children, registers=int(registered))
        return m

    def _op_of(self, k):
        """Return the command's operation for child ``k``: NOP if it is not meant."""
        return Mux(self.down.everyone | (self.down.pe.word_select(self._level, 2) == k), self.op, Op.NOP)

    def _pe_children(self, m):
        spec, down = self._spec, self.down
        m.submodules.lnzd = leaf = LnzdLeaf(spec, self._library, self._pes)
        pes = [self._library.instantiate(m, f"pe{k}", lambda: Pe(spec, self._library), module="eie_pe", reset=self._reset)
               for k in range(self._pes)]
        for k, pe in enumerate(pes):
            m.d.comb += [
                pe.command.op.eq(self._op_of(k)),
                pe.command.addr.eq(down.addr),
                pe.command.data.eq(down.data),
                pe.config.eq(down.config),
                pe.broadcast.eq(down.broadcast),
                pe.scan.eq(leaf.scan),
                leaf.act[k].eq(pe.act),
                leaf.nonzero[k].eq(pe.nonzero),
            ]
        last = min(1, spec.broadcast_latency)       # as in the PEs
        m.d.comb += [
            leaf.command.op.eq(delayed(m, self.op, "scan_op", cycles=last)),
            leaf.command.data.eq(delayed(m, down.data, "scan_data", cycles=last)),
        ]
        wiring.connect(m, leaf.o, wiring.flipped(self.o))
        return pes

    def _group_children(self, m, down):
        size = FANOUT ** self._level
        counts = [min(size, self._pes - start) for start in range(0, self._pes, size)]
        m.submodules.lnzd = node = LnzdNode(self._spec, self._library, len(counts), 2 * self._level)
        groups = []
        for k, count in enumerate(counts):
            group = add_group(m, f"group{k}", self._spec, self._library, level=self._level - 1, pes=count, reset=self._reset)
            m.d.comb += group.down.eq(down)
            wiring.connect(m, group.o, node.i[k])
            groups.append(group)
        wiring.connect(m, node.o, wiring.flipped(self.o))
        return groups

    def _answer(self, m, children, *, registers):
        """Join what the children answer; stop and idle, which the control unit waits for, in ``registers`` registers."""
        stop = Cat(child.status.stop for child in children).any()
        idle = Cat(child.status.idle for child in children).all()
        saturated = Cat(child.status.saturated for child in children).any()
        m.d.comb += [
            self.status.stop.eq(delayed(m, stop, "stop", cycles=registers)),
            self.status.idle.eq(delayed(m, idle, "idle", cycles=registers)),
            self.status.saturated.eq(delayed(m, saturated, "saturated", cycles=1)),
        ]
        for name in PE_EVENTS:
            m.d.sync += self.event[name].eq(sum((child.event[name] for child in children), 0))


def add_group(m, name, spec, library, *, level, pes, reset):
    """Add a group to ``m``, reset by ``reset``, and return its ports."""
    return library.instantiate(m, name, lambda: Group(spec, library, level=level, pes=pes),
                               module=f"eie_group{FANOUT ** (level + 1)}_{pes}", reset=reset)
