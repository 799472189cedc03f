"""What ``docs/eie/pipeline.md`` says of the control unit in a layer, asked cycle by cycle."""

import collections
from dataclasses import dataclass, field

from rtl.eie.bus import Op, Widths
from sim.eie.bench_scan import row
from sim.eie.drive import SPEC
from sim.eie.timing import LOOKUP_DELAY as LOOKUP
from sim.eie.timing import WRITE_DELAY as WRITTEN
from sim.eie.timing import pe_bits
from spec.eie import LAYER_FIELDS

N, B, PE_BITS = SPEC.pes, SPEC.broadcast_latency, pe_bits(SPEC)
COUNTERS = ("cycles", "broadcasts", "stall_queue", "stall_scan", "stall_barrier", "preload", "drain", "writeback")


@dataclass(frozen=True, kw_only=True)
class Layer:
    """A descriptor's fields, and the activations that the scan of its source region will find."""

    fields: dict[str, int]
    rows: list[list[int]]

    @property
    def descriptor(self) -> int:
        return sum(value << LAYER_FIELDS[name][0] for name, value in self.fields.items())

    @property
    def tokens(self) -> list[int]:
        return [token for acts in self.rows for token in row(acts, PE_BITS)]


def layer(rng, *, in_slots=None, out_slots=None, density=None, **fields) -> Layer:
    """Return a random layer, or one with what is given."""
    rows = in_slots or rng.randint(1, 8)
    share = rng.choice((0, 0.1, 0.5, 1)) if density is None else density
    given = {"in_slots": rows, "out_slots": out_slots or rng.randint(1, 6), "shift": rng.randrange(1 << SPEC.shift_bits),
             "relu": rng.randrange(2), "bias": rng.randrange(2), "codebook": rng.randrange(SPEC.codebooks),
             "pointer_base": rng.randrange(SPEC.columns), "entry_base": rng.randrange(SPEC.words // 2)} | fields
    return Layer(fields=given, rows=[[rng.getrandbits(SPEC.act_bits) | 1 if rng.random() < share else 0 for _ in range(N)]
                                     for _ in range(rows)])


@dataclass
class Want:
    """What the timing specification says of a layer that starts at cycle ``t0``, asked cycle by cycle."""

    layer: Layer
    t0: int
    codes: list[int]                        # entries to send, none if the PEs have them
    sent: int = 0                           # tokens consumed
    broadcast: int | None = None            # cycle of the last one
    taken: int | None = None                # cycle of the last token consumed
    gap: int | None = None                  # cycle that consumes nothing
    barrier: bool = False
    drained: int | None = None
    counts: collections.Counter = field(default_factory=collections.Counter)

    def __post_init__(self):
        fields, self.tokens = self.layer.fields, self.layer.tokens
        self.biases = fields["out_slots"] if fields["bias"] else 0
        self.preload = len(self.codes) + self.biases
        self.begin = self.t0 + 1 + self.preload
        if not self.biases:
            self.begin = max(self.t0 + 1, self.begin - LOOKUP)
        self.row = 0

    @property
    def end(self) -> int | None:
        """Cycle in which the last output is written."""
        return None if self.drained is None else self.drained + self.layer.fields["out_slots"] + B + WRITTEN

    def command(self, t: int) -> tuple:
        """Return op, address and data of a cycle; None where they do not matter."""
        fields, k = self.layer.fields, t - self.t0 - 1
        if t == self.t0:
            return Op.SCAN, None, fields["in_slots"]
        if k < len(self.codes):
            return Op.CODE, k, self.codes[k]
        if k < self.preload:
            slot = k - len(self.codes)
            return Op.BIAS, (fields["entry_base"] << Widths(SPEC).lane) + slot, slot
        if self.drained is not None and t <= self.drained + fields["out_slots"]:
            return Op.DRAIN, None, t - self.drained - 1
        return Op.NOP, None, None

    def base(self) -> int:
        """Return the word in which the layer's entries begin, after its biases."""
        return (self.layer.fields["entry_base"] + SPEC.bias_words(self.biases)) % SPEC.words

    def consume(self, t: int, valid: bool, stop: bool) -> tuple[bool, tuple | None]:
        """Return whether a token is taken in this cycle, and the broadcast (activation, column, first)."""
        left = self.sent < len(self.tokens)
        may = t >= self.begin and left and not self.barrier and t != self.gap
        self.counts["stall_scan"] += t == self.gap
        self.counts["stall_barrier"] += self.barrier
        self.counts["drain"] += not left and self.drained is None
        if not (valid and may):
            return False, None
        token = self.tokens[self.sent]
        act, pe = token & (1 << SPEC.act_bits) - 1, token >> SPEC.act_bits & (1 << PE_BITS) - 1
        last, empty = token >> SPEC.act_bits + PE_BITS & 1, token >> SPEC.act_bits + PE_BITS + 1
        if not empty and stop:
            self.counts["stall_queue"] += 1
            return False, None
        self.sent, self.taken = self.sent + 1, t
        self.counts["stall_scan"] += empty
        out = None
        if not empty:
            out = (act, (self.layer.fields["pointer_base"] + N * self.row + pe) % SPEC.columns, self.row == pe == 0)
            self.counts["broadcasts"] += 1
            self.broadcast = t
            if SPEC.scan_gap and last and pe != N - 1:
                self.gap = t + 1
        if last:
            self.row += 1
            self.barrier = bool(SPEC.batch_slots) and self.row % SPEC.batch_slots == 0 and self.sent < len(self.tokens)
        return True, out

    def watch(self, t: int, idle: bool) -> None:
        """See at the end of a cycle whether the array has drained."""
        done = self.sent == len(self.tokens)
        if self.drained is not None or not (done or self.barrier) or self.taken is None or t <= self.taken or not idle:
            return
        if self.broadcast is not None and t < self.broadcast + 2 * B + 1 or done and t < self.t0 + self.preload:
            return
        if done:
            self.drained = t
        self.barrier = False

    def totals(self) -> dict[str, int]:
        """Return the counters of the whole layer."""
        out = self.layer.fields["out_slots"]
        if self.end is None:
            raise ValueError("a layer must have drained before it is counted")
        fixed = {"cycles": self.end - self.t0 + 1, "preload": self.preload, "writeback": out + B + WRITTEN}
        return {name: fixed.get(name, self.counts[name]) for name in COUNTERS}


def network(rng):
    """Return layers among which are the corners: one slot, all slots, no non-zero, nothing but, more rows than a batch."""
    corners = [
        layer(rng, in_slots=1, out_slots=1, density=1, bias=0), layer(rng, out_slots=SPEC.slots, bias=1, density=0.5),
        layer(rng, density=0), layer(rng, density=1, bias=0, in_slots=min(2 * SPEC.batch_slots + 1, SPEC.slots)),
        layer(rng, density=0.5, in_slots=min(2 * SPEC.batch_slots or 5, SPEC.slots)), *(layer(rng) for _ in range(3))]
    return rng.sample(corners, SPEC.layers)
