"""Parts of synth that need no tool: checks of logs, hierarchy, paths, layout, grids, fronts, fits."""
import dataclasses
import json

import pytest

from rtl import machine
from spec.eie import EieSpec
from synth import area, check, features, fit, grid, harness, hierarchy, memory, pareto, path, treemap
from synth import part as parts


@pytest.mark.parametrize(("line", "meaning"), [
    ("Warning: Driver-driver conflict for \\y [3] between cell a.O and constant 1'0", "two cells drive one wire"),
    ("Warning: multiple conflicting drivers for top.\\y:", "more than one driver"),
    ("Latch inferred for signal `\\top.\\q' from process `\\top.$proc$a.v:3$1'.", "latch"),
    ("Warning: found logic loop in module top:", "feeds back"),
    ("Warning: Wire top.\\a is used but has no driver.", "no driver"),
])
def test_broken_logic_is_an_error_that_quotes_the_tool(line, meaning):
    with pytest.raises(check.BrokenLogic, match=meaning) as caught:
        check.logic(f"1. fine\n{line}\n2. fine", design="unit")
    assert line.strip()[:30] in str(caught.value)


def test_sound_logs_pass():
    check.logic("No latch inferred for signal `\\top.\\q' from process.\nWarning: Resizing cell port\n", design="unit")


def taken_apart(name, words, width, module="\\top"):
    return f"Mapping memory {name} in module {module}:\n  created {words} $dff cells and 0 static cells of width {width}.\n"


def test_memory_in_flip_flops_is_an_error_that_names_it():
    with pytest.raises(check.BrokenLogic, match="memory pe.spmat.mem must be in block or LUT RAM, not in 8192 flip"):
        check.memories(taken_apart("\\spmat.mem", 128, 64, "\\pe"), family="ecp5")


def test_small_memories_are_noted_and_tables_of_constants_are_not():
    log = taken_apart("\\mask", 4, 8) + taken_apart("$flatten\\u.$auto$proc_rom.cc:155:do_switch$9", 512, 8)
    assert check.memories(log, family="ecp5") == ["memory top.mask is in 32 flip-flops"]


def test_register_files_may_be_flip_flops_only_where_there_is_no_lut_ram():
    log = taken_apart("\\queue.memory.regfile", 16, 32, "\\pe")
    assert len(check.memories(log, family="ice40")) == 1
    with pytest.raises(check.BrokenLogic, match="regfile"):
        check.memories(log, family="gowin")


def survey(**modules):
    return {"modules": {f"\\{name}": {"num_cells_by_type": cells} for name, cells in modules.items()}}


def test_every_technology_cell_must_leave_a_block():
    found = survey(top={"pe": 4, "$add": 9}, pe={"$paramod$1f\\nz_ram": 2, "nz_mult": 1, "$paramod\\nz_ram_dual\\W=2": 1},
                   nz_mult={"$mul": 1})
    wanted = check.expected(found, "top")
    assert wanted == {"nz_ram": 8, "nz_ram_dual": 4, "nz_mult": 4}
    check.blocks(wanted, {"bram": 12, "dsp": 4}, design="x", has={"bram": 99, "dsp": 99})
    check.blocks(wanted, {"bram": 12, "dsp": 0}, design="x", has={"bram": 99, "dsp": 0})
    with pytest.raises(check.BrokenLogic, match="at least 12 block memories.* not 11"):
        check.blocks(wanted, {"bram": 11, "dsp": 4}, design="x", has={"bram": 99, "dsp": 99})
    with pytest.raises(check.BrokenLogic, match="at least 4 multipliers.* not 3"):
        check.blocks(wanted, {"bram": 12, "dsp": 3}, design="x", has={"bram": 99, "dsp": 99})


def test_warnings_are_told_once_and_the_harmless_not_at_all():
    log = "Warning: A is odd.\nWarning: A is odd.\nWarning: Resizing cell port a.b from 1 bits.\nfile.v:3: Warning: B.\n"
    log += "Warning: unmapped internal cell of type $scopeinfo\nWarning: unmapped internal cell of type $mul\n"
    assert check.warnings(log) == ["A is odd.", "B.", "unmapped internal cell of type $mul"]


def test_repeated_modules_are_kept_and_small_ones_flattened():
    found = survey(top={"group": 4, "tiny": 9, "$add": 3}, group={"pe": 4, "$and": 2}, tiny={"$not": 3},
                   pe={"$add": 150, "block": 1, "nz_mult": 2}, block={"$mux": 200}, nz_mult={"$mul": 500})
    assert hierarchy.keep(found, "top") == ["group", "pe"]


def test_a_path_is_told_by_blocks_and_adds_up():
    def step(kind, delay, cell):
        return {"type": kind, "delay": delay, "from": {"cell": cell}, "to": {"cell": cell}}

    steps = [step("clk-to-q", 0.5, "dut.pe0.queue.level_FF_Q"), step("routing", 1.25, "dut.pe0.spmat.mem.0.x_LUT4_Z"),
             step("logic", 0.25, "dut.pe0.spmat.x_LUT4_Z"), step("routing", 0.5, "dut.y_LUT4_Z"),
             step("setup", 0.0, "fold_TRELLIS_FF_Q")]
    known = {"pe0", "pe0.queue", "pe0.spmat"}
    told = path.blocks(steps, lambda cell: area.within(cell.removeprefix("dut."), known))
    assert [one["block"] for one in told] == ["pe0.queue", "pe0.spmat", ""]
    assert sum(one["logic_ns"] + one["routing_ns"] for one in told) == path.total(steps)["ns"] == 2.5


def test_a_harness_registers_every_port():
    text = harness.wrap("unit", [harness.Port(name="clk", output=False, width=1),
                                 harness.Port(name="a", output=False, width=7),
                                 harness.Port(name="b[0]", output=True, width=3)])
    assert ".a(feed[6:0])" in text and ".\\b[0] (seen[2:0])" in text and "assign so = fold[2];" in text


@pytest.mark.parametrize(("ports", "complaint"), [
    ([harness.Port(name="a", output=False, width=1)], "must have an input clk, not only a"),
    ([harness.Port(name="clk", output=False, width=1)], "must have an output"),
])
def test_a_module_without_clock_or_output_is_refused(ports, complaint):
    with pytest.raises(ValueError, match=complaint):
        harness.wrap("unit", ports)


@pytest.mark.parametrize("sizes", [[6, 6, 4, 3, 2, 2, 1], [100, 1], [5], [1] * 40])
def test_a_treemap_fills_its_frame_with_true_areas(sizes):
    frames = treemap.layout(sizes, (0, 0, 600, 400))
    scale = 600 * 400 / sum(sizes)
    for size, (left, top, width, height) in zip(sizes, frames, strict=True):
        assert width * height == pytest.approx(size * scale)
        assert 0 <= left and left + width <= 600.001 and 0 <= top and top + height <= 400.001
    for one in range(len(frames)):
        for other in range(one):
            a, b = frames[one], frames[other]
            across = min(a[0] + a[2], b[0] + b[2]) - max(a[0], b[0])
            down = min(a[1] + a[3], b[1] + b[3]) - max(a[1], b[1])
            assert across < 1e-6 or down < 1e-6, "rectangles overlap"


def test_a_front_keeps_what_nothing_beats():
    assert pareto.front([(1, 9), (2, 2), (3, 1), (3, 3), (2, 2)]) == [True, True, True, False, True]


def test_a_grid_is_every_combination_of_legal_machines():
    found = grid.points("eie", {"preset": ["ecp5"], "pes": [1, 2], "queue_depth": [16, 32]}, part="lfe5u-85f-6", seeds=1)
    assert [point.name for point in found] == [f"preset=ecp5 pes={p} queue_depth={q}" for p in (1, 2) for q in (16, 32)]
    assert len({point.key() for point in found}) == 4
    with pytest.raises(ValueError, match="pes must be 1 to 256, not 0"):
        grid.points("eie", {"pes": [1, 0]}, part="lfe5u-85f-6", seeds=1)


@pytest.mark.parametrize(("given", "complaint"), [
    (("", "lfe5u-86f-6"), "part must be one of .*lfe5u-85f-6.*not 'lfe5u-86f-6'"),
    (("ulx4s", ""), "board must be one of .*ulx3s-85f.*not 'ulx4s'"),
    (("ulx3s-85f", "lfe5u-85f-6"), "must not both be given"),
])
def test_an_unknown_target_is_refused_with_what_there_is(given, complaint):
    with pytest.raises(ValueError, match=complaint):
        parts.target_of(*given)


def test_every_board_carries_a_known_part_and_every_grade_is_there():
    assert all(parts.of_board(board) for board in parts.BOARDS)
    assert {f"lfe5u-{size}f-{grade}" for size in (25, 45, 85) for grade in (6, 8)} <= parts.PARTS.keys()
    assert {"ice40up5k", "ice40hx8k", "gw1nr-9", "gw2a-18"} <= parts.PARTS.keys()
    assert not parts.named("xc7a100t").routed


@pytest.mark.parametrize(("width", "depth", "options", "count"), [
    (64, 512, {}, 2), (72, 512, {"lane": 36}, 2), (72, 1024, {"lane": 36}, 4), (12, 1024, {"dual": True}, 1),
    (12, 512, {"dual": True}, 1), (13, 4096, {"dual": True}, 4), (32, 512, {}, 1), (1, 16384, {}, 1),
])
def test_block_memories_are_counted_as_the_cells_take_them(width, depth, options, count):
    assert memory.blocks(width, depth, **options) == count


@pytest.mark.parametrize("changes", [{}, {"codebook_bits": 5}, {"codebook_bits": 1, "index_bits": 2}, {"codebook_bits": 8}])
def test_features_count_entries_and_words_as_the_machine_has_them(changes):
    """Also where an entry's width is no power of two: a word then holds fewer than its bits alone would."""
    spec = EieSpec(pes=1, slots=128, entries=1 << 16, **changes)
    found = features.of("eie", dataclasses.asdict(spec))
    manifest = machine.generate("eie", spec).manifest
    depth = next(one["depth"] for one in manifest["memories"] if one["name"] == "words")
    assert found["pes_entries"] == spec.entries / depth
    pointers = memory.blocks(16, spec.columns, dual=True)
    assert found["bram"] == memory.blocks(72, depth, lane=36) + pointers + memory.blocks(32, 128) + memory.blocks(16, 256)


def test_a_fit_returns_what_made_the_rows():
    import dataclasses

    from spec.eie import preset

    rows = []
    for pes in (1, 2, 4, 16):
        for name in ("ecp5", "default"):
            spec = json.loads(json.dumps(dataclasses.asdict(preset(name, pes=pes))))
            found = features.of("eie", spec)
            cells = 300 + 500 * found["pes"] + 1.1 * found["pes_ram"] + 10 * found["pes_entries"]
            rows.append({"kind": "eie", "part": "lfe5u-85f-6", "spec": spec, "comb": round(cells), "ff": 500 * pes,
                         "dsp": pes, "bram": found["bram"], "fmax_mhz": 100.0})
            rows.append(rows[-1] | {"part": "gw2a-18", "comb": round(2 * cells)})
    table = fit.fit(rows)
    for one in rows:
        family = parts.named(one["part"]).family
        weights = table["kinds"]["eie"][family]["comb"]
        found = features.of("eie", one["spec"])
        assert sum(weights[name] * found[name] for name in weights) == pytest.approx(one["comb"], rel=0.02)
