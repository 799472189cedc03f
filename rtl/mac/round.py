"""The one rounding of a result, and its packing into D's format."""
from amaranth import Cat, Const, Mux, Signal

from rtl.mac.datapath import Datapath
from rtl.mac.pipe import Late, Pipe


def round_pack(p: Pipe, datapath: Datapath, *, mag: Late, rest: Late, last: Late, neg: Late, flags,
               short: Late | None, random: Late | None) -> Late:
    """Return D's pattern; cuts ``exponent``, ``round`` and ``pack`` on the way.

    The exponent field is limit - shift + 1 where the top bit of ``mag`` is set, else 0: a subnormal or zero. `normalise` gives
    ``rest`` = limit - shift, the shift's last digit ``last`` excepted, so that a carry is all that is added here.
    ``short`` says that only the 14 bits of the 8-bit formats' accumulator are kept. ``random`` is the number
    of a stochastic rounding.
    """
    fmt, width = datapath.acc, len(mag.taps[mag.last])
    keep = fmt.man_bits + 1
    value = p[mag] if width > keep else Cat(Const(0, keep + 1 - width), p[mag])
    width = max(width, keep + 1)
    field = Signal(len(p[rest]) + 1, name="field")
    p.m.d.comb += field.eq(Mux(value[-1], p[rest] + ~p[last], 0))
    body = p.put(Cat(value[width - keep:width - 1], field), "body")
    up = _up(p, datapath, value, value[:width - keep], short, random)
    p.cut("exponent")
    over, whole = p[body][fmt.man_bits:] >= (1 << fmt.exp_bits) - 1, p[body][:fmt.bits - 1]
    low = 0 if short is None else fmt.sig_bits - min(datapath.spec.rule(f).keep for f in datapath.floats)
    kept = whole if short is None else Cat(Mux(p[short], 0, whole[:low]), whole[low:])
    if up is not None:
        step = p[up] if short is None else Mux(p[short], p[up].shift_left(low), p[up])
        done = Signal(len(kept), name="rounded")
        p.m.d.comb += done.eq(kept + step)
        kept = done
    body, infinite = p.put(kept, "kept"), p.put(over, "infinite")
    p.cut("round")
    is_nan, is_inf, minus_inf = (p[f] for f in flags)
    sign = Mux(is_inf, minus_inf, p[neg] & (p[body].any() | p[infinite]))
    value = Mux(is_nan, fmt.nan, Cat(Mux(is_inf | p[infinite], fmt.inf, p[body])[:fmt.bits - 1], sign))
    result = p.put(value[:fmt.bits], "d")
    p.cut("pack")
    return result


def _up(p: Pipe, datapath: Datapath, value, rest, short: Late | None, random: Late | None) -> Late | None:
    """Return whether the magnitude is rounded away from zero, or None where it never is."""
    rule = datapath.spec.rule(datapath.floats[0])
    if random is not None:
        return p.put(_chance(p[random], rest) if short is None else
                     Mux(p[short], _chance(p[random], value[:len(value) - 14]), _chance(p[random], rest)), "up")
    if rule.round == "rz":
        return None
    return p.put(rest[-1] & (rest[:-1].any() | value[len(rest)]), "up")


def _chance(random, rest):
    """Carry of the discarded fraction plus a random number of as many bits, at most 32."""
    bits = min(len(rest), len(random))
    return (rest[len(rest) - bits:] + random[len(random) - bits:])[bits]
