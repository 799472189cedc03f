"""sim.run --report: its figures are the run's, in the file and in a browser, it needs no other file, and it stays small."""
import base64
import json
import re
from dataclasses import replace

import numpy as np
import pytest

from compress.eie.image import save
from compress.scnn import image as scnn_image
from rtl.eie import generate
from rtl.scnn import generate as scnn_generate
from rtl.scnn.machine import SLOTS
from sim import session, simulator
from sim.eie import trace as eie
from sim.hierarchy import Hierarchy
from sim.page import write
from sim.scnn import trace as scnn
from sim.trace import Trace, most_records
from spec import scnn as scnn_spec
from spec.eie import PRESETS, preset
from tests.browser import browser
from tests.compress_sample import sample, small
from tests.test_scnn_command import network
from tests.test_sim_run import call

CAUSES = ("stall_queue", "stall_scan", "stall_barrier", "preload", "drain", "writeback")
MIB = 1 << 20
ROWS = "[...document.querySelectorAll('#{} tr')].map(row => [...row.cells].map(cell => cell.textContent.trim()))"


@pytest.fixture(scope="module")
def run(tmp_path_factory):
    """The page and the figures of one input through three layers on 4 PEs, a name of which must be escaped."""
    folder = tmp_path_factory.mktemp("page")
    image = sample(small(broadcast_latency=1))
    image = replace(image, layers=(replace(image.layers[0], name="f<i>"), *image.layers[1:]))
    save(image, folder / "net.npz")
    sim = ["--sim", "icarus"] if simulator.missing("icarus") is None else []            # built at once
    np.save(folder / "x.npy", np.random.default_rng(3).normal(size=(1, 10)).astype(np.float32))
    code = call(folder / "net.npz", "--input", folder / "x.npy", "--out", folder / "out", "--report", folder / "run.html",
                "--json", folder / "run.json", *sim)
    assert code == 0 and not list((folder / "out").rglob("probe*"))
    return folder / "run.html", json.loads((folder / "run.json").read_text())


def held(page):
    """The data of a page, unpacked: pieces and (group, measure) -> counts by record and part."""
    text = re.search(r'<script type="application/json" id="data">(.*?)</script>', page.read_text(), re.DOTALL)[1]
    data = json.loads(text)
    values = {}
    for group in data["groups"]:
        for measure in group["measures"]:
            raw = np.frombuffer(base64.b64decode(measure["values"]), f"<u{measure['bytes']}")
            values[group["name"], measure["name"]] = raw.reshape(-1, len(group["parts"]))
    return data, values


def test_counts_over_time_are_the_counters(run):
    data, values = held(run[0])
    assert [piece["name"] for piece in data["pieces"]] == ["f<i>", "fc2", "fc3"]
    for piece, layer in zip(data["pieces"], run[1]["layers"], strict=True):
        part = slice(piece["first"], piece["end"])
        assert sum(data["ticks"][part]) == layer["cycles"]
        for name in ("useful_macs", "padding", "empty"):
            assert values["pes", name][part].sum() == layer["counters"][name]
        causes = dict(zip(("broadcasts", *CAUSES), values["control", "cycles"][part].sum(axis=0).tolist(), strict=True))
        assert causes == {name: layer["counters"][name] for name in causes}
        assert 0 < values["queues", "level"][part].max() <= 64
        assert (values["queues", "peak"] == values["queues", "level"]).all()    # a record is one cycle here
        idle, worked = values["pes", "idle"][part], values["pes", "useful_macs"][part] + values["pes", "padding"][part]
        assert (idle + worked <= 1).all() and idle.any()


def test_the_page_stands_alone_and_escapes_names(run):
    text = run[0].read_text()
    assert "f&lt;i&gt;" in text and "f<i>" not in text
    assert not re.search(r"""(src|href)=["'](?!data:,)|https?://|import\(|fetch\(|@import|url\(""", text)


def test_a_browser_shows_the_figures(run, tmp_path):
    page, figures = run
    with browser() as web:
        for width in (1280, 400):
            web.open(page, width)
            assert web.run("document.documentElement.scrollWidth") <= width
            shown = {name: cells for name, *cells in web.run(ROWS.format("layers"))}
            assert shown["cycles"] == [f"{layer['cycles']:,}" for layer in figures["layers"]]
            assert shown["busy"] == [f"{layer['busy']:.1%}" for layer in figures["layers"]]
            for cause in CAUSES:
                assert shown[cause.replace("_", " ")] == [f"{layer['stalls'][cause]:,}" for layer in figures["layers"]]
            sums = {name: cells for name, *cells in web.run(ROWS.format("sums"))}
            assert sums["cycles"] == shown["cycles"] and sums["write-back"] == shown["writeback"]
            assert sums["PEs: multiplies"] == [f"{layer['counters']['useful_macs']:,}" for layer in figures["layers"]]
            web.picture(tmp_path / f"{width}.png")
            assert (tmp_path / f"{width}.png").stat().st_size > 20_000
        assert web.errors == []


def test_pointer_and_slider_tell_numbers(run):
    data, values = held(run[0])
    with browser() as web:
        web.open(run[0])
        web.run("document.querySelectorAll('#pieces button')[2].click()")
        assert web.run("slider.min") == str(data["pieces"][1]["first"])
        record = data["pieces"][1]["first"] + 20
        web.run(f"slider.value = {record}; slider.dispatchEvent(new Event('input'))")
        assert web.run("document.getElementById('when').textContent") == "fc2, cycle 20"
        place = web.run("(() => { const c = document.querySelectorAll('canvas')[2]; c.scrollIntoView({block: 'center'}); "
                        "const b = c.getBoundingClientRect(); return [b.left, b.top, b.width]; })()")
        cycles, pe = data["pieces"][1]["end"] - data["pieces"][1]["first"], 2
        left, top, width = place
        web.mouse("mouseMoved", left + 112 + (width - 112) * 20.5 / cycles, top + 18 * pe + 9)
        said = web.run("document.getElementById('hint').textContent").split("\n")
        share = {0: "0 %", 1: "100 %"}
        assert said[:3] == ["PE 2", "fc2, cycle 20", f"multiplies: {share[int(values['pes', 'useful_macs'][record, pe])]}"]
        web.mouse("mousePressed", left + 112 + (width - 112) * 9.5 / cycles, top + 9)
        web.mouse("mouseReleased", left + 112 + (width - 112) * 9.5 / cycles, top + 9)
        assert web.run("document.getElementById('when').textContent") == "fc2, cycle 9"
        assert web.errors == []


def trace_of(probe, cycles, rng):
    """A trace of noise, cycle by cycle, the worst that there can be for the size of a page."""
    values = {(group.name, measure.name): rng.integers(0, measure.scale + 1, (cycles, len(group.parts)))
              for group in probe.groups for measure in group.measures}
    return Trace(probe=probe, every=1, windows=np.zeros(cycles, np.int64), marks=np.arange(cycles) * 3 // cycles,
                 ticks=np.ones(cycles, np.int64), values=values)


@pytest.mark.parametrize(("pes", "cycles"), [(64, 10_000), pytest.param(256, 100_000, marks=pytest.mark.full)])
def test_a_page_is_small(tmp_path, pes, cycles):
    spec = preset(pes=pes)
    trace = trace_of(eie.probe(generate(spec), spec), cycles, np.random.default_rng(1))
    layer = {"cycles": 1, "busy": 0.5, "stalls": dict.fromkeys(CAUSES, 0)}
    write(tmp_path / "page.html", trace, ["a", "b", "c"], {"layers": [layer | {"name": name} for name in "abc"]}, title="noise",
          facts=[])
    assert (tmp_path / "page.html").stat().st_size < 2 * MIB
    data, values = held(tmp_path / "page.html")
    assert sum(data["ticks"]) == cycles and len(data["ticks"]) <= most_records(trace.probe)
    for name, counts in values.items():
        if name[1] != "peak":
            assert counts.sum() == trace.values[name].sum(), name
    assert values["queues", "peak"].max() == spec.queue_depth


def test_a_trace_that_disagrees_is_refused():
    spec = small()
    trace = trace_of(eie.probe(generate(spec), spec), 30, np.random.default_rng(2))
    counters = [{name: int(values[piece].sum()) for (group, name), values in trace.values.items() if group == "pes"}
                | dict(zip(eie.CAUSES, trace.values["control", "cycles"][piece].sum(axis=0).tolist(), strict=True))
                | {"cycles": 10} for piece in trace.pieces()]
    eie.check(trace, counters)
    counters[1]["empty"] += 1
    with pytest.raises(RuntimeError, match=r"empty of layer 1 must be \d+ in the trace too, not \d+"):
        eie.check(trace, counters)


@pytest.mark.parametrize(("name", "pes"), [
    ("ecp5", 8), *(pytest.param(name, pes, marks=pytest.mark.full) for name in PRESETS for pes in (1, 4, 16))])
def test_every_machine_has_what_the_probe_reads(name, pes):
    spec = preset(name, pes=pes)
    probe = eie.probe(generate(spec), spec)
    assert [len(group.parts) for group in probe.groups] == [7, pes, pes]


def test_blocks_and_signals_that_are_not_there_are_named():
    machine = generate(small())
    found = Hierarchy(machine.verilog, machine.name)
    assert found.signal("array", "pe3", "queue", "level") == "machine.array.pe3.queue.\\level "
    with pytest.raises(ValueError, match="block must be one of .*pe3.* in eie_group4_4, not 'pe4'"):
        found.signal("array", "pe4", "queue", "level")
    with pytest.raises(ValueError, match=r"signal must be one that eie_pe.queue has, not 'levle'"):
        found.signal("array", "pe3", "queue", "levle")


def test_a_run_without_a_page_has_no_probe():
    machine = generate(small())
    plain, watched = (session._sources(machine, (), probe) for probe in (None, eie.probe(machine, small())))
    assert not any("probe_" in text for text in plain) and any("probe_" in text for text in watched)
    assert plain[0] == watched[0]


@pytest.mark.full
def test_a_product_has_a_page(tmp_path):
    rng = np.random.default_rng(1)
    for name, shape in (("a", (40, 20)), ("b", (20, 9))):
        np.save(tmp_path / f"{name}.npy", rng.normal(size=shape).astype(np.float32))
    assert call("--design", "mac", tmp_path / "a.npy", tmp_path / "b.npy", "--outputs", tmp_path / "d.npy", "--json",
                tmp_path / "d.json", "--report", tmp_path / "d.html") == 0
    figures = json.loads((tmp_path / "d.json").read_text())
    _, values = held(tmp_path / "d.html")
    lanes = values["control", "cycles"].sum(axis=0).tolist()
    assert lanes[:4] == [figures[name] for name in ("operations", "waits", "starved", "held")]
    assert min(lanes[0], *lanes[4:]) > 0
    assert values["blocks", "operations"].sum() == figures["operations"]
    with browser() as web:
        web.open(tmp_path / "d.html", 400)
        assert web.run("document.querySelector('#layers').rows[1].cells[1].textContent") == f"{figures['cycles']:,}"
        assert web.errors == []


def test_an_scnn_array_has_what_the_probe_reads():
    spec = scnn_spec.preset("ecp5", rows=1, cols=1)
    probe = scnn.probe(scnn_generate(spec), spec)
    assert [len(group.parts) for group in probe.groups] == [12, 1, spec.banks]


@pytest.mark.full
def test_an_scnn_array_has_a_page(tmp_path):
    image, _, xs = network(scnn_spec.preset("ecp5", rows=2, cols=2))
    scnn_image.save(image, tmp_path / "net.npz")
    np.save(tmp_path / "x.npy", xs)
    assert call(tmp_path / "net.npz", "--input", tmp_path / "x.npy", "--out", tmp_path / "out", "--json", tmp_path / "r.json",
                "--report", tmp_path / "r.html") == 0
    first = json.loads((tmp_path / "r.json").read_text())["counters"][0]
    data, values = held(tmp_path / "r.html")
    assert [piece["name"] for piece in data["pieces"]] == ["a", "b"] and sum(data["ticks"]) == first["cycles"]
    assert dict(zip(scnn_spec.SLOT_COUNTERS, values["slots", "slots"].sum(axis=0).tolist(), strict=True)) == {
        name: first[name] for name in scnn_spec.SLOT_COUNTERS}
    for name in scnn_spec.SLOT_COUNTERS:                        # the PEs' own counts come to the same
        part = values["pes", name].sum() * (1 if name in SLOTS else image.spec.products)
        assert part == first[name], name
    assert values["banks", "added"].sum() > 0 and values["banks", "side"].sum() > 0
    with browser() as web:
        web.open(tmp_path / "r.html", 400)
        assert web.errors == []


@pytest.mark.full
def test_verilator_counts_the_same(run, tmp_path):
    page, folder = run[0], run[0].parent
    assert call(folder / "net.npz", "--input", folder / "x.npy", "--out", tmp_path, "--sim", "verilator", "--report",
                tmp_path / "run.html") == 0
    assert held(tmp_path / "run.html")[0] == held(page)[0]
