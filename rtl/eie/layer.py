"""The states of a layer in the control unit: descriptor, scan, codebook and biases, broadcasts, drain, write-back."""

from rtl.eie.bus import Op
from rtl.eie.requant import Requantiser
from spec.eie import ceil_log2

WRITE_DELAY = 4 + Requantiser.LATENCY
"""Cycles from a DRAIN at a PE to the output in the activation memory: three to E2, one to E3, then rounding."""

LOOKUP_DELAY = 10
"""Cycles from a broadcast's arrival to its first codebook look-up: so much earlier than the last CODE it may go out."""


class LayerStates:
    """A part of `rtl.eie.control.Control`, whose registers and ports it uses: from DESCRIPTOR to WAIT, and to IDLE or on.

    The states are entered at DESCRIPTOR, with the number of the layer in ``_number`` and those still to run in ``_left``.
    """

    def _prepare(self, m):
        """Fetch a layer's descriptor; then start the scan at t0 - 1."""
        w, spec, fields = self._w, self._spec, self.layer
        with m.State("DESCRIPTOR"):
            m.d.sync += [
                self._in_slots.eq(fields.in_slots),
                self._out_slots.eq(fields.out_slots),
                self._has_bias.eq(fields.bias),
                self._codebook.eq(fields.codebook),
                self.config.shift.eq(fields.shift),
                self.config.relu.eq(fields.relu),
                self.config.base.eq(fields.entry_base),
                self._lane.eq(fields.entry_base << w.lane),
                self._step.eq(0),
                self._slot.eq(0),
            ]
            self._root.begin(m, fields.in_slots, fields.pointer_base)
            m.next = "BASE"
        with m.State("BASE"):
            bias_words = (self._out_slots + (spec.word_biases - 1)) >> ceil_log2(spec.word_biases)
            m.d.sync += self._root.last_row.eq(self._root.rows == 1)
            with m.If(self._has_bias):
                m.d.sync += self.config.base.eq(self.config.base + bias_words)
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
            m.d.sync += [
                self._step.eq(self._step + 1),
                self._in_pes.eq(self._codebook + 1),
            ]
            m.d.comb += self.event.preload.eq(1)
            with m.If(~self._has_bias & (self._step >= max(0, (1 << spec.codebook_bits) - LOOKUP_DELAY))):
                m.d.sync += self._root.running.eq(1)
            with m.If(self._step == (1 << spec.codebook_bits) - 1):
                m.next = "RUN"
                with m.If(self._has_bias):
                    m.next = "BIAS"
        with m.State("BIAS"):
            self._command(m, Op.BIAS, addr=self._lane, data_=self._slot)
            m.d.sync += [
                self._lane.eq(self._lane + 1),
                self._slot.eq(self._slot + 1),
            ]
            m.d.comb += self.event.preload.eq(1)
            with m.If(self._slot == self._out_slots - 1):
                m.d.sync += self._slot.eq(0)
                m.next = "RUN"

    def _compute(self, m):
        """Broadcast until the rows are used up, then wait for the PEs; the first DRAIN goes out as that is seen."""
        with m.State("RUN"):
            m.d.sync += self._root.running.eq(1)
            with m.If(self._root.finished & self._root.drained):
                self._drain(m)

    def _drain(self, m):
        self._command(m, Op.DRAIN, data_=self._slot)
        m.d.sync += [
            self._slot.eq(self._slot + 1),
            self._root.running.eq(0),
            self._root.finished.eq(0),
            self._wait.eq(self._spec.broadcast_latency + WRITE_DELAY),
        ]
        m.next = "DRAIN"
        with m.If(self._slot == self._out_slots - 1):
            m.next = "WAIT"

    def _write_back(self, m):
        """Drain the other slots, wait for the last output, change the regions over, go on with the next layer."""
        with m.State("DRAIN"):
            m.d.comb += self.event.writeback.eq(1)
            self._drain(m)
        with m.State("WAIT"):
            m.d.comb += self.event.writeback.eq(1)
            m.d.sync += self._wait.eq(self._wait - 1)
            with m.If(self._wait == 0):
                m.d.sync += [
                    self._counting.eq(0),
                    self.config.source.eq(~self.config.source),
                    self._number.eq(self._number + 1),
                    self._left.eq(self._left - 1),
                ]
                m.next = "DESCRIPTOR"
                with m.If(self._left == 1):
                    m.d.sync += self.done.eq(1)
                    m.next = "IDLE"

    def _command(self, m, op, *, addr=0, data_=0):
        m.d.sync += [
            self.command.op.eq(op),
            self.command.addr.eq(addr),
            self.command.data.eq(data_),
        ]
