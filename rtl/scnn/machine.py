"""The SCNN array behind its bus: AXI4-Lite registers and counters, packets and weights in, results out, an interrupt."""

from amaranth.hdl import Cat, Module, Mux, Signal
from amaranth.lib import wiring

from rtl.bus.front import FrontEnd
from rtl.bus.port import front_end, pass_through
from rtl.bus.result import ResultStream
from rtl.emit import Submodules
from rtl.parts import delayed
from rtl.scnn.array import EVENTS_LATE, Array
from rtl.scnn.control import Control
from rtl.scnn.issue import Cause
from rtl.scnn.lane import WeightLane
from rtl.scnn.loader import CENTRAL, Loader
from rtl.scnn.port import WeightPort, weight_slave
from rtl.scnn.readout import Readout
from rtl.scnn.records import LAYERS_BITS
from rtl.scnn.store import WeightStore
from spec.framing import WORD_BITS
from spec.scnn.packet import PACKETS
from spec.scnn.register import SLOT_COUNTERS, registers
from spec.scnn.shape import ScnnSpec, need_pes

STREAM_FLAGS = ("short", "long", "unknown", "range")
SLOTS = ("products", "act_tail", "weight_tail", "placeholder")
CAUSES = {"barrier": Cause.BARRIER, "weight_wait": Cause.WEIGHT_WAIT, "act_wait": Cause.ACT_WAIT,
          "redistribution": Cause.REDISTRIBUTION, "crossbar": Cause.CROSSBAR, "drain": Cause.DRAIN, "halo": Cause.HALO,
          "reduction": Cause.REDUCTION}


class Machine(wiring.Component):
    """An SCNN array of ``spec.pes`` PEs with the ports of :func:`rtl.bus.port.front_end` and a stream of weights.

    Members
    -------
    s_axil_*, s_axis_*, m_axis_*, irq
        Registers over AXI4-Lite, packets in, packets out, the interrupt.
    s_weight_tdata, s_weight_tvalid, s_weight_tready
        Without ``spec.weight_memory``.
    """

    def __init__(self, spec: ScnnSpec, library: Submodules | None = None):
        need_pes(spec)
        self._spec, self._library = spec, library or Submodules()
        super().__init__(front_end() | ({} if spec.weight_memory else weight_slave(spec)))

    def elaborate(self, platform):
        m = Module()
        spec, library = self._spec, self._library
        slots = spec.multipliers.bit_length()
        steps = dict.fromkeys(SLOT_COUNTERS, slots) | {
            "entries": (spec.weight_lanes * spec.f).bit_length(), "port_wait": spec.weight_lanes.bit_length()}
        m.submodules.front = front = FrontEnd(registers(spec), PACKETS.values(), ResultStream(WORD_BITS), counter_steps=steps)
        m.submodules.loader = loader = Loader(spec)
        m.submodules.control = control = Control(spec, library)
        lanes = [WeightLane(spec, library, number) for number in range(spec.weight_lanes)]
        for number, lane in enumerate(lanes):
            m.submodules[f"lane{number}"] = lane
        m.submodules.port = port = WeightPort(spec)
        m.submodules.readout = readout = Readout(spec, 2 * spec.broadcast_latency + 3)
        m.submodules.array = array = Array(spec, library)
        front.expose(m, self)
        if spec.weight_memory:
            m.submodules.store = store = WeightStore(spec, library)
            self._store(m, store, control, loader, port)
        else:
            pass_through(m, self, port, "s_weight")
        wiring.connect(m, front.packet, loader.i)
        self._lanes(m, control, loader, lanes, port, array)
        self._array(m, control, loader, lanes, array, readout)
        self._readout(m, front, control, readout, array)
        self._control(m, front, control, loader, lanes, array)
        self._count(m, front, control, lanes, array)
        return m

    def _store(self, m, store, control, loader, port):
        m.d.comb += [
            store.we.eq(loader.we[CENTRAL.index("weights")]),
            store.waddr.eq(loader.place),
            store.wdata.eq(loader.load.data[:WORD_BITS]),
            store.restart.eq(control.clear),
            port.s_weight_tdata.eq(store.o_data),
            port.s_weight_tvalid.eq(store.o_valid),
            store.o_ready.eq(port.s_weight_tready),
        ]

    def _lanes(self, m, control, loader, lanes, port, array):
        flush = control.o_start & control.run_first
        m.d.comb += [
            port.run.eq(control.counting),
            port.flush.eq(flush),
            port.i_ready.eq(Cat(lane.i_ready for lane in lanes)),
        ]
        for number, lane in enumerate(lanes):
            m.d.comb += [
                lane.i_valid.eq(port.o_valid[number]),
                lane.i_items.eq(port.o_items),
                lane.start.eq(control.o_start),
                lane.start_addr.eq(control.lanes),
                lane.flush.eq(flush),
                lane.released.eq(array.released),
                lane.lane_we.eq(loader.we[CENTRAL.index("lanes")]),
                lane.tap_we.eq(loader.we[CENTRAL.index("taps")]),
                lane.load_addr.eq(loader.load.addr),
                lane.load_data.eq(loader.load.data[:WORD_BITS]),
            ]
            m.d.comb += [mine.eq(its) for mine, its in zip(lane.sets, array.sets, strict=True)]
            if self._spec.weight_code_bits:
                m.d.comb += lane.code_we.eq(loader.we[CENTRAL.index("codebook")])

    def _array(self, m, control, loader, lanes, array, readout):
        command = array.command
        for lane, sent in zip(lanes, array.weights, strict=True):
            m.d.comb += [
                sent.valid.eq(lane.o_valid),
                sent.set.eq(lane.o_set),
                sent.last.eq(lane.o_last),
                sent.empty.eq(lane.o_empty),
                sent.vector.eq(lane.o_vector),
                sent.bias.eq(lane.o_bias),
                sent.bias_addr.eq(lane.o_bias_addr),
                sent.bias_value.eq(lane.o_bias_value),
            ]
        m.d.comb += [
            command.start.eq(control.o_start),
            command.supply.eq(control.supply),
            command.drain.eq(control.drain),
            command.first.eq(control.run_first),
            command.final.eq(control.run_final),
            array.load.eq(loader.load),
            array.load_valid.eq(loader.load_valid),
            array.pe.eq(Mux(control.reading, readout.pe, loader.pe)),
            array.reading.eq(control.reading),
            array.read_addr.eq(readout.addr),
            control.swept.eq(array.swept),
            control.released.eq(array.layer_released),
            control.finished.eq(array.finished),
        ]

    def _readout(self, m, front, control, readout, array):
        m.d.comb += [
            readout.run.eq(control.reading),
            readout.first.eq(front.blocks.first),
            readout.count.eq(front.blocks.count),
            readout.table.eq(array.o_table),
            readout.word.eq(array.o_word),
            front.result.valid.eq(readout.o_valid),
            front.result.p["values"][0].eq(readout.o_data),
            front.result.p.last.eq(readout.o_last),
            readout.o_ready.eq(front.result.ready),
            control.read_done.eq(readout.done),
        ]

    def _control(self, m, front, control, loader, lanes, array):
        late = self._late()
        m.d.comb += [
            control.start.eq(delayed(m, front.control.start, "start", cycles=1)),
            control.read.eq(delayed(m, front.control.read, "read", cycles=1)),
            control.first.eq(front.layers.first),
            control.count.eq(front.layers.count),
            control.ok.eq(~Cat(front.flags[name] for name in STREAM_FLAGS).any()),
            control.we.eq(loader.we[CENTRAL.index("layers")]),
            control.load_addr.eq(loader.load.addr),
            control.load_data.eq(loader.load.data[:WORD_BITS]),
            loader.enable.eq(control.loading),
            front.event.done.eq(delayed(m, control.done, "done", cycles=late + 2)),
            front.event.refused.eq(control.refused),
            front.status.busy.eq(control.busy | control.start | control.read | front.control.start | front.control.read),
            front.event.saturated.eq(array.saturated),
            front.event.act_overflow.eq(array.overflow),
            front.event.bad_run.eq(array.bad_run | Cat(lane.bad_run for lane in lanes).any()),
            front.event.count_mismatch.eq(Cat(lane.count_mismatch for lane in lanes).any()),
            front.event.range.eq(loader.range),
            front.clear.eq(control.clear),
        ]
        started, behind = Signal(LAYERS_BITS), Signal(LAYERS_BITS)
        m.d.sync += started.eq(started + control.o_start)
        m.d.comb += behind.eq(started - 1 - array.overflow_ring)    # layers that began after the one that the PE writes
        with m.If(array.overflow & ~front.flags.act_overflow):
            m.d.sync += [
                front.overflow.pe.eq(array.overflow_pe),
                front.overflow.layer.eq(control.layer - behind),
            ]

    def _late(self):
        return self._spec.broadcast_latency + EVENTS_LATE

    def _count(self, m, front, control, lanes, array):
        """Count the cycles of a run; what the PEs tell of a cycle comes later, and the run is as much later over for it."""
        spec = self._spec
        on = delayed(m, control.counting | control.o_start & control.run_first, "counted", cycles=self._late())
        now = Signal()
        m.d.comb += [
            now.eq(control.counting | control.o_start & control.run_first),
            front.cycles.eq(now),
            front.entries.eq(sum(lane.entries for lane in lanes)),
            front.port_wait.eq(sum(lane.waits for lane in lanes)),
        ]
        for name, total in zip(SLOTS, array.slots, strict=True):
            m.d.comb += getattr(front, name).eq(Mux(on, total, 0))
        shift = spec.products.bit_length() - 1
        for name, cause in CAUSES.items():
            m.d.comb += getattr(front, name).eq(Mux(on, array.causes[cause.value] << shift, 0))
