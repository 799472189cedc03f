"""The control unit with a small fake of what it is joined to, against ``docs/eie/pipeline.md``: every command in its cycle."""
import collections
from dataclasses import dataclass, field

import cocotb
from cocotb.triggers import FallingEdge, RisingEdge

from rtl.eie.bus import Op, Widths
from sim.eie.bench_scan import row
from sim.eie.drive import SPEC, Block, crossed, draw, pauses
from sim.eie.timing import LOAD_DELAY as DELAY
from sim.eie.timing import LOOKUP_DELAY as LOOKUP
from sim.eie.timing import WRITE_DELAY as WRITTEN
from sim.eie.timing import pe_bits, reset_cycles
from spec.eie import LAYER_FIELDS, ceil_log2

N, B, BOOK = SPEC.pes, SPEC.broadcast_latency, 1 << SPEC.codebook_bits
RESET = reset_cycles(SPEC)
PE_BITS = pe_bits(SPEC)
SOON = 2 * DELAY + 8        # cycles from a start to its first command, or to its refusal; and between layers
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
        """Return the word in which the layer's entries begin, behind its biases."""
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
        if self.drained is not None or not (done or self.barrier) or t <= self.taken or not idle:
            return
        if self.broadcast is not None and t < self.broadcast + 2 * B + 1 or done and t < self.t0 + self.preload:
            return
        if done:
            self.drained = t
        self.barrier = False

    def totals(self) -> dict[str, int]:
        """Return the counters of the whole layer."""
        out = self.layer.fields["out_slots"]
        fixed = {"cycles": self.end - self.t0 + 1, "preload": self.preload, "writeback": out + B + WRITTEN}
        return {name: fixed.get(name, self.counts[name]) for name in COUNTERS}


class Bench:
    """A control unit, the memories of the loader it reads, and the events that it counts."""

    def __init__(self, dut):
        self.dut, self.block, self.rng = dut, Block(dut, "control"), draw()
        self.layers = {}
        self.books = [self.rng.getrandbits(SPEC.weight_bits) for _ in range(SPEC.codebooks * BOOK)]
        self.counts: collections.Counter = collections.Counter()
        self.t = self.dones = self.refusals = self.clears = 0
        self.in_pes = None                                      # codebook in the PEs
        self.source = None

    async def start(self, *, cleared=True):
        await self.block.start()
        self.block.set(ok=1, act_loaded=1, load_op=Op.NOP)
        while cleared and not self.block["loading"]:
            await self.cycle()
            assert self.t < SPEC.slots + 2 * RESET + 8, "the accumulators must be cleared in a cycle each"
        return self

    async def cycle(self, **values):
        """Go through a cycle; the loader's memories answer in it."""
        self.block.set(**values)
        await FallingEdge(self.dut.clk)
        number, place = self.block["layer_addr"], self.block["code_addr"]
        self.block.set(layer=self.layers[number].descriptor if number in self.layers else self.rng.getrandbits(128),
                       code=self.books[place])
        await RisingEdge(self.dut.clk)
        self.t += 1
        self.dones += self.block["done"]
        self.refusals += self.block["refused"]
        self.clears += self.block["clear"]
        for name in COUNTERS:
            self.counts[name] += self.block[f"event_{name}"]

    def put(self, layers):
        """Have layers 0 to ... loaded, and no others."""
        self.layers = dict(enumerate(layers))
        self.block.set(layers_loaded=(1 << len(layers)) - 1)

    def quiet(self):
        """Hold that nothing is asked of the array in this cycle."""
        assert self.block["cmd_op"] == Op.NOP and not self.block["bc_valid"], f"cycle {self.t}"

    async def write_codebook(self):
        """Have a codebook changed while loading."""
        await self.cycle(codebook_written=1)
        self.block.set(codebook_written=0)
        self.in_pes = None

    async def ask(self, **command):
        """Pulse ``start`` or ``read`` and wait for the first command, which is not in the cycles counted before."""
        self.counts.clear()
        clears = self.clears
        await self.cycle(**command)
        self.block.set(**dict.fromkeys({"start", "read"} & command.keys(), 0))
        for _ in range(SOON):
            await self.cycle(token_valid=0, stop=self.rng.randrange(2), idle=1, **self.noise())
            assert self.block["busy"]
            if self.block["cmd_op"] != Op.NOP:
                break
            self.quiet()
            self.counts.clear()                                 # what is before the first command is no layer's
        assert self.clears == clears + ("start" in command), "the counters are cleared once for a start, never for a read"

    def noise(self, busy=True):
        """Return commands for a machine that is busy, which ignores them."""
        return {"start": busy and self.rng.random() < 0.1, "read": busy and self.rng.random() < 0.1}

    async def run(self, first, count, wait, refuse, busy):
        """Run layers and compare every cycle of each with the specification."""
        dones = self.dones
        await self.ask(start=1, first=first, count=count)
        for number in range(first, first + count):
            if number != first:
                self.counts.clear()
                for _ in range(SOON):
                    await self.cycle(token_valid=0, **self.noise())
                    if self.block["cmd_op"] != Op.NOP:
                        break
                    self.quiet()
                    self.counts.clear()
                self.source ^= 1
            await self._layer(self.layers[number], wait, refuse, busy)
            assert self.dones == dones or number == first + count - 1
        self.source ^= 1
        await self._done(dones)

    async def _layer(self, found, wait, refuse, busy):
        """Follow a layer from the cycle of its SCAN, in which the clock stands, to its last output."""
        book = found.fields["codebook"]
        codes = [] if book == self.in_pes else self.books[book * BOOK:(book + 1) * BOOK]
        self.in_pes = book
        want = Want(layer=found, t0=self.t, codes=codes)
        if self.source is None:
            self.source = self.block["cfg_source"]
        valid = stop = False
        first = True
        while want.end is None or self.t <= want.end:
            if not first:
                valid = want.sent < len(want.tokens) and (valid or not wait())
                stop, idle = refuse(), not busy()
                shown = want.tokens[want.sent] if valid else self.rng.getrandbits(20)
                over = want.end is not None and self.t >= want.end      # the last output was written: a start may count
                await self.cycle(token_valid=valid, token=shown, stop=stop, idle=idle, **self.noise(not over),
                                 first=self.rng.randrange(SPEC.layers), count=self.rng.randrange(SPEC.layers))
                if want.end is not None and self.t > want.end:
                    break
                took, out = want.consume(self.t, valid, stop)
                self._tokens(valid, took, out)
                valid = valid and not took
            self._commands(want)
            if not first:
                want.watch(self.t, idle)
            first = False
        got = {name: self.counts[name] - self.block[f"event_{name}"] for name in COUNTERS}
        assert got == want.totals(), f"layer {found.fields}: counted {got}, expected {want.totals()}"

    def _tokens(self, valid, took, out):
        block = self.block
        assert not valid or block["token_ready"] == took, f"cycle {self.t}: a token taken {block['token_ready']}, not {took}"
        assert block["bc_valid"] == (out is not None), f"cycle {self.t}"
        assert not block["result_valid"]
        if out is not None:
            got = block["bc_act"], block["bc_column"], block["bc_first"]
            assert got == out, f"cycle {self.t}: broadcast {got}, expected {out}"

    def _commands(self, want):
        block, fields = self.block, want.layer.fields
        op, addr, data = want.command(self.t)
        assert block["cmd_op"] == op, f"cycle {self.t - want.t0}: command {block['cmd_op']}, expected {op!r}"
        if op != Op.NOP:
            assert block["cmd_everyone"]
            assert addr is None or block["cmd_addr"] == addr, f"cycle {self.t - want.t0}"
            assert data is None or block["cmd_data"] == data, f"cycle {self.t - want.t0}"
        got = tuple(block[f"cfg_{name}"] for name in ("shift", "relu", "base", "source"))
        assert got == (fields["shift"], fields["relu"], want.base(), self.source), f"cycle {self.t - want.t0}"
        assert block["busy"] and not block["loading"]

    async def _done(self, dones):
        """Wait until the machine says that it is done, once, and loads again."""
        for _ in range(4):
            if self.block["loading"]:
                break
            await self.cycle(start=0, read=0, token_valid=0)
            self.quiet()
        assert self.block["loading"] and self.dones == dones + 1 and not self.block["busy"]

    async def read(self, slots, wait, refuse):
        """Read outputs back: all of them, zeros too, in ascending order, the last one marked."""
        dones, acts = self.dones, [[self.rng.choice((0, self.rng.getrandbits(SPEC.act_bits))) for _ in range(N)]
                                   for _ in range(slots)]
        tokens = collections.deque(token for each in acts for token in row(each, PE_BITS, every=True))
        wanted = [act for each in acts for act in each]
        await self.ask(read=1)
        assert (self.block["cmd_op"], self.block["cmd_data"]) == (Op.SCAN, slots | 1 << 31) and self.block["cmd_everyone"]
        assert self.block["cfg_source"] == self.source, "what was written last is read"
        got, valid = [], False
        while tokens:
            valid, ready = valid or not wait(), not refuse()
            stop = self.rng.randrange(2)
            await self.cycle(token_valid=valid, token=tokens[0], result_ready=ready, stop=stop, **self.noise())
            self.quiet()
            assert self.block["result_valid"] == valid and (not valid or self.block["token_ready"] == ready)
            if valid and ready:
                got.append(self.block["result_act"])
                assert self.block["result_last"] == (len(got) == len(wanted)), f"result {len(got)} of {len(wanted)}"
                tokens.popleft()
                valid = False
        assert got == wanted
        await self._done(dones)
        assert not any(self.counts.values()), "a read-out counts nothing"


def network(rng):
    """Return layers among which are the corners: one slot, all slots, no non-zero, nothing but, more rows than a batch."""
    corners = [
        layer(rng, in_slots=1, out_slots=1, density=1, bias=0), layer(rng, out_slots=SPEC.slots, bias=1, density=0.5),
        layer(rng, density=0), layer(rng, density=1, bias=0, in_slots=min(2 * SPEC.batch_slots + 1, SPEC.slots)),
        layer(rng, density=0.5, in_slots=min(2 * SPEC.batch_slots or 5, SPEC.slots)), *(layer(rng) for _ in range(3))]
    return rng.sample(corners, SPEC.layers)


@cocotb.test(timeout_time=2, timeout_unit="ms")
@crossed
async def every_command_and_broadcast_has_its_cycle(dut, idle, stall):
    """Whenever tokens come and PEs stop or work; a codebook is sent only if it is not there; a busy unit ignores commands."""
    bench = await Bench(dut).start()
    wait, refuse, busy = pauses(idle), pauses(stall), pauses(stall)
    for number in range(6):
        layers = network(bench.rng)
        bench.put(layers)
        if bench.rng.random() < 0.5:
            await bench.write_codebook()
        first = bench.rng.randrange(SPEC.layers)
        count = SPEC.layers if number == 0 else bench.rng.randint(1, SPEC.layers - first)
        first = 0 if number == 0 else first
        await bench.run(first, count, wait, refuse, busy)
        if number % 2:
            for _ in range(2):
                await bench.read(layers[first + count - 1].fields["out_slots"], wait, refuse)
    assert not bench.refusals


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_codebook_stays_until_one_is_written(dut):
    """Of layers with the same codebook only the first sends it, in one start and in the next, until the host writes one."""
    bench = await Bench(dut).start()
    never = pauses("never")
    bench.put([layer(bench.rng, codebook=SPEC.codebooks - 1) for _ in range(2)])
    sent = []
    for touch in (False, False, True):
        if touch:
            await bench.write_codebook()
        sent.append(bench.in_pes is None)
        await bench.run(0, 2, never, never, never)
    assert sent == [True, False, True]


REFUSED = {
    "ok": {"ok": 0}, "act": {"act_loaded": 0}, "hole": {"layers_loaded": 0b101}, "none": {"layers_loaded": 0},
    "count": {"count": 0}, "beyond": {"first": SPEC.layers - 1, "count": 2}, "far": {"first": 1, "count": SPEC.layers},
    "read": {"start": 0, "read": 1},
}


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(why=list(REFUSED))
async def what_cannot_be_done_is_refused(dut, why):
    """A stream error, no vector, layers that are not there, a read before a run: told once, and nothing else happens."""
    bench = await Bench(dut).start()
    bench.put([layer(bench.rng) for _ in range(SPEC.layers)])
    good = {"ok": 1, "act_loaded": 1, "layers_loaded": (1 << SPEC.layers) - 1}
    await bench.cycle(**good | {"first": 0, "count": 3, "start": 1, "idle": 1} | REFUSED[why])
    bench.block.set(start=0, read=0)
    for _ in range(SOON):
        await bench.cycle()
        bench.quiet()
    assert bench.refusals == 1 and not bench.dones and not bench.clears
    assert bench.block["loading"] and not bench.block["busy"] and not bench.counts["cycles"]
    bench.block.set(**good)
    await bench.run(0, 1, pauses("never"), pauses("never"), pauses("never"))
    assert bench.refusals == 1
    if why == "ok":                                             # a read while an error is pending is refused too
        await bench.cycle(ok=0, read=1)
        bench.block.set(read=0)
        for _ in range(SOON):
            await bench.cycle()
            bench.quiet()
        assert bench.refusals == 2


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def the_loaders_commands_pass_and_a_start_waits_for_them(dut):
    """Each goes to its PE a cycle later; those up to DELAY cycles behind a start still go, ahead of the layer's first."""
    bench = await Bench(dut).start()
    bench.put([layer(bench.rng)])
    rng, before = bench.rng, None
    for cycle in range(60):
        late = cycle - 40
        load = late <= DELAY and rng.random() < 0.7
        given = {"load_op": rng.choice((Op.POINTER, Op.WORD, Op.ACT)) if load else Op.NOP, "load_pe": rng.randrange(N),
                 "load_addr": rng.randrange(min(SPEC.slots, SPEC.columns)), "load_data": rng.getrandbits(32)}
        await bench.cycle(**given, start=late == 0, first=0, count=1, idle=1)
        if bench.block["cmd_op"] == Op.SCAN:
            assert late > DELAY
            break
        if before is not None:
            assert bench.block["cmd_op"] == before["load_op"], f"cycle {cycle}"
            if before["load_op"] != Op.NOP:
                got = tuple(bench.block[f"cmd_{name}"] for name in ("pe", "addr", "data", "everyone"))
                assert got == (before["load_pe"], before["load_addr"], before["load_data"], 0), f"cycle {cycle}"
        assert bench.block["loading"] == (late <= 1), f"cycle {cycle}: no beat is taken behind a start"
        before = given
    else:
        raise AssertionError("the layer must start")


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_reset_goes_down_the_tree_and_clears_every_accumulator(dut):
    """The array's reset holds, as long again nothing is sent; then a DRAIN of every slot, a cycle each; no start, no load."""
    bench = await Bench(dut).start(cleared=False)
    bench.put([layer(bench.rng)])
    slots, held, quiet = [], 0, 0
    while bench.block["reset"]:
        assert bench.block["cmd_op"] == Op.NOP and not bench.block["loading"]
        held += 1
        await bench.cycle(start=0)
    while bench.block["cmd_op"] == Op.NOP and quiet <= RESET:
        quiet += 1
        assert not bench.block["reset"] and not bench.block["loading"]
        await bench.cycle(start=quiet == 1, first=0, count=1)
    assert (held, quiet) == (RESET, RESET + 1)        # the command is a register behind the state
    slots.append(bench.block["cmd_data"] & (1 << ceil_log2(SPEC.slots)) - 1)
    for _ in range(SPEC.slots):
        await bench.cycle(start=len(slots) == 1, first=0, count=1)
        assert not bench.block["loading"] or len(slots) == SPEC.slots
        if bench.block["cmd_op"] == Op.DRAIN:
            assert bench.block["cmd_everyone"]
            slots.append(bench.block["cmd_data"] & (1 << ceil_log2(SPEC.slots)) - 1)
        else:
            assert len(slots) in (0, SPEC.slots)
    assert slots == list(range(SPEC.slots))
    for _ in range(SOON):
        await bench.cycle(start=0)
        bench.quiet()
    assert bench.block["loading"] and not bench.refusals and not bench.clears
