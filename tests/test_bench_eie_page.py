"""The model's points, the energy estimate, the figures and the page that is made of them."""

import json
from dataclasses import asdict
from pathlib import Path

import pytest

from bench.eie import case, energy, figures, model, page
from golden.eie.patterns import Benchmark
from spec.eie import preset

RESULTS, PAGE = Path("bench/results"), Path("docs/eie/scale.md")
SMALL = Benchmark(inputs=250, outputs=190, weight_density=0.06, activation_density=0.4)


@pytest.mark.parametrize("kind, order", [("default", "balanced"), ("paper", "modulo")])
def test_a_point_of_the_model_has_the_counters_of_the_case_that_runs_as_rtl(kind, order, monkeypatch):
    monkeypatch.setattr(model, "benchmark", lambda name: SMALL)
    model._pattern.cache_clear(), model._encoded.cache_clear()
    spec = preset(kind, pes=4, entries=4096, columns=512, slots=64)
    said = model.point("NT-LSTM", spec, seed=1, order_name=order)
    made = case.make("NT-LSTM", spec, seed=1, order=order, layer=SMALL)
    assert said.counters == case.answer(made, spec).counters
    assert said.useful == said.counters.useful_macs == made.useful
    assert said.nonzeros == made.image.layers[0].nonzeros and said.entries == len(made.image.layers[0].entries)
    entries = said.counters.useful_macs + said.counters.padding
    assert said.useful / spec.word_entries < said.reads <= entries or kind == "default"
    model._pattern.cache_clear(), model._encoded.cache_clear()


def test_more_index_bits_never_need_more_padding(monkeypatch):
    monkeypatch.setattr(model, "benchmark", lambda name: SMALL)
    model._pattern.cache_clear(), model._encoded.cache_clear()
    entries = [model.point("NT-We", preset("paper", pes=2, index_bits=bits), seed=1, order_name="modulo").entries
               for bits in (1, 2, 3, 4, 8)]
    assert entries == sorted(entries, reverse=True) and entries[0] > entries[-1]
    model._pattern.cache_clear(), model._encoded.cache_clear()


def test_energy_of_an_access_is_the_literatures_and_grows_as_stated():
    assert energy.access(8 << 10, 64) == 10
    assert energy.access(32 << 10, 64) == 20                    # twice the root of four times the bytes
    assert energy.access(8 << 10, 128) == 15 and energy.access(8 << 10, 128, fixed=0) == 20


def test_the_estimate_is_the_sum_of_events_times_costs():
    counters = {"cycles": 10, "broadcasts": 3, "useful_macs": 40, "padding": 2}
    spent = energy.estimate(preset("paper", pes=4), counters, reads=7)
    assert spent["matrix read"] == pytest.approx(7 * 40e-6)
    assert spent["arithmetic"] == pytest.approx(42 * 0.72e-6)
    parts = [value for name, value in spent.items() if name not in ("sum", "by published power")]
    assert spent["sum"] == pytest.approx(sum(parts)) and min(parts) > 0
    assert spent["by published power"] == pytest.approx(40 * 9.157 / 0.8 * 1e-6)


def test_the_page_is_what_the_results_say():
    text = PAGE.read_text(encoding="utf-8")
    assert page.fill(text, RESULTS) == text, "run python -m bench.eie.page"


def test_a_page_without_a_section_is_refused():
    with pytest.raises(ValueError, match="page must have a section marked <!-- rtl -->"):
        page.fill("# nothing\n", RESULTS)


@pytest.mark.parametrize("name", figures.FIGURES)
def test_a_figure_is_drawn_the_same_twice(name, tmp_path):
    rows = json.loads((RESULTS / f"eie_{name}.json").read_text())["rows"]
    folders = _made(tmp_path, "a"), _made(tmp_path, "b")
    first, second = (figures.FIGURES[name](rows, folder).read_bytes() for folder in folders)
    assert first == second and first.startswith(b"<?xml")


def _made(base: Path, name: str) -> Path:
    (base / name).mkdir()
    return base / name


def test_results_were_made_by_the_default_preset_of_today():
    for path in RESULTS.glob("eie_*.json"):
        data = json.loads(path.read_text())
        if "default" in data:
            assert data["default"] == asdict(preset("default")), f"{path} is stale; run python -m bench.eie.study"
