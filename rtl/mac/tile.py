"""The tile: D = A*B + C on 4 x 4 matrices, every output by its own dot unit or several by one in turn."""
from amaranth import Cat, Const, Module, Signal, Value
from amaranth.lib import data, wiring
from amaranth.lib.wiring import In, Out

from rtl.emit import Library
from rtl.mac.datapath import Datapath
from rtl.mac.decode import Decode
from rtl.mac.dot import Dot
from rtl.mac.feed import OUTPUTS, Feed, operation_layout, part_shape, state_bits
from rtl.mac.lns_dot import LnsDot
from rtl.mac.pipe import Late, Pipe
from rtl.mac.random import Random
from rtl.mac.select import select
from rtl.parts import copies
from spec.mac.lfsr import LFSR_BITS


class Tile(wiring.Component):
    """Sixteen dot products per operation, one operation accepted every ``fold`` cycles, never waiting.

    ``o_valid`` and ``o_d`` follow ``i_valid`` and ``i_op`` after ``latency`` cycles. An operation offered while
    ``i_ready`` is low is lost; with ``fold`` 1 it never is.

    Parameters
    ----------
    datapath : Datapath
    cuts : dict
        As `Pipe` takes them.
    library : Library
        Takes the modules of the tile's parts.

    Members
    -------
    i_valid, i_ready : ``In(1)``, ``Out(1)``
    i_op : ``In(operation_layout(datapath.spec))``
    o_valid : ``Out(1)``
    o_d : ``Out(ArrayLayout(state_bits(datapath.spec), OUTPUTS))``
    seeds : ``In(ArrayLayout(LFSR_BITS, OUTPUTS))``
        Of stochastic builds only; taken during reset.
    """

    def __init__(self, datapath: Datapath, cuts: dict[str, int], library: Library):
        self.datapath, self.cuts, self.library = datapath, cuts, library
        self.spec = datapath.spec
        seeds = {"seeds": In(data.ArrayLayout(LFSR_BITS, OUTPUTS))} if self.spec.stochastic else {}
        super().__init__({"i_valid": In(1), "i_ready": Out(1), "i_op": In(operation_layout(self.spec)), "o_valid": Out(1),
                          "o_d": Out(data.ArrayLayout(state_bits(self.spec), OUTPUTS))} | seeds)
        self._module = m = Module()
        self._build(m)

    def elaborate(self, platform):
        return self._module

    def _build(self, m):
        spec, library = self.spec, self.library
        feed = library.instantiate(m, "feed", lambda: Feed(spec), module="mac_feed")
        m.d.comb += [
            feed.i_valid.eq(self.i_valid),
            Value.cast(feed.i).eq(self.i_op),
            self.i_ready.eq(feed.ready),
        ]
        p = Pipe(m, self.cuts)
        p.wait("feed", 1)
        self._valid = p.put(feed.o_valid, "valid", reset=True)
        self._last = p.put(feed.o_valid & feed.o_last, "last", reset=True)
        if spec.arith == "lns":
            self._finish(m, p, self._logarithmic(m, p, feed.o))
        else:
            self._finish(m, p, self._linear(m, p, feed.o))

    def _logarithmic(self, m, p: Pipe, part) -> list:
        """Place the dot units of logarithmic words; return their results."""
        dot, columns, results = LnsDot(self.spec, self.cuts, self.library), part_shape(self.spec)[1], []
        dots = copies(dot, lambda: LnsDot(self.spec, self.cuts, self.library))
        for unit in range(self.spec.units):
            port = self.library.instantiate(m, f"dot{unit}", dots, module="mac_dot")
            row, column = divmod(unit, columns)
            m.d.comb += [
                Value.cast(port.a).eq(part.a[row]),
                Value.cast(port.b).eq(part.b[column]),
                port.c.eq(part.c[unit]),
            ]
            results.append(port.d)
        p.wait("dot", dot.latency)
        self.stages = (("feed", 1), *dot.log, *self._collect())
        return results

    def _linear(self, m, p: Pipe, part) -> list:
        """Decode a part of an operation and place its dot units; return their results."""
        spec, library = self.spec, self.library
        rows, columns = part_shape(spec)
        fmt = part.fmt
        mode = p.put(self._mode(fmt), "mode")
        def decode_a():
            return Decode(self.datapath, self.datapath.product_offset, self.datapath.a_bits)

        def decode_b():
            return Decode(self.datapath, 0, self.datapath.b_bits)

        a = [self._elements(m, p, f"a{i}", part.a[i], fmt, decode_a) for i in range(rows)]
        b = [self._elements(m, p, f"b{j}", part.b[j], fmt, decode_b) for j in range(columns)]
        if spec.sparse:
            code, meta = p.put(fmt, "fmt"), [p.put(part.meta[i], f"meta{i}") for i in range(rows)]
        c = [p.put(part.c[unit], f"c{unit}") for unit in range(spec.units)]
        p.cut("decode")

        dot = Dot(self.datapath, self.cuts, library)
        dots = copies(dot, lambda: Dot(self.datapath, self.cuts, library))
        late = p.fork()
        late.wait("significands", dot.sig_stage)
        heads, sigs = ([[element[n] for element in column] for column in b] for n in (0, 1))
        met = [divmod(unit, columns) for unit in range(spec.units)]     # row and column of each unit
        if spec.sparse:
            heads, sigs = ([select(spec, pipe, code, meta[i], own[j]) for i, j in met]
                           for pipe, own in ((p, heads), (late, sigs)))
            p.cut("select")
            late.cut("select")
        else:
            heads, sigs = ([own[j] for _, j in met] for own in (heads, sigs))
            p.cut("broadcast")
            late.cut("broadcast")
        rounding = p.fork()
        rounding.wait("random", dot.random_stage)
        results = []
        for unit in range(spec.units):
            port = library.instantiate(m, f"dot{unit}", dots, module="mac_dot")
            row = met[unit][0]
            m.d.comb += [
                Value.cast(port.a).eq(Cat(p[head] for head, _ in a[row])),
                Value.cast(port.b).eq(Cat(p[head] for head in heads[unit])),
                Value.cast(port.a_sig).eq(Cat(late[sig] for _, sig in a[row])),
                Value.cast(port.b_sig).eq(Cat(late[sig] for sig in sigs[unit])),
                port.c.eq(p[c[unit]]),
                Value.cast(port.mode).eq(p[mode]),
            ]
            if spec.stochastic:
                random = library.instantiate(m, f"random{unit}", lambda: Random(spec.fold), module="mac_random")
                m.d.comb += [
                    random.step.eq(rounding[self._valid]),
                    port.random.eq(random.number),
                    Value.cast(random.seeds).eq(Cat(self.seeds[unit::spec.units])),
                ]
            results.append(port.d)
        p.wait("dot", dot.latency)
        self.stages = (("feed", 1), *p.log[1:-1], *dot.log, *self._collect())
        return results

    def _collect(self) -> tuple:
        """Name the stages in which parts are put together."""
        return (("collect", self.spec.fold),) if self.spec.fold > 1 else ()

    def _elements(self, m, p: Pipe, name: str, row, fmt, decode) -> list[tuple[Late, Late]]:
        """Decode a row of A or a column of B; return each element's head and significand."""
        spec, found = self.spec, []
        used = spec.terms if name[0] == "a" else spec.length
        for lane in range(len(row)):
            part = self.library.instantiate(m, f"{name}_{lane}", decode, module=f"mac_decode_{name[0]}")
            idle = [fmt == spec.code(name) for name in spec.formats if lane >= used(name)]
            m.d.comb += [
                part.bits.eq(row[lane]),
                part.fmt.eq(fmt),
                part.dead.eq(Cat(idle).any() if idle else 0),
            ]
            found.append((p.put(Value.cast(part.head), f"{name}_{lane}_head"), p.put(part.sig, f"{name}_{lane}_sig")))
        return found

    def _mode(self, fmt):
        """Tell the dot units what kind of format an operation has, as `MODE`."""
        def among(names):
            found = [fmt == self.spec.code(name) for name in names]
            return Cat(found).any() if found else Const(0, 1)

        return Cat(among(self.datapath.ints), among(filter(self.datapath.is_byte, self.datapath.floats)))

    def _finish(self, m, p: Pipe, results) -> None:
        """Put the parts of an operation together; `Feed` never has a gap between them."""
        spec, valid = self.spec, p[self._valid]
        if spec.fold == 1:
            m.d.comb += [
                self.o_valid.eq(valid),
                Cat(self.o_d).eq(Cat(results)),
            ]
            self.latency = p.stage
            return
        whole = Signal(OUTPUTS * state_bits(spec), reset_less=True)
        m.d.sync += [
            self.o_valid.eq(p[self._last]),
            whole.eq(Cat(whole, results)[spec.units * state_bits(spec):]),
        ]
        m.d.comb += Cat(self.o_d).eq(whole)
        self.latency = p.stage + spec.fold
