"""The EIE array behind its bus: AXI4-Lite registers and counters, packets in, results out, an interrupt."""

from amaranth.hdl import Cat, Module, Signal
from amaranth.lib import wiring

from rtl.bus.front import FrontEnd
from rtl.bus.port import front_end
from rtl.bus.result import ResultStream
from rtl.eie.bus import PE_EVENTS
from rtl.eie.control import Control
from rtl.eie.group import add_group, down_layout, levels
from rtl.eie.loader import Loader
from rtl.eie.token import TokenBuffer
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
        What to build.
    library : Submodules, optional
        Where its parts go: submodules of this design if not given, shared modules of a `Library` when Verilog is written.

    Members
    -------
    s_axil_*, s_axis_*, m_axis_*, irq
        Registers over AXI4-Lite, packets in, packets out, the interrupt.
    """

    def __init__(self, spec: EieSpec, library: Submodules | None = None):
        self._spec, self._library = spec, library or Submodules()
        super().__init__(front_end())

    def elaborate(self, platform):
        m = Module()
        spec = self._spec
        steps = dict.fromkeys(PE_EVENTS, spec.pes.bit_length())
        m.submodules.front = front = FrontEnd(
            registers(spec), PACKETS.values(), ResultStream(spec.act_bits), counter_steps=steps)
        m.submodules.loader = loader = Loader(spec, self._library)
        m.submodules.control = control = Control(spec)
        array = add_group(m, "array", spec, self._library, level=levels(spec.pes), pes=spec.pes, reset=control.reset)
        front.expose(m, self)
        wiring.connect(m, front.packet, loader.i)
        self._join_loader(m, loader, control)
        self._join_array(m, control, array)
        m.submodules.outputs = outputs = TokenBuffer(spec.act_bits + 1)
        wiring.connect(m, control.result, outputs.i)
        wiring.connect(m, outputs.o, front.result)
        self._join_front(m, front, loader, control, array)
        return m

    def _join_loader(self, m, loader, control):
        m.d.comb += [
            loader.enable.eq(control.loading),
            loader.code_addr.eq(control.code_addr),
            loader.layer_addr.eq(control.layer_addr),
            control.load.eq(loader.command),
            control.layers_loaded.eq(loader.layers_loaded),
            control.act_loaded.eq(loader.act_loaded),
            control.codebook_written.eq(loader.codebook_written),
            control.code.eq(loader.code),
            control.layer.eq(loader.layer),
        ]

    def _join_array(self, m, control, array):
        """Connect control and array; latency that the tree has no level for becomes registers here."""
        beyond = max(0, self._spec.broadcast_latency - (levels(self._spec.pes) + 1))
        down = Signal(down_layout(self._spec))
        m.d.comb += [
            down.addr.eq(control.command.addr),
            down.data.eq(control.command.data),
            down.pe.eq(control.command.pe),
            down.everyone.eq(control.command.everyone),
            down.config.eq(control.config),
            down.broadcast.eq(control.broadcast),
            array.down.eq(delayed(m, down, "far_down", cycles=beyond)),
            array.op.eq(delayed(m, control.command.op, "far_op", cycles=beyond)),
            control.stop.eq(delayed(m, array.status.stop, "far_stop", cycles=beyond)),
            control.idle.eq(delayed(m, array.status.idle, "far_idle", cycles=beyond)),
        ]
        wiring.connect(m, array.o, control.token)

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
            front.event.saturated.eq(array.status.saturated),
            front.event.range.eq(loader.range),
            front.clear.eq(control.clear),
        ]
        for name in COUNTERS:
            m.d.comb += getattr(front, name).eq(array.event[name] if name in PE_EVENTS else control.event[name])
