"""Central control unit: loading mode, computing mode, read-out; the root of the array."""

from amaranth.hdl import Module, Signal
from amaranth.lib import data, stream, wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.broadcaster import Broadcaster
from rtl.eie.bus import CONTROL_EVENTS, Op, Widths, events
from rtl.eie.group import levels
from rtl.eie.layer import WRITE_DELAY, LayerStates
from rtl.eie.loader import DELAY, DESCRIPTOR, load_layout
from rtl.eie.reset import drive_reset
from rtl.eie.token import token_layout
from spec.eie import ceil_log2


def command_layout(spec) -> data.StructLayout:
    """Return what the control unit puts on the command bus: a command, and the PE that it is for or that it is for everyone."""
    return data.StructLayout(load_layout(spec).members | {"everyone": 1})


class Control(LayerStates, wiring.Component):
    """Run layers as drawn in ``docs/eie/pipeline.md``: one command per cycle to the PEs, at most one broadcast per cycle.

    Members
    -------
    start, read, first, count : ``In``
        Begin a run of ``count`` layers from ``first``, or a read-out of the source region. Both are ignored while busy; a
        start that cannot be done raises ``refused`` for a cycle.
    ok : ``In(1)``
        No stream error is pending.
    load : ``In(load_layout(spec))``, layers_loaded, act_loaded, codebook_written, code, layer : ``In``
        What the loader says in its ports of these names, and its command.
    code_addr, layer_addr, loading : ``Out``
        Addresses for the loader's memories; it may send commands.
    token : ``In(stream.Signature(token_layout(spec, ...)))``
        Root of the detection tree.
    stop, idle : ``In(1)``, reset : ``Out(1)``
        Answers of the array; its reset, which goes down the tree in registers. From power-up, and from the cycle after a reset,
        it holds for :func:`rtl.eie.reset.reset_cycles`; as many more pass before the first command.
    command : ``Out(command_layout(spec))``, config : ``Out(Widths.config)``, broadcast : ``Out(Widths.broadcast)``
        To the array; the command for one PE or for everyone.
    result : ``Out(stream.Signature({"act": act_bits, "last": 1}))``
        Activations read out, in ascending physical order.
    busy, done, refused, clear : ``Out(1)``
        State; ``clear`` is that of the counters.
    event : ``Out(events(CONTROL_EVENTS, 1))``
        What the counters count.
    """

    def __init__(self, spec):
        self._spec, self._w = spec, Widths(spec)
        w = self._w
        self._layer_bits = max(1, ceil_log2(spec.layers))
        self._codebook_bits = ceil_log2(spec.codebooks)
        token = token_layout(spec, 2 * (levels(spec.pes) + 1))
        bits = {"ok": 1, "start": 1, "read": 1, "first": self._layer_bits, "count": self._layer_bits + 1,
                "layers_loaded": spec.layers, "act_loaded": 1, "codebook_written": 1, "code": spec.weight_bits,
                "stop": 1, "idle": 1}
        super().__init__({name: In(width) for name, width in bits.items()}
                         | {name: Out(1) for name in ("loading", "reset", "busy", "done", "refused", "clear")} | {
            "load": In(load_layout(spec)), "layer": In(DESCRIPTOR), "token": In(stream.Signature(token)),
            "code_addr": Out(self._codebook_bits + spec.codebook_bits), "layer_addr": Out(self._layer_bits),
            "command": Out(command_layout(spec)), "config": Out(w.config), "broadcast": Out(w.broadcast),
            "result": Out(stream.Signature(data.StructLayout({"act": spec.act_bits, "last": 1}))),
            "event": Out(events(CONTROL_EVENTS, 1))})

    def elaborate(self, platform):
        m = Module()
        self._signals()
        m.d.comb += [
            self.layer_addr.eq(self._number),
            self.event.cycles.eq(self._counting),
            self.busy.eq(1),
        ]
        m.d.sync += [
            self.command.op.eq(Op.NOP),
            self.command.everyone.eq(1),
            self.done.eq(0),
            self.refused.eq(0),
            self.loading.eq(0),
        ]
        self._root.add(m, self)
        self._awake = drive_reset(m, self._spec, self.reset)
        with m.FSM(init="CLEAR"):
            self._idle(m)
            self._prepare(m)
            self._preload(m)
            self._compute(m)
            self._write_back(m)
            self._read_out(m)
        return m

    def _signals(self):
        """Registers of the unit, by what they hold."""
        w, spec = self._w, self._spec
        self._root = Broadcaster(spec)
        self._number = Signal(self._layer_bits)         # layer
        self._left = Signal(self._layer_bits + 1)       # layers still to run
        self._slot = Signal(w.rows)                     # slot of a command
        self._in_slots = Signal(w.rows)
        self._out_slots = Signal(w.rows)
        self._lane = Signal(w.word + w.lane)
        self._has_bias = Signal()
        self._codebook = Signal(max(1, self._codebook_bits))
        self._in_pes = Signal(max(1, self._codebook_bits) + 1)      # codebook in the PEs plus 1, 0 for none
        self._step = Signal(max(spec.codebook_bits, 1) + 1)
        self._wait = Signal(range(max(spec.broadcast_latency + WRITE_DELAY, DELAY + 2) + 1))
        self._counting = Signal()
        self._reading_asked = Signal()

    def _idle(self, m):
        """CLEAR empties the accumulators after a reset; IDLE is the loading mode; CHECK lets what is on its way arrive."""
        with m.State("CLEAR"):
            with m.If(self._awake):
                m.d.sync += self._slot.eq(self._slot + 1)
                self._command(m, Op.DRAIN, data_=self._slot)
                with m.If(self._slot == self._spec.slots - 1):
                    m.next = "IDLE"
        with m.State("IDLE"):
            m.d.comb += self.busy.eq(self.start | self.read)
            m.d.sync += [
                self.loading.eq(1),
                self._wait.eq(DELAY + 2),
                self._reading_asked.eq(self.read),
            ]
            self._load(m)
            with m.If(self.start | self.read):
                m.next = "CHECK"
        with m.State("CHECK"):
            end = Signal(self._layer_bits + 2)
            chosen = Signal(self._spec.layers)
            there = Signal()
            m.d.sync += [
                end.eq(self.first + self.count),
                chosen.eq((((1 << self.count) - 1) << self.first)[:self._spec.layers]),
                there.eq(~(chosen & ~self.layers_loaded).any() & (end <= self._spec.layers) & (self.count != 0)),
                self._wait.eq(self._wait - 1),
            ]
            self._load(m)
            with m.If(self._wait == 0):
                m.next = "IDLE"
                with m.If(self._reading_asked & self.ok & (self._out_slots != 0)):
                    m.d.sync += self._root.rows.eq(self._out_slots)
                    m.next = "READ"
                with m.Elif(~self._reading_asked & self.ok & self.act_loaded & there):
                    m.d.sync += [
                        self._number.eq(self.first),
                        self._left.eq(self.count),
                    ]
                    m.d.comb += self.clear.eq(1)
                    m.next = "DESCRIPTOR"
                with m.Else():
                    m.d.sync += self.refused.eq(1)

    def _load(self, m):
        """Pass the loader's commands on to the PEs."""
        m.d.sync += [
            self.command.op.eq(self.load.op),
            self.command.pe.eq(self.load.pe),
            self.command.addr.eq(self.load.addr),
            self.command.data.eq(self.load.data),
            self.command.everyone.eq(0),
        ]
        with m.If(self.codebook_written):
            m.d.sync += self._in_pes.eq(0)

    def _read_out(self, m):
        """Scan the source region with zeros counted as non-zeros."""
        with m.State("READ"):
            self._command(m, Op.SCAN, data_=self._out_slots | 1 << 31)
            m.d.sync += [
                self._root.reading.eq(1),
                self._root.last_row.eq(self._root.rows == 1),
            ]
            m.next = "RESULT"
        with m.State("RESULT"):
            with m.If(self.result.valid & self.result.ready & self.result.p.last):
                m.d.sync += [
                    self._root.reading.eq(0),
                    self.done.eq(1),
                ]
                m.next = "IDLE"
