"""The PEs, what they are sent and what they answer, with the registers of the way, and the links between neighbours."""

from functools import reduce
from operator import add, or_

from amaranth.hdl import Cat, Module, ResetSignal, Signal, Value
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import delayed, leave_open
from rtl.scnn.bus import Widths, broadcast_layout, command_layout, load_layout
from rtl.scnn.issue import Cause
from rtl.scnn.link import Barriers, source, ways
from rtl.scnn.pe import Pe
from rtl.scnn.records import LAYERS_BITS
from rtl.scnn.together import Together
from rtl.scnn.tree import Tree
from spec.scnn.shape import ScnnSpec

EVENTS_LATE = 4         # cycles, besides the way, from a cycle to its counts on the outputs


class Array(wiring.Component):
    """``rows x cols`` PEs. Everything takes ``broadcast_latency`` cycles on its way to them, and as many back.

    Members
    -------
    command, weights, load, load_valid, pe, reading, read_addr : ``In``
        As of a PE; ``pe`` chooses the one that is loaded or read.
    sets : ``Out`` array
        The weight set of each PE.
    released : ``Out(pes)``
        Blocks of weights released.
    layer_released, finished : ``Out(1)``
        All PEs have released the last pair of a layer; drained the run's last pass.
    o_table, o_word : ``Out``
        Read-out, ``2 * broadcast_latency + 3`` cycles after the request.
    slots, causes : ``Out`` arrays
        Slots with products, activation tails, weight tails and placeholders, and PEs without issue by cause, of one cycle,
        ``broadcast_latency + EVENTS_LATE`` cycles later.
    saturated, overflow, bad_run, swept : ``Out``
    overflow_pe, overflow_ring : ``Out``
        The lowest PE that overflows now, and the number of its layer since the reset, modulo 4.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        w = self._w
        slots, many = range(spec.multipliers + 1), range(spec.pes + 1)
        super().__init__({
            "command": In(command_layout(spec)), "weights": In(broadcast_layout(spec)).array(spec.weight_lanes),
            "sets": Out(w.set).array(spec.pes), "load": In(load_layout(spec)),
            "load_valid": In(1), "pe": In(8), "reading": In(1), "read_addr": In(16), "released": Out(spec.pes),
            "layer_released": Out(1), "finished": Out(1), "o_table": Out(w.word + w.count), "o_word": Out(w.act_word),
            "slots": Out(slots).array(4), "causes": Out(many).array(len(Cause)), "saturated": Out(1), "overflow": Out(1),
            "overflow_pe": Out(8), "overflow_ring": Out(LAYERS_BITS), "bad_run": Out(1), "swept": Out(1)})

    def elaborate(self, platform):
        m = Module()
        spec = self._spec
        down = {name: self._down(m, name, getattr(self, name)) for name in ("command", "load", "reading", "read_addr")}
        lanes = [self._down(m, f"weights{number}", lane) for number, lane in enumerate(self.weights)]
        chosen = [self._down(m, f"chosen{pe}", self.pe == pe, far=False) for pe in range(spec.pes)]
        loaded = [self._down(m, f"loaded{pe}", self.load_valid & (self.pe == pe)) for pe in range(spec.pes)]
        self._resets(m)
        pes = [self._library.instantiate(m, f"pe{pe}", lambda: Pe(spec, self._library), module="scnn_pe", reset=reset)
               for pe, reset in enumerate(self._reset)]
        for number, pe in enumerate(pes):
            m.d.comb += [
                pe.command.as_value().eq(down["command"]),
                pe.load.as_value().eq(down["load"]),
                pe.load_valid.eq(loaded[number]),
                pe.reading.eq(down["reading"]),
                pe.read_addr.eq(down["read_addr"]),
            ]
            m.d.comb += [mine.as_value().eq(lane) for mine, lane in zip(pe.weights, lanes, strict=True)]
            m.d.comb += [place.eq(spec.position(number, level)[1]) for level, place in enumerate(pe.places)]
            m.d.comb += self.sets[number].eq(self._up(m, f"set{number}", pe.set))
        self._links(m, pes)
        self._tree(m, pes)
        self._barriers(m, pes)
        self._events(m, pes)
        self._answers(m, pes, chosen)
        return m

    def _resets(self, m):
        """Give each PE a register of the reset of its own if the way to it is long; it holds a cycle longer.

        So the eight of them are not the same to synthesis, and what a PE says in a cycle of its reset is not heard.
        """
        self._reset = [None] * self._spec.pes
        if self._spec.far:
            first = Signal(name="reset_first", reset_less=True)
            m.d.sync += first.eq(ResetSignal())
            for number in range(self._spec.pes):
                self._reset[number] = reset = Signal(name=f"reset{number}", reset_less=True)
                m.d.sync += reset.eq(ResetSignal() | reset & first)

    def _said(self, number, bits):
        """Return what a PE says, 0 while it is reset later than the array."""
        return bits if self._reset[number] is None else bits & ~self._reset[number].replicate(len(bits))

    def _all(self, pes, name):
        """Return one bit that each PE says."""
        return Cat(self._said(number, getattr(pe, name)) for number, pe in enumerate(pes))

    def _down(self, m, name, value, *, far=True):
        """Bring a value to the PEs; ``far`` if they have the last register of the way, on a long one."""
        bits = value.as_value() if hasattr(value, "as_value") else value
        return delayed(m, bits, f"to_{name}", cycles=self._spec.broadcast_latency - (far and self._spec.far))

    def _up(self, m, name, value):
        return delayed(m, value, f"from_{name}", cycles=self._spec.broadcast_latency)

    def _joined(self, m, name, pes, join):
        """Join one bit of each PE after the first register of its way."""
        near = min(1, self._spec.broadcast_latency)
        came = delayed(m, self._all(pes, name), f"near_{name}", cycles=near)
        return delayed(m, join(came), f"from_{name}", cycles=self._spec.broadcast_latency - near)

    def _links(self, m, pes):
        """A sum that goes north comes from the south; nothing comes across the rim."""
        spec = self._spec
        if len(pes) == 1:
            leave_open(pes[0].o_link.as_value())
            leave_open(pes[0].o_sum)
        for number, pe in enumerate(pes):
            for k, way in enumerate(ways(spec)):
                other = source(spec, number, way)
                m.d.comb += [pe.i_link[k].eq(0 if other is None else pes[other].o_link),
                             pe.i_sum[k].eq(0 if other is None else pes[other].o_sum)]

    def _tree(self, m, pes):
        """Join the PEs of the blocks of every level; a PE alone has nobody to talk to."""
        if len(pes) == 1:
            m.d.comb += [
                pes[0].i_bus.eq(0),
                pes[0].i_did.eq(0),
            ]
            for name in ("o_bus", "o_did", "level"):
                leave_open(Value.cast(getattr(pes[0], name)))
            return
        m.submodules.tree = tree = Tree(self._spec)
        for number, (pe, port) in enumerate(zip(pes, tree.pes, strict=True)):
            m.d.comb += [
                pe.i_bus.eq(port.i_bus),
                pe.i_did.eq(port.i_did),
                port.o_bus.eq(pe.o_bus),
                port.o_bus.valid.eq(self._said(number, pe.o_bus.valid)),
                port.o_did.eq(self._said(number, pe.o_did)),
                port.level.eq(pe.level),
            ]

    def _barriers(self, m, pes):
        m.submodules.barriers = barriers = Barriers(self._spec)
        for number, pe in enumerate(pes):
            m.d.comb += [
                barriers.arrive[number].eq(self._said(number, pe.arrive)),
                barriers.level[number].eq(pe.arrive_level),
                pe.go.eq(barriers.go[number]),
            ]
        outs = {"layer_released": "released_together", "finished": "finished_together"}
        together = {}
        for name, place in outs.items():
            m.submodules[place] = together[name] = Together(len(pes))
            m.d.comb += together[name].come.eq(self._up(m, name, self._all(pes, name)))
        m.d.comb += [
            self.layer_released.eq(together["layer_released"].all),
            self.finished.eq(together["finished"].all),
            self.released.eq(self._up(m, "released", self._all(pes, "weights_released"))),
        ]

    def _events(self, m, pes):
        for name in ("saturated", "bad_run"):
            m.d.comb += getattr(self, name).eq(self._joined(m, name, pes, lambda bits: bits.any()))
        m.d.comb += self.swept.eq(self._joined(m, "swept", pes, lambda bits: bits.all()))
        self._overflow(m, pes)
        for k, total in enumerate(self.slots):
            came = [self._up(m, f"slots{k}_{number}", pe.slots[k]) for number, pe in enumerate(pes)]
            m.d.sync += total.eq(reduce(add, came))
        for cause in Cause:
            came = [self._up(m, f"cause{cause.value}_{number}", pe.idle & (pe.cause == cause)) for number, pe in enumerate(pes)]
            m.d.sync += self.causes[cause.value].eq(reduce(add, came))

    def _overflow(self, m, pes):
        """Choose the lowest PE that overflows after the first register of its way."""
        near = min(1, self._spec.broadcast_latency)
        over, rings = (delayed(m, Cat(getattr(pe, name) for pe in pes), f"near_{name}", cycles=near)
                       for name in ("overflow", "layer_ring"))
        number, ring = Signal.like(self.overflow_pe, name="full_pe"), Signal(LAYERS_BITS, name="full_ring")
        for pe in reversed(range(len(pes))):
            with m.If(over[pe]):
                m.d.comb += [
                    number.eq(pe),
                    ring.eq(rings.word_select(pe, LAYERS_BITS)),
                ]
        found = delayed(m, Cat(over.any(), ring, number), "from_overflow", cycles=self._spec.broadcast_latency - near)
        m.d.comb += Cat(self.overflow, self.overflow_ring, self.overflow_pe).eq(found)

    def _answers(self, m, pes, chosen):
        for name in ("o_table", "o_word"):
            width = len(getattr(self, name))
            kept = []
            for number, pe in enumerate(pes):
                value = Signal(width, name=f"{name}_{number}")
                m.d.sync += value.eq(getattr(pe, name) & chosen[number].replicate(width))
                kept.append(value)
            m.d.comb += getattr(self, name).eq(self._up(m, name, reduce(or_, kept)))
