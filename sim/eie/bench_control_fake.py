"""Inside the simulator: what a control unit is joined to, as a small fake, and a look at all that it does in a cycle."""

import collections

from cocotb.triggers import FallingEdge, RisingEdge

from rtl.eie.bus import Op
from sim.eie.bench_scan import row
from sim.eie.control_model import COUNTERS, PE_BITS, N, Want
from sim.eie.drive import SPEC, Block, draw
from sim.eie.timing import NEXT_DELAY, READ_DELAY, START_DELAY, reset_cycles

BOOK = 1 << SPEC.codebook_bits
RESET = reset_cycles(SPEC)


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
        delay = READ_DELAY if "read" in command else START_DELAY
        await self._first_command(delay, stop=self.rng.randrange(2), idle=1)
        assert self.clears == clears + ("start" in command), "the counters are cleared once for a start, never for a read"

    async def _first_command(self, cycles, **given):
        """Go on for so many cycles, of which the last one has the first command; what is before it is no layer's."""
        for left in reversed(range(cycles)):
            await self.cycle(token_valid=0, **given, **self.noise())
            assert self.block["busy"]
            if left:
                self.quiet()
                self.counts.clear()
        assert self.block["cmd_op"] != Op.NOP, f"cycle {self.t}: no command in its cycle"

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
                await self._first_command(NEXT_DELAY - 1)       # the cycle after the last output is gone
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
