"""The root of the detection tree: its tokens become broadcasts, or results that are read out."""

from amaranth.hdl import Mux, Signal

from rtl.eie.bus import Widths


class Broadcaster:
    """Registers and logic of a control unit that take tokens: one broadcast a cycle at most, as ``docs/eie/pipeline.md`` says.

    The unit sets ``rows``, ``row_base``, ``first_row``, ``last_row`` and ``batch`` ahead of a scan, ``running`` for a layer and
    ``reading`` for a read-out. ``finished`` says that a layer's last token was taken, ``drained`` that nothing of it, or of a
    batch, is on its way any more.
    """

    def __init__(self, spec):
        self._spec = spec
        w = Widths(spec)
        self.rows = Signal(w.rows)                      # still to scan
        self.row_base = Signal(w.column)                # pointer address of the row's first column
        self.first_row = Signal()
        self.last_row = Signal()
        self.running = Signal()
        self.reading = Signal()
        self.finished = Signal()
        self.drained = Signal()
        self.gap = Signal()                             # a cycle between two rows
        self.barrier = Signal()
        self.batch = Signal(range(max(2, spec.batch_slots + 1)))        # rows up to the next barrier
        self.settle = Signal(range(2 * spec.broadcast_latency + 1))     # cycles until the PEs' answer counts

    def begin(self, m, rows, row_base):
        """Prepare a layer's scan."""
        m.d.sync += [
            self.rows.eq(rows),
            self.row_base.eq(row_base),
            self.first_row.eq(1),
            self.batch.eq(self._spec.batch_slots),
            self.finished.eq(0),
        ]

    def add(self, m, unit):
        """Take tokens from the root of ``unit``: broadcast, or hand to the result stream while reading."""
        spec = self._spec
        token = unit.token.p
        free = Signal()
        take = Signal()
        send = Signal()
        m.d.comb += [
            free.eq(self.running & ~self.gap & ~self.barrier & ~self.finished),
            take.eq(free & unit.token.valid & (token.empty | ~unit.stop)),
            send.eq(take & ~token.empty),
            unit.token.ready.eq(Mux(self.reading, unit.result.ready, free & (token.empty | ~unit.stop))),
            unit.broadcast.valid.eq(send),
            unit.broadcast.act.eq(token.act),
            unit.broadcast.column.eq(self.row_base + token.pe),
            unit.broadcast.first.eq(self.first_row & (token.pe == 0)),
            unit.result.valid.eq(self.reading & unit.token.valid),
            unit.result.p.act.eq(token.act),
            unit.result.p.last.eq(token.last & self.last_row),
            self.drained.eq((self.settle == 0) & unit.idle & (self.finished | self.barrier)),
            unit.event.broadcasts.eq(send),
            unit.event.stall_queue.eq(free & unit.token.valid & ~token.empty & unit.stop),
            unit.event.stall_scan.eq((take & token.empty) | self.gap),
            unit.event.stall_barrier.eq(self.barrier),
            unit.event.drain.eq(self.finished),
        ]
        m.d.sync += self.gap.eq(send & token.last & (token.pe != spec.pes - 1) & int(spec.scan_gap))
        with m.If(send):
            m.d.sync += self.settle.eq(2 * spec.broadcast_latency)
        with m.Elif(self.settle != 0):
            m.d.sync += self.settle.eq(self.settle - 1)
        with m.If(self.barrier & self.drained):
            m.d.sync += self.barrier.eq(0)
        with m.If((take | (unit.result.valid & unit.result.ready)) & token.last):
            m.d.sync += [
                self.rows.eq(self.rows - 1),
                self.last_row.eq(self.rows == 2),
                self.row_base.eq(self.row_base + spec.pes),
                self.first_row.eq(0),
            ]
            with m.If(self.last_row & ~self.reading):
                m.d.sync += self.finished.eq(1)
            if spec.batch_slots:
                m.d.sync += self.batch.eq(Mux(self.batch == 1, spec.batch_slots, self.batch - 1))
                with m.If((self.batch == 1) & ~self.last_row & ~self.reading):
                    m.d.sync += self.barrier.eq(1)
