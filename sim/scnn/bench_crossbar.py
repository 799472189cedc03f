"""The crossbar against a list of what was pushed: every product once, at its bank, in order, and soon."""
from collections import deque

import cocotb

from sim.scnn.drive import SIZES, Block, draw

MULTIPLIERS, BANKS, ENTRIES = SIZES["multipliers"], SIZES["banks"], 1 << SIZES["entry_bits"]
DEPTH, STAGES = SIZES["depth"], SIZES.get("stages", 1)
RESERVE, PUSH = 3, 5    # cycles from the issue of a vector to the reservation and to the push of its products
HEAD, PASS = 2, 3       # cycles from a push to the choice, from the choice to the bank's port
VALUE = 2               # cycles from a product's place on that port to the product
LATENCY = HEAD + PASS + (3 + HEAD) * (STAGES - 1)       # a second stage: three cycles to the queue of a line, and its head
FOURS, OF_A_LINE = MULTIPLIERS // 4, BANKS // 8
STALL = 0.02            # of the vectors of a convolution, every lane live
VGG = {                 # in presets default and ecp5, on 8 x 8 PEs: side of a tile, channels and their distance as laid out
    16: {"conv1_1": (28, 4, 900), "conv1_2": (28, 8, 900), "conv2_1": (14, 16, 256), "conv2_2": (14, 32, 256),
         "conv3_1": (14, 32, 256), "conv3_2": (14, 32, 256), "conv3_3": (14, 16, 256), "conv4_1": (14, 32, 256),
         "conv4_2": (14, 16, 256), "conv4_3": (14, 32, 256), "conv5_1": (14, 8, 256), "conv5_2": (14, 8, 256),
         "conv5_3": (14, 8, 256)},
    4: {"conv1_1": (28, 2, 900), "conv1_2": (28, 2, 900), "conv2_1": (14, 8, 256), "conv2_2": (14, 8, 256),
        "conv3_1": (7, 6, 85), "conv3_2": (7, 16, 85), "conv3_3": (7, 13, 85), "conv4_1": (7, 13, 85),
        "conv4_2": (7, 16, 85), "conv4_3": (7, 13, 85), "conv5_1": (7, 8, 85), "conv5_2": (7, 16, 85),
        "conv5_3": (7, 8, 85)},
}[16 if MULTIPLIERS == 16 else 4]
DENSITY = {             # of activations and weights: bench/scnn/networks.py
    "conv1_1": (1.0, 0.57), "conv1_2": (0.5, 0.21), "conv2_1": (0.89, 0.33), "conv2_2": (0.79, 0.35),
    "conv3_1": (0.81, 0.53), "conv3_2": (0.63, 0.22), "conv3_3": (0.69, 0.41), "conv4_1": (0.71, 0.32),
    "conv4_2": (0.5, 0.26), "conv4_3": (0.45, 0.34), "conv5_1": (0.39, 0.35), "conv5_2": (0.33, 0.29),
    "conv5_3": (0.32, 0.36)}


class Watch:
    """Issue vectors and compare what comes out; a product is its serial number, its entry and buffer are drawn from it."""

    def __init__(self, block):
        self.block = block
        self.waiting = {(k, bank): deque() for k in range(MULTIPLIERS) for bank in range(BANKS)}
        self.owner, self.serial, self.cycle = {}, 0, 0
        self.pushed_at, self.delays, self.order = {}, [], []
        self.coming = deque([None] * (PUSH + 1), maxlen=PUSH + 1)       # vectors by their age
        self.side = None
        self.sides = deque([None] * (PASS + 1))                 # it is told of the side port a cycle ahead
        self.places = deque([{}] * VALUE)              # banks and entries whose products are still to come

    async def start(self):
        names = [f"{port}__{k}" for k in range(MULTIPLIERS) for port in ("i_bank", "i_entry", "i_product")]
        await self.block.start("i_valid", "i_reserve", "i_odd", "i_buffer", "side_valid", "side_bank", "side_all", *names)
        return self

    async def step(self, vector=None, side=None):
        """Offer a vector of banks (None: no product) and an operation of the side port; say whether the vector was issued."""
        self._drive(side)
        await self.block.step()
        taken = vector is not None and not self.block["stop"]
        self._arrivals()
        self.coming.appendleft((self.serial, vector) if taken else None)
        if taken:
            self.serial += MULTIPLIERS
        self.cycle += 1
        return taken

    def _drive(self, side):
        """Reserve for the vector issued RESERVE cycles ago, push that of PUSH cycles ago."""
        _, banks = self.coming[RESERVE - 1] or (0, [None] * MULTIPLIERS)
        self.block.set(i_reserve=_bits(bank is not None for bank in banks), i_odd=_bits(bank and bank & 1 for bank in banks))
        serial, banks = self.coming[PUSH - 1] or (0, [None] * MULTIPLIERS)
        for k, bank in enumerate(banks):
            if bank is not None:
                product = serial + k
                self.block.set(**{f"i_bank__{k}": bank, f"i_entry__{k}": product % ENTRIES, f"i_product__{k}": product})
                self.waiting[k, bank].append(product)
                self.owner[product], self.pushed_at[product] = k, self.cycle
        self.block.set(i_valid=_bits(bank is not None for bank in banks), i_buffer=_buffer(serial), side_valid=side is not None,
                       side_bank=side or 0)
        self.sides.append(side)

    def _arrivals(self):
        valid, side = self.block["o_valid"], self.sides.popleft()
        assert self.block["o_side"] == (0 if side is None else 1 << side)
        assert side is None or not valid >> side & 1, f"bank {side} took a product in a cycle of the side port"
        self.places.append({bank: self.block[f"o_entry__{bank}"] for bank in range(BANKS) if valid >> bank & 1})
        for bank, entry in self.places.popleft().items():
            product = self.block[f"o_product__{bank}"]
            assert product in self.owner, f"bank {bank}: product {product} was never pushed"
            queue = self.waiting[self.owner[product], bank]
            assert queue and queue[0] == product, f"bank {bank}: product {product}, expected {queue[0] if queue else 'none'}"
            assert entry == product % ENTRIES + ENTRIES * _buffer(product), f"product {product}: entry {entry}"
            queue.popleft()
            self.order.append(self.owner[product])
            self.delays.append(self.cycle - VALUE - self.pushed_at[product])

    async def drain(self):
        """Wait until every product has arrived; none may hang, and none may come twice."""
        limit = MULTIPLIERS * DEPTH * 2 + 2 * (PUSH + LATENCY + VALUE)
        for _ in range(limit):
            await self.step()
        left = sum(map(len, self.waiting.values()))
        assert left == 0, f"{left} products are lost or hang after {limit} cycles"
        assert self.block["heads"] == 0


def _bits(flags):
    return sum(bool(flag) << k for k, flag in enumerate(flags))


def _buffer(serial):
    """The buffer of a vector's products: a pass is some vectors."""
    return serial // MULTIPLIERS // 7 % 2


@cocotb.test(timeout_time=20, timeout_unit="ms")
@cocotb.parametrize(idle=[0.0, 0.5], live=[1.0, 0.6], banks=[1, 2, BANKS])
async def every_product_arrives_once(dut, idle, live, banks):
    """Crowded banks and free ones, full vectors and thin ones, with pauses and side operations; queues fill up."""
    watch, rng = await Watch(Block(dut)).start(), draw()
    refused = 0
    chosen = [rng.sample(range(BANKS), banks) for _ in range(8)]

    def side():
        return rng.randrange(BANKS) if rng.random() < 0.3 else None

    for number in range(400):
        vector = [rng.choice(chosen[number // 50]) if rng.random() < live else None for _ in range(MULTIPLIERS)]
        while rng.random() < idle:
            await watch.step(side=side())
        while not await watch.step(vector, side()):
            refused += 1
            assert refused < 20_000, "the crossbar hangs"
    await watch.drain()
    assert refused > 0 or banks > 1, "the bench must fill the queues"


@cocotb.test(timeout_time=2, timeout_unit="ms")
async def latency_and_order_are_as_promised(dut):
    """A lone product takes LATENCY cycles; of rivals for a bank come first those of the page's order, one a cycle."""
    watch = await Watch(Block(dut)).start()
    for k in range(MULTIPLIERS):
        for bank in range(BANKS):
            assert await watch.step([bank if k == other else None for other in range(MULTIPLIERS)])
            for _ in range(PUSH + LATENCY + VALUE):
                await watch.step()
            assert watch.delays == [LATENCY], f"multiplier {k} to bank {bank}: {watch.delays} cycles"
            watch.delays.clear()
    for bank in range(BANKS):
        watch.order.clear()
        assert await watch.step([bank] * MULTIPLIERS)
        for _ in range(PUSH + LATENCY + VALUE + MULTIPLIERS):
            await watch.step()
        assert watch.delays == [LATENCY + turn for turn in range(MULTIPLIERS)], f"bank {bank}: {watch.delays}"
        assert watch.order == [_turn(bank // 2, turn) for turn in range(MULTIPLIERS)]
        watch.delays.clear()
    await watch.drain()


def _turn(high, turn):
    """The multiplier whose product a bank takes as its ``turn``-th when all of them offer one at once."""
    if STAGES == 1:
        return (high + turn) % MULTIPLIERS
    top, place = divmod(high, OF_A_LINE)
    line = top ^ place % 4                              # a four that comes first stays first: its queue is filled in each cycle
    return (place + turn // 4) % FOURS * 4 + (line + turn) % 4


def _own(k):
    """The high bits of banks of a multiplier's own: with two stages, lines that no other one of its four takes."""
    return k if STAGES == 1 else k % 4 * OF_A_LINE + k // 4


@cocotb.test(timeout_time=20, timeout_unit="ms")
async def own_banks_pass_a_vector_a_cycle(dut):
    """Products without rivals pass at full rate: each multiplier alternates between banks of its own."""
    watch = await Watch(Block(dut)).start()
    for number in range(300):
        assert await watch.step([(2 * _own(k) + number) % BANKS for k in range(MULTIPLIERS)]), f"vector {number} had to wait"
    await watch.drain()


@cocotb.test(timeout_time=60, timeout_unit="ms")
@cocotb.parametrize(layer=list(VGG))
async def a_layer_of_vgg_rarely_waits(dut, layer):
    """Cartesian products of random 3 x 3 filters and tiles, laid out as the tiler does: at most STALL of the vectors wait."""
    side, filters, distance = VGG[layer]
    live_act, live_weight = DENSITY[layer]
    watch, rng = await Watch(Block(dut)).start(), draw()
    wide = {4: 2, 16: 4}[MULTIPLIERS]
    pitch, offered, refused = side + 2, 0, 0
    while offered < 1500:
        acts = [y * pitch + x for y in range(side) for x in range(side) if rng.random() < live_act]
        weights = [k * distance + (2 - r) * pitch + 2 - s for r in range(3) for s in range(3) for k in range(filters)
                   if rng.random() < live_weight]
        for a in range(0, len(acts), wide):
            for w in range(0, len(weights), MULTIPLIERS // wide):
                pairs = [_bank(weight + act) for weight in weights[w:w + MULTIPLIERS // wide] for act in acts[a:a + wide]]
                while not await watch.step(pairs + [None] * (MULTIPLIERS - len(pairs))):
                    refused += 1
                offered += 1
    await watch.drain()
    cocotb.log.info("%d stalls in %d vectors", refused, offered)
    assert refused <= STALL * offered, f"{refused} stalls in {offered} vectors"


def _bank(place):
    """Bank of a local address: docs/scnn/format.md."""
    entry, bank, bits = place // BANKS, place % BANKS, BANKS.bit_length() - 1
    while entry:
        bank ^= entry % BANKS
        entry >>= bits
    return bank
