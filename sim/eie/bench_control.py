"""The control unit with a small fake of what it is joined to, against ``docs/eie/pipeline.md``: every command in its cycle."""
import cocotb

from rtl.eie.bus import Op, Widths
from sim.eie.bench_control_fake import RESET, Bench
from sim.eie.control_model import layer, network
from sim.eie.drive import SPEC, crossed, pauses
from sim.eie.timing import LOAD_DELAY as DELAY
from sim.eie.timing import START_DELAY
from spec.eie import ceil_log2

SOON = START_DELAY + 4          # cycles from a start within which it is refused


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


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def a_start_is_taken_if_its_layers_are_there(dut):
    """Every first layer and count: taken with just these layers loaded, refused without any one of them or beyond the last."""
    bench = await Bench(dut).start()
    every = (1 << SPEC.layers) - 1
    for first in range(SPEC.layers):
        for count in range(2 * SPEC.layers):
            chosen = (1 << first + count) - (1 << first)
            legal = 0 < count <= SPEC.layers - first
            holes = [chosen, *(every & ~(1 << number) for number in range(first, first + count))] if legal else [every]
            for loaded in holes:
                before = bench.refusals, bench.clears
                await bench.cycle(start=1, first=first, count=count, layers_loaded=loaded)
                for _ in range(START_DELAY - 3):
                    await bench.cycle(start=0)
                took = legal and loaded == chosen
                told = bench.refusals - before[0], bench.clears - before[1]
                assert told == (not took, took), f"layers {first} to {first + count - 1} of {loaded:b}: refused, begun {told}"
                if took:
                    bench = await Bench(dut).start()


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def the_loaders_commands_pass_and_a_start_waits_for_them(dut):
    """Each goes to its PE a cycle later; those up to DELAY cycles after a start still go, ahead of the layer's first."""
    bench = await Bench(dut).start()
    bench.put([layer(bench.rng)])
    rng, before = bench.rng, None
    for cycle in range(60):
        late = cycle - 40
        load = late <= DELAY and rng.random() < 0.7
        given = {"load_op": rng.choice((Op.POINTER, Op.WORD, Op.ACT)) if load else Op.NOP, "load_pe": rng.getrandbits(8),
                 "load_addr": rng.getrandbits(Widths(SPEC).address), "load_data": rng.getrandbits(32)}
        await bench.cycle(**given, start=late == 0, first=0, count=1, idle=1)
        if bench.block["cmd_op"] == Op.SCAN:
            assert late > DELAY
            break
        if before is not None:
            assert bench.block["cmd_op"] == before["load_op"], f"cycle {cycle}"
            if before["load_op"] != Op.NOP:
                got = tuple(bench.block[f"cmd_{name}"] for name in ("pe", "addr", "data", "everyone"))
                assert got == (before["load_pe"], before["load_addr"], before["load_data"], 0), f"cycle {cycle}"
        assert bench.block["loading"] == (late <= 1), f"cycle {cycle}: no beat is taken after a start"
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
    assert (held, quiet) == (RESET, RESET + 1)        # the command comes a register after the state
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
