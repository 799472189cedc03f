"""The loader against the table of packets in ``docs/image.md``: commands, central memories, places that are not there."""
import collections
from dataclasses import replace

import cocotb

from rtl.eie.bus import Op
from sim.eie.drive import SPEC, Block, crossed, draw, pauses
from sim.eie.load_model import BOOK, FIELDS, LANES, MEANT, OPS, PER_ADDRESS, ROOM, Model, Packet, fitting, words
from sim.eie.timing import LOAD_DELAY as DELAY
from spec.eie import LAYER_WORDS, PACKET_PE_SHIFT, PACKETS
from spec.framing import ADDRESS_BITS, LENGTH_BITS


class Bench:
    """A loader that is fed, and what it does cycle by cycle."""

    def __init__(self, dut):
        self.block, self.model = Block(dut, "loader"), Model()
        self.commands: list[tuple[int, int, int, int]] = []
        self.cycle = self.written = self.ranges = 0
        self.taken: list[int] = []                              # cycle in which a beat was taken, for each command it holds

    async def start(self):
        await self.block.start()
        return self

    async def step(self, **values):
        await self.block.step(**values)
        block = self.block
        if block["cmd_op"] != Op.NOP:
            self.commands.append(tuple(block[f"cmd_{name}"] for name in ("op", "pe", "addr", "data")))
            if self.taken:
                assert self.cycle - self.taken[len(self.commands) - 1] <= DELAY, "a command must come within DELAY of its beat"
        self.written += block["codebook_written"]
        self.ranges += block["range"]
        self.cycle += 1

    async def feed(self, packets, wait=lambda: False, refuse=lambda: False):
        """Send packets with pauses, and wait for what is on its way; return the cycles from the first beat to the last."""
        times = []
        for packet in packets:
            for beat, parts in zip(packet.beats(), packet.parts(), strict=True):
                while wait():
                    await self.step(i_valid=0, i=draw().getrandbits(60), enable=not refuse())
                while True:
                    enabled = not refuse()
                    await self.step(i_valid=1, i=beat, enable=enabled)
                    assert enabled or not self.block["i_ready"], "nothing may be taken without enable"
                    if self.block["i_ready"]:
                        break
                times.append(self.cycle - 1)
                count = sum(packet.kind in OPS and packet.there(*part[:2]) for part in parts)
                self.taken += [times[-1]] * count
        for _ in range(DELAY + 2):
            await self.step(i_valid=0, enable=not refuse())
        return times[-1] - times[0] + 1 if times else 0

    async def check(self, packets):
        """Compare everything with the model after packets that were fed, and what must have been reported."""
        beyond = sum(self.model.take(packet) for packet in packets)
        model = self.model
        assert self.commands == model.commands, _first(self.commands, model.commands)
        assert self.written == model.written
        assert bool(self.ranges) == bool(beyond)
        assert self.block["layers_loaded"] == model.loaded and self.block["act_loaded"] == model.act
        for place, value in model.books.items():
            await self.step(code_addr=place)
            assert self.block["code"] == value, f"entry {place} of the codebooks"
        for number in range(SPEC.layers):
            await self.step(layer_addr=number)
            for half in range(LAYER_WORDS):
                wanted = model.layers.get(LAYER_WORDS * number + half)
                if wanted is not None:
                    got = self.block["layer"] >> 64 * half & (1 << 64) - 1
                    assert got & MEANT[half] == wanted & MEANT[half], f"word {half} of layer {number}: {got:#x}"


def _first(got, wanted):
    for number, (one, other) in enumerate(zip(got, wanted, strict=False)):
        if one != other:
            return f"command {number}: {one}, expected {other}; seed {cocotb.RANDOM_SEED}"
    return f"{len(got)} commands, expected {len(wanted)}"


@cocotb.test(timeout_time=2, timeout_unit="ms")
@crossed
async def packets_become_commands(dut, idle, stall):
    """All kinds, each beat's commands within DELAY; without pauses one value per cycle."""
    bench, rng = await Bench(dut).start(), draw()
    await bench.step()
    assert bench.block["layers_loaded"] == bench.block["act_loaded"] == 0
    kinds = [*PACKETS, *rng.choices(list(PACKETS), k=50)]
    packets = [fitting(rng, kind) for kind in kinds]
    cycles = await bench.feed(packets, pauses(idle), pauses(stall))
    await bench.check(packets)
    if idle == stall == "never":
        values = sum(len(parts) for packet in packets for parts in packet.parts())
        last = len(list(packets[-1].parts())[-1])
        assert cycles == values - last + 1, f"{cycles} cycles for {values} values: one value per cycle"


@cocotb.test(timeout_time=2, timeout_unit="ms")
@cocotb.parametrize(kind=list(PACKETS))
async def places_that_are_not_there_are_left_alone(dut, kind):
    """Beyond a memory and beyond the last PE: reported, and nothing is written; what lies before it is."""
    bench, rng = await Bench(dut).start(), draw()
    width = PACKET_PE_SHIFT if kind in ("pointers", "words") else ADDRESS_BITS
    units = ROOM[kind] // PER_ADDRESS[kind]
    length = max(1, BOOK // FIELDS[kind][0]) if kind == "codebook" else LAYER_WORDS if kind == "layer" else 3
    places = [units, units + 1, (1 << width) - 1, *(1 << k for k in range(width) if 1 << k >= units)]
    packets = [Packet(kind=kind, place=place, words=words(rng, kind, length)) for place in places]
    across = units - 1                                          # its first word is there, a later one is not
    packets.append(Packet(kind=kind, place=across, words=words(rng, kind, 2 * length + 2 * LANES + SPEC.pes)))
    if kind in ("pointers", "words"):
        packets += [Packet(kind=kind, place=0, words=words(rng, kind, 2), pe=pe) for pe in (SPEC.pes, 255)]
        packets.append(Packet(kind=kind, place=units, words=words(rng, kind, 1), pe=SPEC.pes - 1))
    for packet in packets:
        bench.ranges = 0
        await bench.feed([packet])
        assert bench.model.take(packet)
        assert bench.ranges, f"a packet for place {packet.place} of PE {packet.pe} must be reported"
        assert bench.commands == bench.model.commands
    bench.ranges = 0
    good = fitting(rng, kind)
    await bench.feed([good])
    await bench.check([good])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def of_a_beats_number_only_0_counts(dut):
    """A beat goes on where the one before ended, unless its number is 0; which one it is otherwise does not matter."""
    bench, rng = await Bench(dut).start(), draw()
    packets = [replace(fitting(rng, kind), stride=rng.getrandbits(LENGTH_BITS) | 1)
               for kind in rng.choices(list(PACKETS), k=60)]
    await bench.feed(packets)
    await bench.check(packets)


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def the_unused_tail_of_a_word_is_no_error(dut):
    """Activations up to the last slot, whose last word holds more than there are PEs for, are not reported and not written."""
    bench, rng = await Bench(dut).start(), draw()
    total = SPEC.pes * SPEC.slots
    for slots in range(1, SPEC.slots + 1):
        if (slots * SPEC.pes) % 4:
            packets = [Packet(kind="activations", place=SPEC.slots - slots,
                              words=words(rng, "activations", -(-slots * SPEC.pes // 4)))]
            await bench.feed(packets)
            await bench.check(packets)
            assert not bench.ranges
            break
    else:
        assert total % 4 == 0


@cocotb.test(timeout_time=1, timeout_unit="ms")
@cocotb.parametrize(kind=list(PACKETS))
async def a_packet_cut_short_leaves_no_trace_in_the_next(dut, kind):
    """What came of it is written; the next packet begins anew, wherever the last one stopped."""
    bench, rng = await Bench(dut).start(), draw()
    for length in (1, 2, 3):
        for other in PACKETS:
            short = Packet(kind=kind, place=0, words=words(rng, kind, min(length, LAYER_WORDS if kind == "layer" else 3)))
            after = fitting(rng, other)
            await bench.feed([short, after])
            await bench.check([short, after])
    assert not bench.ranges


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_reset_ends_a_beat(dut):
    """Whenever it comes while a beat is taken apart, the next packet is read as ever, and nothing counts as loaded."""
    for cycles in range(1, 7):
        bench, rng = await Bench(dut).start(), draw()
        beat = next(Packet(kind="activations", place=0, words=words(rng, "activations", 1)).beats())
        await bench.block.step(i_valid=1, i=beat, enable=1)
        for _ in range(cycles):
            await bench.block.step(i_valid=0)
        bench = await Bench(dut).start()
        packet = Packet(kind="activations", place=0, words=words(rng, "activations", 2))
        await bench.step()
        assert not bench.block["act_loaded"]
        await bench.feed([packet])
        await bench.check([packet])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def a_descriptor_counts_when_its_last_word_is_there(dut):
    """Whichever layer it is of, and in whatever order they come: its first word alone does not count, nor for another."""
    bench, rng = await Bench(dut).start(), draw()
    loaded = 0
    for number in rng.sample(range(SPEC.layers), SPEC.layers):
        half = Packet(kind="layer", place=number, words=words(rng, "layer", 1))
        await bench.feed([half])
        assert bench.block["layers_loaded"] == loaded
        whole = Packet(kind="layer", place=number, words=words(rng, "layer", LAYER_WORDS))
        await bench.feed([whole])
        loaded |= 1 << number
        assert bench.block["layers_loaded"] == loaded
        await bench.check([half, whole])


@cocotb.test(timeout_time=1, timeout_unit="ms")
async def without_enable_nothing_is_taken_and_what_was_taken_comes(dut):
    """Enable falls in the cycle after a beat: its commands still come, within DELAY; the next beat waits for enable."""
    bench, rng = await Bench(dut).start(), draw()
    first, second = (Packet(kind="activations", place=place, words=words(rng, "activations", 1)) for place in (0, 1))
    late: collections.deque = collections.deque([False, *[True] * 40])
    await bench.feed([first, second], refuse=lambda: late.popleft() if late else False)
    assert bench.cycle > 40
    await bench.check([first, second])
