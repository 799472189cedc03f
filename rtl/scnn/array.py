"""The PEs, what they are sent and what they answer, with the registers of the way, and the links between neighbours."""

from functools import reduce
from operator import add, or_

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Submodules
from rtl.parts import delayed, leave_open
from rtl.scnn.bus import Widths
from rtl.scnn.compressor import COUNT_BITS
from rtl.scnn.issue import Cause
from rtl.scnn.pe import Pe, broadcast_layout, command_layout, load_layout
from rtl.scnn.together import Together
from spec.scnn.program import DIRECTIONS
from spec.scnn.shape import ScnnSpec

SHIFTS = {"north": (-1, 0), "east": (0, 1), "south": (1, 0), "west": (0, -1)}
EVENTS_LATE = 4         # cycles, besides the way, from a cycle to its counts on the outputs


class Array(wiring.Component):
    """``rows x cols`` PEs. Everything takes ``broadcast_latency`` cycles on its way to them, and as many back.

    Members
    -------
    command, weights, load, load_valid, pe, reading, read_addr : ``In``
        As of a PE; ``pe`` chooses the one that is loaded or read.
    released : ``Out(pes)``
        Blocks of weights released.
    layer_released, finished : ``Out(1)``
        All PEs have released the last pair of a layer; drained the run's last pass.
    o_table, o_word : ``Out``
        Read-out, ``2 * broadcast_latency + 3`` cycles after the request.
    products, act_tail, weight_tail, placeholder : ``Out``, causes : ``Out`` array
        Slots, and PEs without issue by cause, of one cycle, ``broadcast_latency + EVENTS_LATE`` cycles later.
    saturated, overflow, bad_run, swept : ``Out``
    overflow_pe : ``Out(8)``
        The lowest PE that overflows now.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        w = self._w
        slots, many = range(spec.multipliers + 1), range(spec.pes + 1)
        super().__init__({
            "command": In(command_layout(spec)), "weights": In(broadcast_layout(spec)), "load": In(load_layout(spec)),
            "load_valid": In(1), "pe": In(8), "reading": In(1), "read_addr": In(16), "released": Out(spec.pes),
            "layer_released": Out(1), "finished": Out(1), "o_table": Out(w.word + COUNT_BITS), "o_word": Out(w.act_word),
            "slots": Out(slots).array(4), "causes": Out(many).array(len(Cause)), "saturated": Out(1), "overflow": Out(1),
            "overflow_pe": Out(8), "bad_run": Out(1), "swept": Out(1)})

    def elaborate(self, platform):
        m = Module()
        spec = self._spec
        self._far = {}
        down = {name: self._down(m, name, getattr(self, name)) for name in (
            "command", "weights", "load", "reading", "read_addr")}
        chosen = [self._down(m, f"chosen{pe}", self.pe == pe) for pe in range(spec.pes)]
        loaded = [self._down(m, f"loaded{pe}", self.load_valid & (self.pe == pe)) for pe in range(spec.pes)]
        pes = [self._library.place(m, f"pe{pe}", lambda: Pe(spec, self._library), module="scnn_pe") for pe in range(spec.pes)]
        for number, pe in enumerate(pes):
            m.d.comb += [pe.command.as_value().eq(down["command"]), pe.weights.as_value().eq(down["weights"]),
                         pe.load.as_value().eq(down["load"]), pe.load_valid.eq(loaded[number]), pe.reading.eq(down["reading"]),
                         pe.read_addr.eq(down["read_addr"])]
        self._links(m, pes)
        self._barriers(m, pes)
        self._events(m, pes)
        self._answers(m, pes, chosen)
        return m

    def _down(self, m, name, value):
        bits = value.as_value() if hasattr(value, "as_value") else value
        return delayed(m, bits, f"to_{name}", cycles=self._spec.broadcast_latency)

    def _up(self, m, name, value):
        return delayed(m, value, f"from_{name}", cycles=self._spec.broadcast_latency)

    def _links(self, m, pes):
        """A sum that goes north comes from the south; nothing comes across the rim."""
        spec = self._spec
        if len(pes) == 1:
            leave_open(pes[0].o_link.as_value())
            leave_open(pes[0].o_sum)
        for number, pe in enumerate(pes):
            row, col = divmod(number, spec.cols)
            for name, way in DIRECTIONS.items():
                down, right = SHIFTS[name]
                source_row, source_col = row - down, col - right
                if 0 <= source_row < spec.rows and 0 <= source_col < spec.cols:
                    source = pes[source_row * spec.cols + source_col]
                    m.d.comb += [pe.i_link[way].eq(source.o_link), pe.i_sum[way].eq(source.o_sum)]
                else:
                    m.d.comb += [pe.i_link[way].eq(0), pe.i_sum[way].eq(0)]

    def _barriers(self, m, pes):
        outs = {"arrive": "drain_together", "layer_released": "released_together", "finished": "finished_together"}
        together = {}
        for name, place in outs.items():
            m.submodules[place] = together[name] = Together(len(pes))
            m.d.comb += together[name].come.eq(self._up(m, name, Cat(getattr(pe, name) for pe in pes)))
        go = self._down(m, "go", together["arrive"].all)
        m.d.comb += [pe.go.eq(go) for pe in pes]
        m.d.comb += [self.layer_released.eq(together["layer_released"].all), self.finished.eq(together["finished"].all),
                     self.released.eq(self._up(m, "released", Cat(pe.weights_released for pe in pes)))]

    def _events(self, m, pes):
        for name in ("saturated", "bad_run"):
            m.d.comb += getattr(self, name).eq(self._up(m, name, Cat(getattr(pe, name) for pe in pes).any()))
        m.d.comb += self.swept.eq(self._up(m, "swept", Cat(pe.swept for pe in pes).all()))
        over = self._up(m, "overflow", Cat(pe.overflow for pe in pes))
        m.d.comb += self.overflow.eq(over.any())
        for number in reversed(range(len(pes))):
            with m.If(over[number]):
                m.d.comb += self.overflow_pe.eq(number)
        for k, total in enumerate(self.slots):
            came = [self._up(m, f"slots{k}_{number}", pe.slots[k]) for number, pe in enumerate(pes)]
            m.d.sync += total.eq(reduce(add, came))
        for cause in Cause:
            came = [self._up(m, f"cause{cause.value}_{number}", pe.idle & (pe.cause == cause)) for number, pe in enumerate(pes)]
            m.d.sync += self.causes[cause.value].eq(reduce(add, came))

    def _answers(self, m, pes, chosen):
        for name in ("o_table", "o_word"):
            width = len(getattr(self, name))
            kept = []
            for number, pe in enumerate(pes):
                value = Signal(width, name=f"{name}_{number}")
                m.d.sync += value.eq(getattr(pe, name) & chosen[number].replicate(width))
                kept.append(value)
            m.d.comb += getattr(self, name).eq(self._up(m, name, reduce(or_, kept)))
