"""Stage F of the sparse-matrix read: a fragment held, and one word of it named per cycle."""

from dataclasses import dataclass

from amaranth.hdl import Mux, Signal, Value

from rtl.eie.bus import Op, Widths


class Stage:
    """Registers that travel with a word through S1 and S2."""

    def __init__(self, spec, widths, name):
        self.valid = Signal(name=f"{name}_valid")
        self.tail = Signal(name=f"{name}_tail")
        self.empty = Signal(name=f"{name}_empty")
        self.act = Signal(spec.act_bits, name=f"{name}_act", reset_less=True)
        self.first = Signal(widths.entry, name=f"{name}_first")
        self.last = Signal(widths.entry, name=f"{name}_last")


@dataclass(frozen=True, kw_only=True)
class Fetch:
    """What stage F gives.

    Parameters
    ----------
    valid : Value
        It holds a fragment.
    word : Value
        Address of the next word; of a BIAS command's word in the cycle after the command.
    issue : Value
        That word is read in this cycle.
    s1 : Stage
        Registers of the word whose array read is under way.
    """

    valid: Value
    word: Value
    issue: Value
    s1: Stage


def fetch(m, spec, read, s1_ready) -> Fetch:
    """Add stage F of the matrix read ``read``, whose fragments and commands it takes, and the registers in front of S1."""
    w = Widths(spec)
    fragment = read.i.p
    f_valid = Signal()
    f_act = Signal(spec.act_bits, reset_less=True)
    f_empty = Signal()
    word = Signal(w.word)
    last_word = Signal(w.word)
    first = Signal(w.entry)
    last = Signal(w.entry)
    final = Signal()
    issue = Signal()
    m.d.comb += [
        issue.eq(f_valid & s1_ready),
        read.i.ready.eq((~f_valid | (issue & final)) & ~read.hold),
    ]
    with m.If(issue):
        m.d.sync += [
            word.eq(word + 1),
            first.eq(0),
            final.eq((word + 1)[:w.word] == last_word),
        ]
        with m.If(final):
            m.d.sync += f_valid.eq(0)
    with m.If(read.i.valid & read.i.ready):
        m.d.sync += f_valid.eq(1)
    with m.If(read.i.ready):
        m.d.sync += [
            f_act.eq(fragment.act),
            first.eq(fragment.start[:w.entry]),
            last.eq(fragment.last[:w.entry]),
            word.eq(fragment.start[w.entry:]),
            last_word.eq(fragment.last[w.entry:]),
            final.eq(fragment.single),
        ]
        if not spec.skip_empty:
            m.d.sync += [
                f_empty.eq(fragment.empty),
                final.eq(fragment.empty | fragment.single),
            ]
    with m.If(read.command.op == Op.BIAS):
        m.d.sync += word.eq(read.command.addr[w.lane:])
    s1 = Stage(spec, w, "s1")
    with m.If(s1_ready):
        m.d.sync += [
            s1.valid.eq(f_valid),
            s1.act.eq(f_act),
            s1.first.eq(first),
            s1.tail.eq(final),
            s1.last.eq(Mux(final, last, spec.word_entries - 1)),
            s1.empty.eq(f_empty),
        ]
    return Fetch(valid=f_valid, word=word, issue=issue, s1=s1)
