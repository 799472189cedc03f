"""Arithmetic: codebook, row address, multiply, accumulate with forwarding and saturation."""

from amaranth.hdl import Cat, Module, Mux, Signal, signed
from amaranth.lib import wiring
from amaranth.lib.wiring import In, Out

from rtl.eie.bus import Op, Widths, always_taken
from rtl.emit import Library
from rtl.parts import clock, delayed

REGFILE_SLOTS = 64
"""Accumulators that LUT RAM holds at reasonable cost; deeper files go to block RAM."""


class Arithmetic(wiring.Component):
    """b_x += codebook[v] * a_j for one entry per cycle, saturating at every addition; never stalls.

    An entry that is in E1 in one cycle is read, added and written in the next three (E2, E3, E4). Entries of one row may follow
    each other in any cycle. BIAS adds ``bias`` to a cleared accumulator; DRAIN gives an accumulator on ``o`` and
    clears it; both enter E2 three cycles after the command, with the slot in its data.

    Members
    -------
    command : ``In(Widths.command)``
        CODE writes a codebook entry; BIAS and DRAIN as above.
    i : ``In(always_taken(Widths.picked))``
        The entry in E1.
    bias : ``In(signed(acc_bits))``
        Bias lane, valid while a BIAS is in E2; 0 at any other time.
    o : ``Out(always_taken(Widths.drained))``
        An accumulator's value and slot while its DRAIN is in E3.
    saturated : ``Out(1)``
        An addition saturated in E3.
    """

    def __init__(self, spec, library: Library):
        self._spec, self._library, self._w = spec, library, Widths(spec)
        super().__init__({
            "command": In(self._w.command), "i": In(always_taken(self._w.picked)), "bias": In(signed(spec.acc_bits)),
            "o": Out(always_taken(self._w.drained)), "saturated": Out(1)})

    def elaborate(self, platform):
        m = Module()
        w = self._w
        given = Cat(self.command.op == Op.BIAS, self.command.op == Op.DRAIN, self.command.data[:w.slot])
        command = delayed(m, given, "given", cycles=2, reset_less=True)
        bias, drain, slot = command[0], command[1], command[2:]
        row_next, row = self._row(m, bias | drain, slot)
        write = delayed(m, self.i.valid | bias | drain, "write", cycles=1)
        draining = delayed(m, drain, "drain", cycles=1)
        product = self._product(m)
        self._accumulate(m, row_next=row_next, row=row, write=write, drain=draining, product=product)
        return m

    def _row(self, m, command, slot):
        """Stage E1: the absolute row from the relative index, or the slot of a command."""
        row_next = Signal(self._w.slot)
        row = Signal(self._w.slot)
        step = Cat(self.i.p.run, self.i.p.skip)
        base = Mux(self.i.p.head, 0, row)
        m.d.comb += row_next.eq(Mux(command, slot, base + step + ~self.i.p.head))
        with m.If(command | self.i.valid):
            m.d.sync += row.eq(row_next)
        return row_next, row

    def _product(self, m):
        """Stages E1 to E3: codebook look-up, multiplier input registers, multiplier output register."""
        spec = self._spec
        weight = Signal(signed(spec.weight_bits))
        product = Signal(signed(spec.weight_bits + spec.act_bits))
        self._library.cell(
            m, "codebook", "nz_regfile", p_WIDTH=spec.weight_bits, p_DEPTH=1 << spec.codebook_bits,
            p_ADDR_BITS=spec.codebook_bits, i_clk=clock(), i_we=self.command.op == Op.CODE,
            i_waddr=self.command.addr[:spec.codebook_bits], i_wdata=self.command.data[:spec.weight_bits], i_raddr=self.i.p.code,
            o_rdata=weight)
        self._library.cell(m, "multiplier", "nz_mult", p_A_BITS=spec.weight_bits, p_B_BITS=spec.act_bits, i_clk=clock(),
                           i_ce=1, i_a=weight, i_b=self.i.p.act.as_signed(), o_p=product)
        return product

    def _accumulate(self, m, *, row_next, row, write, drain, product):
        """Stages E2 to E4: read or forward, add, write; the limit of a saturated sum is put in where the sum is used."""
        bits = self._spec.acc_bits
        row_3 = Signal(self._w.slot)
        row_4 = Signal(self._w.slot)
        write_3 = Signal()
        write_4 = Signal()
        drain_3 = Signal()
        m.d.sync += [
            row_3.eq(row),
            row_4.eq(row_3),
            write_3.eq(write),
            write_4.eq(write_3),
            drain_3.eq(drain),
        ]
        raw = Signal(signed(bits))
        over = Signal()
        sign = Signal()
        result = Signal(signed(bits))
        m.d.comb += result.eq(Mux(over, _limit(sign, bits), raw))
        ports = {"clk": clock(), "we": write_4, "waddr": row_4, "wdata": result}
        stored = (self._in_regfile if self._spec.slots <= REGFILE_SLOTS else self._in_block)(
            m, ports, row_next=row_next, row=row, row_4=row_4, write_4=write_4, result=result)
        operand = Signal(signed(bits))
        total = Signal(signed(bits + 1))
        exceeds = Signal()
        ahead = Signal()
        take_sum = Signal()
        take_limit = Signal()
        m.d.comb += [
            operand.eq(Mux(take_limit, _limit(~take_sum, bits), Mux(take_sum, raw, stored))),
            total.eq(operand + product),
            exceeds.eq(total[bits] != total[bits - 1]),
            ahead.eq((row == row_3) & write_3),
            self.o.p.value.eq(operand),
            self.o.p.slot.eq(row_3),
            self.o.valid.eq(drain_3),
            self.saturated.eq(over & write_4),
        ]
        m.d.sync += [
            raw.eq(Mux(drain_3, 0, total[:bits])),
            over.eq(exceeds & ~drain_3),
            sign.eq(total[bits]),
            take_limit.eq(ahead & exceeds & ~drain_3),
            take_sum.eq(ahead & ~(exceeds & ~drain_3 & total[bits])),
        ]

    def _in_regfile(self, m, ports, *, row_next, row, row_4, write_4, result):
        """Read LUT RAM in E2; the sum that is written at the end of E2 is forwarded."""
        bits = self._spec.acc_bits
        read = Signal(signed(bits))
        old = Signal(signed(bits))
        self._library.cell(m, "accumulators", "nz_regfile", p_WIDTH=bits, p_DEPTH=self._spec.slots, p_ADDR_BITS=self._w.slot,
                           **{f"i_{name}": value for name, value in ports.items()}, i_raddr=row, o_rdata=read)
        m.d.sync += old.eq(Mux((row == row_4) & write_4, result, read | self.bias))
        return old

    def _in_block(self, m, ports, *, row_next, row, row_4, write_4, result):
        """Read block RAM in E1 and E2; sums written at the end of either are forwarded in E3."""
        bits = self._spec.acc_bits
        read = Signal(signed(bits))
        before = Signal(signed(bits))
        second = Signal()
        third = Signal()
        self._library.cell(m, "accumulators", "nz_ram", p_WIDTH=bits, p_DEPTH=self._spec.slots, p_LANES=1,
                           p_ADDR_BITS=self._w.slot, **{f"i_{name}": value for name, value in ports.items()}, i_re=1, i_oe=1,
                           i_raddr=row_next, o_rdata=read)
        row_5 = Signal.like(row_4)
        write_5 = Signal()
        before_2 = Signal(signed(bits))
        bias = Signal(signed(bits))
        m.d.sync += [
            row_5.eq(row_4),
            write_5.eq(write_4),
            before.eq(result),
            before_2.eq(before),
            bias.eq(self.bias),
            second.eq((row == row_4) & write_4),
            third.eq((row == row_5) & write_5),
        ]
        return Mux(second, before, Mux(third, before_2, read | bias))


def _limit(negative, bits):
    """Return the lowest or the highest number of ``bits`` bits."""
    return Cat((~negative).replicate(bits - 1), negative).as_signed()
