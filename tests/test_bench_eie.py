"""The bench of EIE's table on layers small enough for seconds: what it compares, counts, refuses and writes."""

import json

import numpy as np
import pytest

from bench.eie import case, deep, own, run, table
from bench.eie.reference import ACTUAL_US, RECONSTRUCTION, THEORETICAL_US, paper_cycles
from compress.eie.assemble import IntegerLayer, assemble
from compress.eie.image import save
from golden.eie.patterns import TABLE, Benchmark
from spec.eie import preset
from tests.commands import leave

SMALL = Benchmark(inputs=250, outputs=190, weight_density=0.06, activation_density=0.4)
SPEC = preset("default", pes=4, entries=4096, columns=512, slots=64)


@pytest.fixture(scope="module")
def row():
    return run.simulate(name="NT-LSTM", spec=SPEC, seed=1, order="balanced", layer=SMALL)


def test_a_small_layer_runs_as_rtl_and_agrees_with_golden(row):
    assert (row.mismatches, row.counter_mismatches, row.saturated) == (0, 0, False)
    assert row.cycles == row.counters["cycles"] > row.limit > 1
    assert row.counters["useful_macs"] == 4 * row.limit
    assert row.counters["broadcasts"] == SMALL.live


def test_wrong_outputs_and_counters_are_counted(row, monkeypatch):
    honest = case.answer
    changed = []

    def lie(*args, **options):
        told = honest(*args, **options)
        outputs = told.outputs.copy()
        outputs[[3, 5]] ^= 1
        changed.append(outputs)
        counters = type(told.counters)(**vars(told.counters) | {"drain": told.counters.drain + 1})
        return case.Answer(outputs=outputs, saturated=told.saturated, counters=counters)

    monkeypatch.setattr(case, "answer", lie)
    wrong = run.simulate(name="NT-LSTM", spec=SPEC, seed=1, order="balanced", layer=SMALL)
    assert changed
    assert wrong.mismatches >= 2 and wrong.counter_mismatches == 1


def test_missing_outputs_are_mismatches():
    assert run.differing(np.zeros(0), np.zeros(5)) == 5
    assert run.differing(np.zeros(3), np.zeros(5)) == 2
    assert run.differing(np.array([0, 1, 0]), np.zeros(3)) == 1


@pytest.mark.parametrize("name", ["NT-LSTM", "Alex-7"])
def test_a_case_uses_its_16_bits_and_saturates_nowhere(name):
    made = case.make(name, SPEC, seed=2, order="balanced", layer=SMALL)
    told = case.answer(made, SPEC)
    assert not told.saturated
    assert np.array_equal(made.image.logical(told.outputs), made.product)
    assert 1 << 13 < np.abs(made.product).max() < 1 << 15           # a wrong sum would show
    assert (made.inputs < 0).any() == (name in case.SIGNED)
    assert (made.product < 0).any() == (name not in case.RELU)


def test_another_seed_is_another_layer_and_the_same_seed_the_same():
    first, again, other = (case.make("NT-We", SPEC, seed=seed, order="modulo", layer=SMALL) for seed in (1, 1, 2))
    assert np.array_equal(first.product, again.product) and np.array_equal(first.inputs, again.inputs)
    assert not np.array_equal(first.product, other.product)


def test_the_deep_machine_holds_every_layer_of_the_table():
    spec = deep.benched("paper")
    for layer in TABLE.values():
        slots, rows = -(-layer.inputs // 64), -(-layer.outputs // 64)
        assert max(slots, rows) <= spec.slots and layer.inputs < spec.columns
        mean = layer.inputs * rows * layer.weight_density           # entries of a PE, padding not counted
        assert mean < spec.entries


def test_reference_has_every_layer_and_the_papers_cycles():
    assert ACTUAL_US.keys() == THEORETICAL_US.keys() == RECONSTRUCTION.keys() == TABLE.keys()
    assert paper_cycles("Alex-7") == 9760 and paper_cycles("mine") is None


def fake(layer, seed, cycles, mismatches=0):
    return run.Row(layer=layer, seed=seed, cycles=cycles, limit=100.0, mismatches=mismatches, counter_mismatches=0,
                   saturated=False, counters={}, seconds=1.0)


def test_report_takes_the_median_seed_and_sums_all_mismatches():
    rows = [fake("a", 1, 120, 1), fake("b", 1, 200), fake("a", 2, 110), fake("a", 3, 150, 2)]
    data = table.report(rows, SPEC)
    assert (data["layers"]["a"]["cycles"], data["layers"]["a"]["seed"], data["layers"]["a"]["mismatches"]) == (120, 1, 3)
    assert data["geomean_over_limit"] == pytest.approx((1.2 * 2.0) ** 0.5)
    assert table.wrong(data) == 3
    assert len(data["layers"]["a"]["runs"]) == 3


def test_a_report_is_taken_up_again_only_by_the_same_machine(tmp_path, row):
    path = tmp_path / "eie.json"
    path.write_text(json.dumps(table.report([row], SPEC, order="balanced")))
    assert table.load(path, SPEC, "balanced") == [row]
    assert table.load(path, SPEC, "modulo") == []
    assert table.load(path, preset("default", pes=8, entries=4096, columns=512, slots=64), "balanced") == []
    path.write_text(path.read_text().replace(row.design, "0" * 16))     # other Verilog for the same parameters
    assert table.load(path, SPEC, "balanced") == []


def test_the_presets_are_deep_enough_and_changed_by_options():
    assert deep.benched("paper", batch_slots=0) == preset("paper", batch_slots=0, **deep.DEPTHS)
    with pytest.raises(ValueError, match="parameter must be one of"):
        deep.benched("default", deep=1)


@pytest.mark.parametrize("arguments, said", [
    (["Alex-9"], "layer must be one of Alex-6, "),
    (["--seeds", "1,x"], "seeds must be whole numbers with commas, not '1,x'"),
    (["--preset", "big"], "preset must be one of "),
    (["--design", "mac"], "design must be eie, not 'mac'"),
    (["--entries", "100"], "entries must be a power of two, not 100"),
    (["--resume"], "--resume must come with --json"),
    (["--input", "x.npy"], "--input must come with --image"),
    (["--image", "none.npz"], "none.npz"),
])
def test_bad_input_is_one_line_and_exit_code_2(arguments, said):
    done = leave("bench.eie", *arguments)
    assert done.code == 2 and done.out == ""
    assert done.err.startswith("error: ") and done.err.count("\n") == 1 and said in done.err


def test_a_users_image_runs_layer_by_layer(tmp_path, monkeypatch):
    monkeypatch.setenv("COLUMNS", "200")
    rng = np.random.default_rng(5)
    codes = [(rng.integers(1, 16, (40, 30)) * (rng.random((40, 30)) < 0.3)).astype(np.uint8),
             (rng.integers(1, 16, (5, 40)) * (rng.random((5, 40)) < 0.3)).astype(np.uint8)]     # not whole words of outputs
    book = np.concatenate([[0], rng.permutation(np.arange(-40, 0))[:15]]) * np.where(np.arange(16) % 2, 1, -1)
    layers = [IntegerLayer(name="one", codes=codes[0], shift=9), IntegerLayer(name="two", codes=codes[1], shift=9, relu=False)]
    save(assemble(layers, [book], SPEC), tmp_path / "own.npz")
    done = leave("bench.eie", "--image", tmp_path / "own.npz", "--json", tmp_path / "own.json")
    assert done.code == 0, done.out + done.err
    data = json.loads((tmp_path / "own.json").read_text())
    assert list(data["layers"]) == ["one", "two"]
    for layer in data["layers"].values():
        assert layer["mismatches"] == layer["counter_mismatches"] == 0 and layer["paper_cycles"] is None
    assert data["layers"]["one"]["limit"] == np.count_nonzero(codes[0]) / 4      # all random inputs live
    assert "geometric mean" in done.out


def test_a_last_word_that_is_not_full_is_no_difference(tmp_path):
    """Outputs that are no multiple of a word's lanes: the machine fills the word with 0."""
    rng = np.random.default_rng(6)
    spec = preset("default", pes=2, slots=16, entries=1024, columns=64)
    shapes = (12, 10), (5, 12)
    codes = [(rng.integers(1, 16, shape) * (rng.random(shape) < 0.5)).astype(np.uint8) for shape in shapes]
    layers = [IntegerLayer(name="one", codes=codes[0], shift=9), IntegerLayer(name="two", codes=codes[1], shift=9, relu=False)]
    save(assemble(layers, [np.arange(16)], spec), tmp_path / "own.npz")
    rows = own.simulate(path=tmp_path / "own.npz", given=None, seed=1)
    assert [(row.mismatches, row.counter_mismatches) for row in rows] == [(0, 0), (0, 0)]


@pytest.mark.parametrize("name", ["NT-We", "NT-LSTM"])
def test_numbers_are_drawn_so_that_a_narrow_accumulator_holds_them(name):
    spec = deep.benched("ice40", pes=64)
    made = case.make(name, spec, seed=1, order="modulo")
    answer = case.answer(made, spec)
    assert made.sure.all() and not answer.saturated and np.array_equal(made.image.logical(answer.outputs), made.product)
    assert np.count_nonzero(made.product) > len(made.product) // 2


def test_rows_that_saturate_all_the_same_are_left_to_golden():
    spec = deep.benched("default", pes=64, act_bits=4, weight_bits=4, acc_bits=8)
    made = case.make("NT-We", spec, seed=1, order="modulo")
    answer = case.answer(made, spec)
    assert answer.saturated and not made.sure.any()


def test_a_wide_accumulator_takes_the_largest_numbers():
    made = case.make("NT-We", deep.benched("default"), seed=1, order="modulo")
    assert made.sure.all() and np.abs(made.inputs).max() > 32_000
