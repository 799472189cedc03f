"""Central control unit: loading mode, computing mode, read-out; the root of the array."""

from amaranth.hdl import Const, Module, Mux, ResetSignal, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.bus import Op, Widths
from rtl.eie.group import levels
from rtl.eie.lnzd import token_layout
from rtl.eie.loader import DELAY, descriptor
from rtl.eie.requant import Requantiser
from spec.eie import ceil_log2

WRITE_DELAY = 4 + Requantiser.LATENCY
"""Cycles from a DRAIN at a PE to the output in the activation memory: three to E2, one to E3, then rounding."""

LOOKUP_DELAY = 10
"""Cycles from a broadcast's arrival to its first codebook look-up: so much earlier than the last CODE it may go out."""


def reset_cycles(spec) -> int:
    """Return how long the array is in reset: longer than its tree is deep, so that all of it is at once; 0 without a tree."""
    return 8 if spec.broadcast_latency else 0


class Control(wiring.Component):
    """Run layers as drawn in ``docs/eie/pipeline.md``: one command a cycle to the PEs, one broadcast a cycle at most.

    Members
    -------
    start, read, first, count : ``In``
        Begin a run of ``count`` layers from ``first``, or a read-out of the source region. Both are ignored while busy; a
        start that cannot be done raises ``refused`` for a cycle.
    ok : ``In(1)``
        No stream error is pending.
    load_op, load_pe, load_addr, load_data, layers_loaded, act_loaded, code, layer, touched : ``In``, code_addr,
    layer_addr, loading : ``Out``
        The loader, which may send commands while ``loading``.
    token, token_valid, token_ready
        Root of the detection tree.
    stop, idle : ``In(1)``, reset : ``Out(1)``
        Answers of the array; its reset, which goes down the tree in registers. From power-up, and from the cycle after a reset,
        it holds for :func:`reset_cycles`; as many more pass before the first command.
    cmd_*, cfg_*, bc_* : ``Out``
        Command bus, what stands still during a layer, broadcast.
    result, result_last, result_valid, result_ready
        Activations read out, in ascending physical order.
    busy, done, refused : ``Out(1)``, clear : ``Out(1)``, count_* : ``Out(1)``
        State; the counters' clear and the events they count.
    """

    EVENTS = ("cycles", "broadcasts", "stall_queue", "stall_scan", "stall_barrier", "preload", "drain", "writeback")

    def __init__(self, spec):
        self._spec, self._w = spec, Widths(spec)
        w = self._w
        self._token = token_layout(spec, 2 * (levels(spec.pes) + 1))
        self._layer_bits = max(1, ceil_log2(spec.layers))
        self._codebook_bits = ceil_log2(spec.codebooks)
        outward = {name: Out(member.shape) for name, member in (w.command() | w.config()).items()}
        super().__init__(outward | {f"count_{name}": Out(1) for name in self.EVENTS} | {
            "cmd_pe": Out(8), "cmd_all": Out(1),
            "bc_valid": Out(1), "bc_act": Out(spec.act_bits), "bc_first": Out(1), "bc_column": Out(w.column),
            "start": In(1), "read": In(1), "first": In(self._layer_bits), "count": In(self._layer_bits + 1), "ok": In(1),
            "load_op": In(3), "load_pe": In(8), "load_addr": In(w.address), "load_data": In(32),
            "layers_loaded": In(spec.layers), "act_loaded": In(1), "code": In(spec.weight_bits), "layer": In(128),
            "touched": In(1), "code_addr": Out(self._codebook_bits + spec.codebook_bits), "layer_addr": Out(self._layer_bits),
            "loading": Out(1), "token": In(self._token.size), "token_valid": In(1), "token_ready": Out(1), "stop": In(1),
            "idle": In(1), "reset": Out(1), "result": Out(spec.act_bits), "result_last": Out(1), "result_valid": Out(1),
            "result_ready": In(1), "busy": Out(1), "done": Out(1), "refused": Out(1), "clear": Out(1)})

    def elaborate(self, platform):
        m = Module()
        self._signals()
        m.d.comb += [self.layer_addr.eq(self._number), self.count_cycles.eq(self._counting), self.busy.eq(1)]
        m.d.sync += [self.cmd_op.eq(Op.NOP), self.cmd_all.eq(1), self.done.eq(0), self.refused.eq(0), self.loading.eq(0)]
        self._consume(m)
        self._awake = self._reset(m)
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
        self._fields = descriptor(self.layer)
        self._number = Signal(self._layer_bits)         # layer
        self._left = Signal(self._layer_bits + 1)       # layers still to run
        self._rows = Signal(w.rows)                     # rows still to scan
        self._slot = Signal(w.rows)                     # slot of a command
        self._in_slots = Signal(w.rows)
        self._out_slots = Signal(w.rows)
        self._lane = Signal(w.word + w.lane)
        self._has_bias = Signal()
        self._codebook = Signal(max(1, self._codebook_bits))
        self._in_pes = Signal(max(1, self._codebook_bits) + 1)      # codebook in the PEs plus 1, 0 for none
        self._step = Signal(max(spec.codebook_bits, 1) + 1)
        self._running = Signal()
        self._finished = Signal()
        self._gap = Signal()
        self._barrier = Signal()
        self._settle = Signal(range(2 * spec.broadcast_latency + 1))
        self._wait = Signal(range(max(spec.broadcast_latency + WRITE_DELAY, DELAY + 2) + 1))
        self._batch = Signal(range(max(2, spec.batch_slots + 1)))
        self._row_base = Signal(w.column)
        self._first_row = Signal()
        self._last_row = Signal()
        self._counting = Signal()
        self._reading = Signal()
        self._reading_asked = Signal()
        self._drained = Signal()

    def _reset(self, m):
        """Hold the array's reset for some cycles; return whether as many more are over."""
        if not (cycles := reset_cycles(self._spec)):
            m.d.comb += self.reset.eq(ResetSignal())
            return Const(1)
        self._asleep = Signal(2 * cycles, init=-1)      # cycles of reset and after it, a bit each
        m.d.sync += self._asleep.eq(self._asleep << 1)
        m.d.comb += self.reset.eq(self._asleep[cycles - 1])
        return ~self._asleep[-1]

    def _consume(self, m):
        """Take tokens from the root: broadcast, or hand to the result stream while reading."""
        spec = self._spec
        token = data.View(self._token, self.token)
        free = Signal()
        take = Signal()
        send = Signal()
        m.d.comb += [
            free.eq(self._running & ~self._gap & ~self._barrier & ~self._finished),
            take.eq(free & self.token_valid & (token.empty | ~self.stop)), send.eq(take & ~token.empty),
            self.token_ready.eq(Mux(self._reading, self.result_ready, free & (token.empty | ~self.stop))),
            self.bc_valid.eq(send), self.bc_act.eq(token.act), self.bc_column.eq(self._row_base + token.pe),
            self.bc_first.eq(self._first_row & (token.pe == 0)),
            self.result.eq(token.act), self.result_valid.eq(self._reading & self.token_valid),
            self.result_last.eq(token.last & self._last_row),
            self._drained.eq((self._settle == 0) & self.idle & (self._finished | self._barrier)),
            self.count_broadcasts.eq(send), self.count_stall_queue.eq(free & self.token_valid & ~token.empty & self.stop),
            self.count_stall_scan.eq((take & token.empty) | self._gap), self.count_stall_barrier.eq(self._barrier),
            self.count_drain.eq(self._finished)]
        m.d.sync += self._gap.eq(send & token.last & (token.pe != spec.pes - 1) & int(spec.scan_gap))
        with m.If(send):
            m.d.sync += self._settle.eq(2 * spec.broadcast_latency)
        with m.Elif(self._settle != 0):
            m.d.sync += self._settle.eq(self._settle - 1)
        with m.If(self._barrier & self._drained):
            m.d.sync += self._barrier.eq(0)
        with m.If((take | (self.result_valid & self.result_ready)) & token.last):
            m.d.sync += [self._rows.eq(self._rows - 1), self._last_row.eq(self._rows == 2),
                         self._row_base.eq(self._row_base + spec.pes), self._first_row.eq(0)]
            with m.If(self._last_row & ~self._reading):
                m.d.sync += self._finished.eq(1)
            if spec.batch_slots:
                m.d.sync += self._batch.eq(Mux(self._batch == 1, spec.batch_slots, self._batch - 1))
                with m.If((self._batch == 1) & ~self._last_row & ~self._reading):
                    m.d.sync += self._barrier.eq(1)

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
            m.d.sync += [self.loading.eq(1), self._wait.eq(DELAY + 2), self._reading_asked.eq(self.read)]
            self._load(m)
            with m.If(self.start | self.read):
                m.next = "CHECK"
        with m.State("CHECK"):
            end = Signal(self._layer_bits + 2)
            chosen = Signal(self._spec.layers)
            there = Signal()
            m.d.sync += [
                end.eq(self.first + self.count), chosen.eq((((1 << self.count) - 1) << self.first)[:self._spec.layers]),
                there.eq(~(chosen & ~self.layers_loaded).any() & (end <= self._spec.layers) & (self.count != 0)),
                self._wait.eq(self._wait - 1)]
            self._load(m)
            with m.If(self._wait == 0):
                m.next = "IDLE"
                with m.If(self._reading_asked & self.ok & (self._out_slots != 0)):
                    m.d.sync += self._rows.eq(self._out_slots)
                    m.next = "READ"
                with m.Elif(~self._reading_asked & self.ok & self.act_loaded & there):
                    m.d.sync += [self._number.eq(self.first), self._left.eq(self.count)]
                    m.d.comb += self.clear.eq(1)
                    m.next = "DESCRIPTOR"
                with m.Else():
                    m.d.sync += self.refused.eq(1)

    def _load(self, m):
        """Pass the loader's commands on to the PEs."""
        m.d.sync += [self.cmd_op.eq(self.load_op), self.cmd_pe.eq(self.load_pe), self.cmd_addr.eq(self.load_addr),
                     self.cmd_data.eq(self.load_data), self.cmd_all.eq(0)]
        with m.If(self.touched):
            m.d.sync += self._in_pes.eq(0)

    def _prepare(self, m):
        """Fetch a layer's descriptor; then start the scan at t0 - 1."""
        w, spec, fields = self._w, self._spec, self._fields
        with m.State("DESCRIPTOR"):
            m.d.sync += [
                self._in_slots.eq(fields.in_slots), self._out_slots.eq(fields.out_slots), self._has_bias.eq(fields.bias),
                self._codebook.eq(fields.codebook), self.cfg_shift.eq(fields.shift), self.cfg_relu.eq(fields.relu),
                self._lane.eq(fields.entry_base << w.lane), self._row_base.eq(fields.pointer_base),
                self.cfg_base.eq(fields.entry_base), self._first_row.eq(1), self._step.eq(0),
                self._slot.eq(0), self._rows.eq(fields.in_slots), self._batch.eq(spec.batch_slots), self._finished.eq(0)]
            m.next = "BASE"
        with m.State("BASE"):
            bias_words = (self._out_slots + (spec.word_biases - 1)) >> ceil_log2(spec.word_biases)
            m.d.sync += self._last_row.eq(self._rows == 1)
            with m.If(self._has_bias):
                m.d.sync += self.cfg_base.eq(self.cfg_base + bias_words)
            m.next = "SCAN"
        with m.State("SCAN"):
            self._command(m, Op.SCAN, data_=self._in_slots)
            m.d.sync += self._counting.eq(1)
            with m.If(self._in_pes != self._codebook + 1):
                m.next = "CODEBOOK"
            with m.Elif(self._has_bias):
                m.next = "BIAS"
            with m.Else():
                m.next = "RUN"

    def _preload(self, m):
        """Copy the layer's codebook to all PEs, then preload the biases."""
        spec = self._spec
        entry = self._step[:spec.codebook_bits]
        m.d.comb += self.code_addr.eq((self._codebook << spec.codebook_bits) | entry)
        with m.State("CODEBOOK"):
            self._command(m, Op.CODE, addr=entry, data_=self.code)
            m.d.sync += [self._step.eq(self._step + 1), self._in_pes.eq(self._codebook + 1)]
            m.d.comb += self.count_preload.eq(1)
            with m.If(~self._has_bias & (self._step >= max(0, (1 << spec.codebook_bits) - LOOKUP_DELAY))):
                m.d.sync += self._running.eq(1)
            with m.If(self._step == (1 << spec.codebook_bits) - 1):
                m.next = "RUN"
                with m.If(self._has_bias):
                    m.next = "BIAS"
        with m.State("BIAS"):
            self._command(m, Op.BIAS, addr=self._lane, data_=self._slot)
            m.d.sync += [self._lane.eq(self._lane + 1), self._slot.eq(self._slot + 1)]
            m.d.comb += self.count_preload.eq(1)
            with m.If(self._slot == self._out_slots - 1):
                m.d.sync += self._slot.eq(0)
                m.next = "RUN"

    def _compute(self, m):
        """Broadcast until the rows are used up, then wait for the PEs; the first DRAIN goes out as that is seen."""
        with m.State("RUN"):
            m.d.sync += self._running.eq(1)
            with m.If(self._finished & self._drained):
                self._drain(m)

    def _drain(self, m):
        self._command(m, Op.DRAIN, data_=self._slot)
        m.d.sync += [self._slot.eq(self._slot + 1), self._running.eq(0), self._finished.eq(0),
                     self._wait.eq(self._spec.broadcast_latency + WRITE_DELAY)]
        m.next = "DRAIN"
        with m.If(self._slot == self._out_slots - 1):
            m.next = "WAIT"

    def _write_back(self, m):
        """Drain the other slots, wait for the last output, change the regions over, go on with the next layer."""
        with m.State("DRAIN"):
            m.d.comb += self.count_writeback.eq(1)
            self._drain(m)
        with m.State("WAIT"):
            m.d.comb += self.count_writeback.eq(1)
            m.d.sync += self._wait.eq(self._wait - 1)
            with m.If(self._wait == 0):
                m.d.sync += [self._counting.eq(0), self.cfg_source.eq(~self.cfg_source), self._number.eq(self._number + 1),
                             self._left.eq(self._left - 1)]
                m.next = "DESCRIPTOR"
                with m.If(self._left == 1):
                    m.d.sync += self.done.eq(1)
                    m.next = "IDLE"

    def _read_out(self, m):
        """Scan the source region with zeros counted as non-zeros."""
        with m.State("READ"):
            self._command(m, Op.SCAN, data_=self._out_slots | 1 << 31)
            m.d.sync += [self._reading.eq(1), self._last_row.eq(self._rows == 1)]
            m.next = "RESULT"
        with m.State("RESULT"):
            with m.If(self.result_valid & self.result_ready & self.result_last):
                m.d.sync += [self._reading.eq(0), self.done.eq(1)]
                m.next = "IDLE"

    def _command(self, m, op, *, addr=0, data_=0):
        m.d.sync += [self.cmd_op.eq(op), self.cmd_addr.eq(addr), self.cmd_data.eq(data_)]
