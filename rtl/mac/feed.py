"""What a tile's dot units work on: a whole operation at once, or with ``fold`` one part of it a cycle."""
from amaranth import Cat, Module, Signal
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from spec.mac import SIDE, MacSpec
from spec.mac.number import OPERANDS

OUTPUTS = SIDE * SIDE
CODE_BITS = (len(OPERANDS) - 1).bit_length()


def state_bits(spec: MacSpec) -> int:
    """Bits that travel with one output: C or D, and above it what a compensated sum still owes."""
    return spec.acc_bits * (2 if spec.kahan else 1)


def operation_layout(spec: MacSpec) -> data.StructLayout:
    """One operation: A (4 x k), its metadata, B (depth x 4) and C (4 x 4), each by rows, element 0 lowest, and their format."""
    a, b = (data.ArrayLayout(spec.operand_bits, SIDE * size) for size in (spec.k, spec.depth))
    return data.StructLayout({"a": a, "meta": data.ArrayLayout(spec.meta_bits, SIDE), "b": b,
                              "c": data.ArrayLayout(state_bits(spec), OUTPUTS), "fmt": CODE_BITS})


def part_layout(spec: MacSpec) -> data.StructLayout:
    """Rows of A, columns of B and elements of C that the units take in one cycle."""
    rows, columns = part_shape(spec)
    return data.StructLayout({"a": data.ArrayLayout(data.ArrayLayout(spec.operand_bits, spec.k), rows),
                              "meta": data.ArrayLayout(spec.meta_bits, rows),
                              "b": data.ArrayLayout(data.ArrayLayout(spec.operand_bits, spec.depth), columns),
                              "c": data.ArrayLayout(state_bits(spec), spec.units), "fmt": CODE_BITS})


def part_shape(spec: MacSpec) -> tuple[int, int]:
    """Rows and columns of D that are computed in one cycle."""
    return max(1, SIDE // spec.fold), max(1, spec.units // max(1, SIDE // spec.fold))


class Feed(wiring.Component):
    """Registers an operation and hands it on in ``fold`` parts, outputs in ascending order.

    A part appears one cycle after its operation, the others in the cycles after that. ``ready`` is low while
    parts are left.

    Members
    -------
    i_valid : ``In(1)``, i : ``In(operation_layout(spec))``
    ready : ``Out(1)``
    o_valid : ``Out(1)``, o_last : ``Out(1)``
        A part is there; it is its operation's last.
    o : ``Out(part_layout(spec))``
    """

    def __init__(self, spec: MacSpec):
        self.spec = spec
        super().__init__({"i_valid": In(1), "i": In(operation_layout(spec)), "ready": Out(1), "o_valid": Out(1),
                          "o_last": Out(1), "o": Out(part_layout(spec))})

    def elaborate(self, platform):
        m = Module()
        spec, (rows, columns) = self.spec, part_shape(self.spec)
        k, bits = spec.k, spec.operand_bits
        wide = k * bits + spec.meta_bits                        # a row of A, its metadata on top
        a = [Signal(wide, reset_less=True, name=f"a{row}") for row in range(SIDE)]
        b = [Signal(spec.depth * bits, reset_less=True, name=f"b{column}") for column in range(SIDE)]
        c = [Signal(state_bits(spec), reset_less=True, name=f"c{out}") for out in range(OUTPUTS)]
        fmt = Signal(CODE_BITS, reset_less=True)
        left = Signal(range(spec.fold))
        m.d.comb += [
            self.ready.eq(left == 0),
            self.o_last.eq(left == 0),
            self.o.fmt.eq(fmt),
            Cat(self.o.a).eq(Cat(row[:k * bits] for row in a[:rows])),
            Cat(self.o.meta).eq(Cat(row[k * bits:] for row in a[:rows])),
            Cat(self.o.b).eq(Cat(b[:columns])),
            Cat(self.o.c).eq(Cat(c[:spec.units])),
        ]
        m.d.sync += self.o_valid.eq(self.i_valid & self.ready | ~self.ready)
        load = [*(a[i].eq(Cat(*(self.i.a[i * k + t] for t in range(k)), self.i.meta[i])) for i in range(SIDE)),
                *(b[j].eq(Cat(self.i.b[t * SIDE + j] for t in range(spec.depth))) for j in range(SIDE)),
                *(c[n].eq(self.i.c[n]) for n in range(OUTPUTS)),
                fmt.eq(self.i.fmt)]
        if spec.fold == 1:
            m.d.sync += load
            return m
        with m.If(self.ready):
            m.d.sync += load
            with m.If(self.i_valid):
                m.d.sync += left.eq(spec.fold - 1)
        with m.Else():
            m.d.sync += left.eq(left - 1)
            m.d.sync += [old.eq(new) for old, new in zip(c, c[spec.units:], strict=False)]
            m.d.sync += [old.eq(new) for old, new in zip(b, b[columns:] + b[:columns], strict=True)]
            turns = SIDE // columns                    # parts in a row of D
            with m.If(left[:(turns - 1).bit_length()] == 0) if turns > 1 else m.If(1):
                m.d.sync += [old.eq(new) for old, new in zip(a, a[rows:], strict=False)]
        return m
