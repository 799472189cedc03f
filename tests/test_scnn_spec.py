"""The numbers of the SCNN array: what is refused, and that every accumulator has one place."""

import pytest

from spec.scnn import COUNTERS, PRESETS, address, fold, locate, parity, preset, priority, program, registers


@pytest.mark.parametrize("name", PRESETS)
def test_addresses_are_bijective(name):
    spec = PRESETS[name]
    places = [locate(spec, local) for local in range(spec.accumulators)]
    assert set(places) == {(bank, entry) for bank in range(spec.banks) for entry in range(spec.bank_entries)}
    assert [address(spec, *where) for where in places] == list(range(spec.accumulators))


def test_fold_is_the_exclusive_or_of_the_pieces():
    assert fold(0, 32) == 0
    assert fold(0b00011_00101, 32) == 0b00110
    assert fold(0b1_00011_00101, 32) == 0b00111
    assert locate(preset(), 33) == (1 ^ 1, 1)


@pytest.mark.parametrize("name", PRESETS)
def test_each_bank_prefers_each_multiplier_once(name):
    spec = PRESETS[name]
    firsts = [priority(spec, bank)[0] for bank in range(spec.banks)]
    assert all(sorted(priority(spec, bank)) == list(range(spec.products)) for bank in range(spec.banks))
    for half in (0, 1):                     # among the banks of one parity each multiplier is the first of equally many
        counts = [sum(first == m and parity(bank) == half for bank, first in enumerate(firsts)) for m in range(spec.products)]
        assert len(set(counts)) == 1


@pytest.mark.parametrize("change, words", [
    ({"banks": 16}, "banks must be at least 32, not 16"),
    ({"banks": 24}, "banks must be a power of two, not 24"),
    ({"acc_bits": 24}, "acc_bits must be 32 without product_shift_bits, not 24"),
    ({"weight_port_bits": 100}, "weight_port_bits must be whole bytes, not 100; take 104"),
    ({"rows": 0}, "rows must be 1 to 16, not 0"),
    ({"weight_code_bits": 8}, "weight_code_bits must be one of 0, 4, not 8"),
    ({"f": 2, "i": 2, "crossbar_stages": 2}, "crossbar_stages must be 1 for 4 multipliers in a PE, not 2"),
    ({"queue_blocks": True}, "queue_blocks must be false with one stage of the crossbar, not true"),
    ({"crossbar_stages": 3}, "crossbar_stages must be one of 1, 2, not 3"),
    ({"depth": 8}, "parameter must be one of "),
])
def test_a_machine_that_cannot_be_built_is_refused(change, words):
    with pytest.raises(ValueError, match=f"^{words}"):
        preset("default", **change)


def test_fields_of_records_do_not_overlap():
    records = [value for name, value in vars(program).items() if name.isupper() and isinstance(value, dict)
               and all(isinstance(place, tuple) for place in value.values())]
    assert len(records) == 8
    for fields in records:
        taken = [bit for low, width in fields.values() for bit in range(low, low + width)]
        assert len(taken) == len(set(taken))


def test_records_keep_their_fields():
    step = {"kind": 1, "direction": 2, "start": 300, "delta": -7, "cycles": 99, "k0": 5, "wstride": 12}
    words = program.pack(program.DRAIN_STEP, step)
    assert len(words) == 3 and all(0 <= word < 1 << 64 for word in words)
    assert program.unpack(program.DRAIN_STEP, words) == dict.fromkeys(program.DRAIN_STEP, 0) | step | {"delta": (1 << 18) - 7}
    with pytest.raises(OverflowError, match="^kc must fit 9 bits, not be 512"):
        program.pack(program.DRAIN_LAYER, {"kc": 512})


@pytest.mark.parametrize("rows, cols, sides", [
    (8, 8, ((1, 1), (2, 2), (4, 4), (8, 8))), (3, 2, ((1, 1), (3, 2))), (2, 4, ((1, 1), (1, 2), (2, 4))), (1, 1, ((1, 1),))])
def test_blocks_of_pes(rows, cols, sides):
    spec = preset("default", rows=rows, cols=cols)
    assert spec.block_sides == sides
    for level, (high, wide) in enumerate(sides):
        places = [spec.position(pe, level) for pe in range(spec.pes)]
        assert sorted(places) == [(block, place) for block in range(spec.pes // (high * wide)) for place in range(high * wide)]
    assert preset("default").position(8 * 5 + 3, 2) == (2, 4 * 1 + 3)


def test_the_map_has_every_counter_once():
    assert [register.name for register in registers(preset()).registers if register.kind == "counter"] == list(COUNTERS)


@pytest.mark.parametrize("f", [1, 2, 4, 8])
@pytest.mark.parametrize("lanes", [1, 2, 16])
@pytest.mark.parametrize("codes", [0, 4])
def test_parts_of_a_transfer_bring_a_vector_per_cycle(f, lanes, codes):
    for bits in range(64, 600, 8):
        spec = preset("default", f=f, i=1, weight_lanes=lanes, weight_code_bits=codes, weight_port_bits=bits)
        items, parts = spec.transfer_items, spec.transfer_parts
        assert items * spec.item_bits + (lanes > 1) <= bits
        assert (parts - 1) * spec.part_items < items <= parts * spec.part_items
        assert items < f and parts == 1 or items >= f * parts and spec.part_items < 2 * f


def test_a_preset_has_no_more_lanes_and_port_than_its_pes_can_use():
    assert (preset("default").weight_lanes, preset("default").weight_port_bits) == (16, 1024)
    assert (preset("default", pes=4).weight_lanes, preset("default", pes=4).weight_port_bits) == (4, 344)
    assert preset("default", pes=4, weight_lanes=6, weight_port_bits=128).weight_lanes == 6
    assert preset("default", weight_memory=100).weight_port_bits == 512
    assert (preset("ecp5").weight_lanes, preset("ecp5").weight_port_bits) == (1, 64)
