"""Detection of non-zeros: buffer, leaf and node give every non-zero once, in ascending order, a token per cycle."""
import collections

import cocotb

from rtl.eie.bus import Op
from sim.eie.blocks import TOKEN_BITS
from sim.eie.drive import SPEC, Block, crossed, draw, pauses

FIRST = 4           # cycles from the SCAN command at a leaf to its first token
ACT = (1 << SPEC.act_bits) - 1


def token(act, pe, last, empty, pe_bits):
    """Return the bits of a token."""
    return act | pe << SPEC.act_bits | last << SPEC.act_bits + pe_bits | empty << SPEC.act_bits + pe_bits + 1


def row(acts, pe_bits, *, every=False, offset=0):
    """Return the tokens of a row: its non-zeros in ascending order, or one that says there is none."""
    live = [pe for pe, act in enumerate(acts) if act or every]
    tokens = [token(acts[pe], pe + offset, pe == live[-1], 0, pe_bits) for pe in live]
    return tokens or [token(0, 0, 1, 1, pe_bits)]


def same(got, wanted, pe_bits):
    """Compare tokens; of an empty one only its flags count."""
    flags = 3 << SPEC.act_bits + pe_bits
    return got & flags == wanted & flags if wanted >> SPEC.act_bits + pe_bits + 1 else got == wanted


@cocotb.test(timeout_time=1, timeout_unit="ms")
@crossed
async def buffer_keeps_order_and_offers(dut, idle, stall):
    block, rng, wait, refuse = await Block(dut, "buffer").start(), draw(), pauses(idle), pauses(stall)
    sent: collections.deque = collections.deque()
    held, offer = None, None
    taken = cycles = 0
    while taken < 300:
        if offer is None and not wait():
            offer = rng.getrandbits(TOKEN_BITS)
        ready = not refuse()
        await block.step(i=rng.getrandbits(TOKEN_BITS) if offer is None else offer, i_valid=offer is not None, o_ready=ready)
        assert block["o_valid"] == bool(sent), "a word is there in the cycle after it went in"
        assert block["i_ready"] == (len(sent) < 2), "room for two"
        if sent:
            assert block["o"] == sent[0]
            assert held is None or held == block["o"]
            held = None if ready else block["o"]
            if ready:
                sent.popleft()
                taken += 1
        if offer is not None and block["i_ready"]:
            sent.append(offer)
            offer = None
        cycles += 1
    if idle == stall == "never":
        assert cycles == 301, "a word per cycle"


class Memories:
    """The activation memories of a leaf's PEs, as the leaf scans them: array, then register, each under its enable."""

    def __init__(self, block, rows):
        self.block, self.rows = block, rows
        self.first = self.second = [0] * len(rows[0])

    def ports(self):
        """Return the inputs of the leaf in this cycle."""
        acts = {f"act{pe}": act for pe, act in enumerate(self.second)}
        return acts | {f"nonzero{pe}": act != 0 for pe, act in enumerate(self.second)}

    def edge(self):
        """Pass a clock edge, with the controls of the cycle that ends."""
        if self.block["scan_load"]:
            self.second = self.first
        if self.block["scan_read"]:
            self.first = self.rows[self.block["scan_addr"] % len(self.rows)]


async def scan(block, rows, *, every, refuse):
    """Scan rows; return the tokens and the cycle of each, the command's cycle being 0."""
    memories, got, times, held = Memories(block, rows), [], [], None
    width = len(rows[0])
    wanted = sum(len(row(acts, 2, every=every)) for acts in rows)
    quiet = cycle = 0
    block.set(cmd_op=Op.SCAN, cmd_data=len(rows) | every << 31)
    while quiet < 6:
        ready = not refuse()
        await block.step(o_ready=ready, **memories.ports())
        now = block["o"] if block["o_valid"] else None
        assert held is None or now == held, "an offer must stay until it is taken"
        held = None if ready else now
        if now is not None and ready:
            got.append(now)
            times.append(cycle)
        memories.edge()
        block.set(cmd_op=Op.NOP, cmd_data=0)
        cycle += 1
        quiet = quiet + 1 if len(got) >= wanted else 0
        assert cycle < 60 * len(rows) * width + 60, "the scan must end"
    return got, times


def rows_of(rng, width):
    """Return rows of activations: full, empty, and every pattern of non-zeros that fits the slots, shuffled."""
    patterns = [0, (1 << width) - 1, *range(1 << width)] * 2
    rng.shuffle(patterns)
    return [[(rng.getrandbits(SPEC.act_bits) | 1) & ACT if pattern >> pe & 1 else 0 for pe in range(width)]
            for pattern in [(1 << width) - 1, *patterns][:SPEC.slots]]


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(stall=["never", "other", "burst", 0.4], every=[0, 1], name=["leaf", "leaf3"])
async def leaf_gives_every_non_zero_in_order(dut, stall, every, name):
    """The first token is there four cycles after the command, then one per cycle; a scan may follow another."""
    block, rng, refuse = await Block(dut, name).start(), draw(), pauses(stall)
    width = 4 if name == "leaf" else 3
    for _ in range(3):
        rows = rows_of(rng, width)
        got, times = await scan(block, rows, every=every, refuse=refuse)
        wanted = [each for acts in rows for each in row(acts, 2, every=every)]
        assert len(got) == len(wanted), f"{len(got)} tokens, expected {len(wanted)}"
        for number, (one, other) in enumerate(zip(got, wanted, strict=True)):
            assert same(one, other, 2), f"token {number}: {one:#x}, expected {other:#x}; seed {cocotb.RANDOM_SEED}"
        if stall == "never":
            assert times == list(range(FIRST, FIRST + len(wanted))), "a token per cycle"


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(idle=["never", "other", "burst", 0.4], stall=["never", "other", "burst", 0.4], name=["node", "node3"])
async def node_merges_rows_in_order(dut, idle, stall, name):
    """Each child pauses by itself; nothing is lost, doubled or out of order, and a full tree gives a token per cycle."""
    block, rng, refuse = await Block(dut, name).start(), draw(), pauses(stall)
    children = 4 if name == "node" else 3
    rows = [[[rng.getrandbits(SPEC.act_bits) | 1 if rng.random() < share else 0 for _ in range(4)] for _ in range(children)]
            for share in rng.choices((0, 0.1, 0.5, 1), k=80)]
    for empty in range(children):                               # one child alone has something
        rows.append([[1, 0, 2, 0] if child == empty else [0] * 4 for child in range(children)])
    waiting = [collections.deque(each for acts in rows for each in row(acts[child], 2)) for child in range(children)]
    wanted = [each for acts in rows for each in row([act for child in acts for act in child], 4)]
    waits = [pauses(idle) if isinstance(idle, str) else pauses(idle + child / 10) for child in range(children)]
    offered = [False] * children
    got, held, first, last, cycle = 0, None, None, 0, 0
    while got < len(wanted) or cycle < last + 5:
        for child in range(children):
            offered[child] = offered[child] or bool(waiting[child]) and not waits[child]()
        ready = not refuse()
        await block.step(o_ready=ready, **{f"i{child}_valid": offered[child] for child in range(children)},
                         **{f"i{child}": waiting[child][0] if offered[child] else 0 for child in range(children)})
        now = block["o"] if block["o_valid"] else None
        assert held is None or now == held, "an offer must stay until it is taken"
        held = None if ready else now
        if now is not None and ready:
            assert got < len(wanted) and same(now, wanted[got], 4), f"token {got}: {now:#x}; seed {cocotb.RANDOM_SEED}"
            got, last = got + 1, cycle
            first = cycle if first is None else first
        for child in range(children):
            if offered[child] and block[f"i{child}_ready"]:
                waiting[child].popleft()
                offered[child] = False
        cycle += 1
    assert not any(waiting)
    if idle == stall == "never":
        assert last - first == len(wanted) - 1, "a token per cycle"
