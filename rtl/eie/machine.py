"""The EIE array behind its bus: AXI4-Lite registers and counters, packets in, results out, an interrupt."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring

from rtl.bus.front import FrontEnd
from rtl.bus.port import front_end
from rtl.bus.result import ResultStream
from rtl.eie.bus import EVENTS
from rtl.eie.control import Control
from rtl.eie.group import down_layout, levels, place
from rtl.eie.lnzd import TokenBuffer
from rtl.eie.loader import Loader
from rtl.emit import Submodules
from rtl.parts import delayed
from spec.eie import PACKETS, EieSpec
from spec.eie.register import COUNTERS, registers

STREAM_FLAGS = ("short", "long", "unknown", "range")


class Machine(wiring.Component):
    """An EIE array of ``spec.pes`` PEs with the ports of :func:`rtl.bus.port.front_end`.

    The host sends codebooks, layer descriptors, pointers, matrix words and a vector as packets (``spec.eie.PACKETS``), chooses
    layers, starts, and reads the last layer's outputs in physical order from the result stream. Layer after layer runs in the
    array; the host touches no activation in between.

    Parameters
    ----------
    spec : EieSpec
    library : Submodules, optional
        Where its parts go: submodules of this design if not given, shared modules of a `Library` when Verilog is written.

    Members
    -------
    s_axil_*, s_axis_*, m_axis_*, irq
    """

    def __init__(self, spec: EieSpec, library: Submodules | None = None):
        self._spec, self._library = spec, library or Submodules()
        super().__init__(front_end())

    def elaborate(self, platform):
        m = Module()
        spec = self._spec
        steps = dict.fromkeys(EVENTS, spec.pes.bit_length())
        m.submodules.front = front = FrontEnd(
            registers(spec), PACKETS.values(), ResultStream(spec.act_bits), counter_steps=steps)
        m.submodules.loader = loader = Loader(spec, self._library)
        m.submodules.control = control = Control(spec)
        array = place(m, "array", spec, self._library, level=levels(spec.pes), pes=spec.pes, reset=control.reset)
        front.expose(m, self)
        wiring.connect(m, front.packet, loader.i)
        self._join_loader(m, loader, control)
        self._join_array(m, control, array)
        m.submodules.outputs = outputs = TokenBuffer(spec.act_bits + 1)
        m.d.comb += [
            outputs.i.eq(Cat(control.result, control.result_last)), outputs.i_valid.eq(control.result_valid),
            control.result_ready.eq(outputs.i_ready), Cat(front.result.p["values"][0], front.result.p.last).eq(outputs.o),
            front.result.valid.eq(outputs.o_valid), outputs.o_ready.eq(front.result.ready)]
        self._join_front(m, front, loader, control, array)
        return m

    def _join_loader(self, m, loader, control):
        m.d.comb += [
            loader.enable.eq(control.loading), control.load_op.eq(loader.op), control.load_pe.eq(loader.pe),
            control.load_addr.eq(loader.addr), control.load_data.eq(loader.data),
            control.layers_loaded.eq(loader.layers_loaded),
            control.act_loaded.eq(loader.act_loaded), control.code.eq(loader.code), control.layer.eq(loader.layer),
            control.touched.eq(loader.touched), loader.code_addr.eq(control.code_addr),
            loader.layer_addr.eq(control.layer_addr)]

    def _join_array(self, m, control, array):
        """Connect control and array; latency that the tree has no level for becomes registers here."""
        beyond = max(0, self._spec.broadcast_latency - (levels(self._spec.pes) + 1))
        down = Signal(down_layout(self._spec))
        m.d.comb += [down[name].eq(getattr(control, name)) for name in down.shape().members]
        m.d.comb += [
            array.down.eq(delayed(m, down.as_value(), "far_down", cycles=beyond)),
            array.op.eq(delayed(m, control.cmd_op, "far_op", cycles=beyond))]
        m.d.comb += [
            control.stop.eq(delayed(m, array.stop, "far_stop", cycles=beyond)),
            control.idle.eq(delayed(m, array.idle, "far_idle", cycles=beyond)),
            control.token.eq(array.o), control.token_valid.eq(array.o_valid), array.o_ready.eq(control.token_ready)]

    def _join_front(self, m, front, loader, control, array):
        """Connect commands, state, sticky flags and counters to the registers."""
        m.d.comb += [
            control.start.eq(delayed(m, front.control.start, "start", cycles=1)),
            control.read.eq(delayed(m, front.control.read, "read", cycles=1)),
            control.first.eq(front.layers.first),
            control.count.eq(front.layers.count),
            control.ok.eq(~Cat(front.flags[name] for name in STREAM_FLAGS).any()),
            front.status.busy.eq(control.busy | front.control.start | front.control.read),
            front.event.done.eq(control.done),
            front.event.refused.eq(control.refused),
            front.event.saturated.eq(array.saturated),
            front.event.range.eq(loader.range),
            front.clear.eq(control.clear),
        ]
        for name in COUNTERS:
            step = getattr(array, f"ev_{name}") if name in EVENTS else getattr(control, f"count_{name}")
            m.d.comb += getattr(front, name).eq(step)
