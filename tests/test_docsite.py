"""The documentation site: what it is made from is complete, what is wrong is refused; at length, the site is built."""
import itertools
import re
import resource
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path
from types import SimpleNamespace

import pytest

import nonzero
from docsite import blocks, commands, draw, flowchart, hierarchy, links, navigation, pictures, python, reference, stage, text
from spec.machines import MACHINES
from tests.browser import browser

ROOT = Path(__file__).parents[1]
CHARTS = [(path.name, block) for path in [ROOT / "README.md", *sorted((ROOT / "docs").rglob("*.md"))]
          for block in flowchart.BLOCK.findall(path.read_text())]


@pytest.fixture(scope="module")
def listed():
    return commands.page()


def test_every_command_and_every_option_of_its_help_is_on_the_page(listed):
    for name, (module, _) in nonzero.COMMANDS.items():
        assert f"## {module}\n\nAlso `nonzero {name}`." in listed
    section = listed.partition("## doctor\n")[2].partition("\n## ")[0]
    helped = subprocess.run([sys.executable, "-m", "nonzero", "doctor", "--help"], cwd=ROOT, capture_output=True, text=True,
                            check=True).stdout
    wanted = set(re.findall(r"--[a-z][-a-z]+", helped)) - {"--help", "--verbose"}
    assert wanted == set(re.findall(r"`(--[a-z][-a-z]+)`", section)) and wanted


def test_the_parameters_of_a_machine_are_not_repeated(listed):
    assert "`--queue-depth`" not in listed and listed.count("(../parameters.md)") >= 5
    assert "With `--design mac`, also:" in listed


def test_what_is_a_command_is_found():
    found = commands.modules()
    assert {module for module, _ in nonzero.COMMANDS.values()} <= set(found)
    assert {"boards.run", "golden.mac", "rtl.parameters", "docsite"} <= set(found) and "cli.command" not in found


def test_an_option_without_help_is_refused():
    option = SimpleNamespace(opts=["--x"], secondary_opts=[], name="x", param_type_name="option", default=None, required=False,
                             is_flag=True, help="", type_descriptor=SimpleNamespace(annotation=bool))
    command = SimpleNamespace(params=[option], help="Do.")
    assert commands.undocumented("m", command) == ["m: `--x` has no help"]
    option.help, command.help = "Why.", ""
    assert commands.undocumented("m", command) == ["m has no help"]


@pytest.mark.parametrize(("annotation", "kind"), [
    (int, "whole number"), (float | None, "number"), (list[Path], "path ..."), (list[str] | None, "text ..."), (str, "text")])
def test_a_value_is_named_for_a_reader(annotation, kind):
    assert commands._kind(annotation) == kind


def test_every_promised_name_is_explained():
    page = python.page()
    for name in nonzero.__all__:
        if name not in ("Eie", "Mac", "Scnn"):
            assert f"### `nonzero.{name}`\n" in page
    assert "### `sim.pysim.Host`\n" in page and "* `read_register(" in page


def test_a_name_without_a_docstring_is_refused(monkeypatch, tmp_path):
    lines = ['"""A module."""', "LIMIT = 3", '"""Most."""', '__all__ = ["LIMIT", "run"]', "def run():", "    pass", ""]
    (tmp_path / "bare_module.py").write_text("\n".join(lines))
    monkeypatch.syspath_prepend(tmp_path)
    monkeypatch.setattr(python, "MODULES", ("bare_module",))
    with pytest.raises(ValueError, match="every public name must be explained, and these are not: bare_module.run$"):
        python.page()


def test_a_parameter_without_a_word_is_refused():
    """Sections of plain text are no lists of names."""
    text = "Do.\n\nParameters\n----------\na : int\nb, c : str\n    Said.\n\nNotes\n-----\nPlain.\n"
    assert python.unexplained(text) == [": a"]
    assert python.unexplained("Do.") == [] and python.unexplained(" ") == [""]


def test_a_docstring_becomes_markdown():
    made = python.body("Do ``it`` as :func:`rtl.build` does.\n\nParameters\n----------\n"
                       "a : int\n    The *a*,\n    a | b.\nb : str\n    Of b.")
    assert made == ("Do `it` as `rtl.build` does.\n\n**Parameters**\n\n| name | meaning |\n|---|---|\n"
                    "| `a : int` | The *a*, a \\| b. |\n| `b : str` | Of b. |")
    assert text.rst("s_axil_*, ``a_*b`` *so*") == "s_axil_\\*, `a_*b` *so*"
    assert text.cell("a|b <c>\nd") == "a\\|b &lt;c> d"


def test_a_register_without_text_is_found():
    register = {"name": "control", "doc": "Commands.", "fields": [{"name": "start", "doc": " "}]}
    manifest = {"memories": [{"name": "m", "doc": ""}], "registers": [register, {"name": "r", "doc": "", "fields": []}]}
    assert reference.undocumented(manifest) == ["m", "control.start", "r"]


@pytest.mark.parametrize(("page", "chart"), CHARTS, ids=[f"{page} {count}" for count, (page, _) in enumerate(CHARTS)])
def test_every_flowchart_is_understood(page, chart):
    dot = flowchart.dot(chart)
    arrows = len(re.findall(r"<?-->|-\.->|\.->|---", chart))
    assert dot.count(" -> ") == arrows or " & " in chart and dot.count(" -> ") > arrows
    assert dot.count("{") == dot.count("}")


def test_arrows_from_and_to_several_nodes():
    assert [line.split(" [")[0] for line in flowchart.dot('flowchart LR\na & b -. "x" .-> c & d[two]\n').splitlines()
            if " -> " in line] == ["a -> c", "a -> d", "b -> c", "b -> d"]


def test_a_flowchart_is_drawn_with_all_its_labels():
    drawn = flowchart.drawn('text\n```mermaid\nflowchart TD\n'
                            '    a["one & two"] -- "so" --> b(("host"))\n    b -. back .-> a\n```\nmore\n')
    assert drawn.startswith("text\n<figure") and drawn.endswith("</figure>\nmore\n") and "\n\n" not in drawn
    assert re.search(r'<svg role="img" aria-label="flowchart" style="max-width:\d+px;min-width:\d+px"\s+viewBox', drawn)
    for label in ("one &amp; two", "so", "host", "back"):
        assert f">{label}</text>" in drawn


@pytest.mark.parametrize("line", ["a --> ", "flowchart BT", "a ~~> b", "subgraph x"])
def test_a_flowchart_that_is_not_understood_is_refused(line):
    with pytest.raises(ValueError, match="a flowchart must "):
        flowchart.dot(f"flowchart LR\n{line}")
    with pytest.raises(ValueError, match="not 'sequenceDiagram'"):
        flowchart.dot("sequenceDiagram\na --> b")


def test_an_unknown_graph_and_a_missing_program_are_said(monkeypatch):
    with pytest.raises(ValueError, match="a graph must be drawn"):
        draw.svg("digraph {", "half a graph")
    monkeypatch.setenv("PATH", "")
    monkeypatch.setattr("sysconfig.get_path", lambda name: "/nowhere")
    with pytest.raises(FileNotFoundError, match="graphviz-pure must be in this Python .*; pip install graphviz-pure"):
        draw.program()


def test_a_picture_that_is_not_there_is_refused():
    with pytest.raises(ValueError, match="page.md must ask for a picture that is there, not '<!-- blocks: abacus -->'"):
        pictures.filled("# x\n\n<!-- blocks: abacus -->\n", "page.md")


def test_every_page_has_its_place_once():
    pages = [*stage.written(), commands.PAGE, python.PAGE, *map(reference.address, MACHINES)]
    placed = [page for listed in navigation.sections(pages).values() for page in listed]
    assert sorted(placed) == sorted(set(pages) - {navigation.START})
    for listed in navigation.SECTIONS.values():
        assert set(listed) <= set(pages) | {"history.md"}
    assert navigation.sections(["boards/new.md", "new.md"])["How-to"] == ["boards/new.md", "new.md"]


def test_only_what_has_changed_is_written(monkeypatch, tmp_path):
    monkeypatch.setattr(stage, "pages", lambda: {"index.md": "# Start\n", "a.md": "# A\n"})
    (tmp_path / "old.md").write_text("")
    assert stage.fill(tmp_path) == 2 and not (tmp_path / "old.md").exists()
    before = (tmp_path / "a.md").stat().st_mtime_ns
    assert stage.fill(tmp_path) == 2 and (tmp_path / "a.md").stat().st_mtime_ns == before


def test_only_the_first_heading_is_a_title():
    text = "# A\n\n## b\n\n```sh\n# no heading\n```\n\n# C\n\n## d\n"
    assert stage.one_title(text) == "# A\n\n### b\n\n```sh\n# no heading\n```\n\n## C\n\n### d\n"
    assert stage.one_title("# A\n\n## b\n```\n# c\n```\n") == "# A\n\n## b\n```\n# c\n```\n"


def test_links_that_leave_the_pages_work_or_are_names(tmp_path):
    docs = tmp_path / "docs"
    (tmp_path / "examples").mkdir()
    (docs / "a").mkdir(parents=True)
    for name in ("docs/b.md", "docs/a/c.md", "examples/README.md", "examples/run.py"):
        (tmp_path / name).write_text("")
    text = ("[ex](../../examples/README.md#x) [run](../../examples/run.py) [`run.py`](../../examples/run.py) "
            "[b](../b.md) [n](no.md) [w](https://x.y/z.md)")
    made, more = links.settled(text, docs / "a" / "c.md", tmp_path, docs)
    assert made == ("[ex](../outside/examples/README.md#x) run (`examples/run.py`) `examples/run.py` [b](../b.md) [n](no.md) "
                    "[w](https://x.y/z.md)")
    assert more == [tmp_path / "examples" / "README.md"]
    made, more = links.settled("[c](../docs/a/c.md) [r](run.py)", more[0], tmp_path, docs)
    assert made == "[c](../../a/c.md) r (`examples/run.py`)" and not more


VERILOG = """
module leaf #(
  parameter BITS = 4
) (
  input  wire            clk,
  input  wire [BITS-1:0] a,
  output reg  [BITS+1-1:0] p
);
endmodule

module \\top.user (clk, x, \\port$1 );
  input clk;
  input [8:0] x;
  output [2:0] \\port$1 ;
endmodule

module top(clk, i, o);
  input clk;
  input [3:0] i;
  output [2:0] o;
  wire [4:0] p;
  reg [4:0] late;
  always @(posedge clk)
    late <= p;
  assign joined = { late, 4'h0 };
  leaf #(
    .BITS(32'd4)
  ) first (
    .a(i),
    .clk(clk),
    .p(p)
  );
  \\top.user  user (
    .\\port$1 (o),
    .clk(clk),
    .x(joined)
  );
endmodule
"""


def test_the_hierarchy_of_a_verilog_text_is_read():
    modules = hierarchy.read(VERILOG)
    assert set(modules) == {"leaf", "\\top.user", "top"}
    assert [(part.name, part.module) for part in modules["top"].parts] == [("first", "leaf"), ("user", "\\top.user")]
    assert sorted(hierarchy.flows(modules, modules["top"])) == [
        ("", "first", "a", 4), ("first", "user", "x", 9), ("user", "", "o", 3)]
    assert hierarchy.width("BITS+1-1", {"BITS": "32'd4"}) == 5 and hierarchy.width("0", {}) == 1


def test_a_block_diagram_says_what_is_in_a_machine():
    """The numbers are those of the specification: a multiplier a PE, and the parts of a PE in the order of eie/pipeline.md."""
    machine = reference.built("eie")
    modules = hierarchy.read(machine.verilog)
    assert hierarchy.cells(modules, machine.name)["nz_mult"] == machine.manifest["spec"]["pes"] == 8
    assert blocks.levels(modules, machine.name)[-1] == "eie_pe"
    graph = blocks.graph(modules, modules["eie_pe"])
    way = ["pointer", "queue", "spmat", "picker", "arithmetic", "actrw"]
    for before, after in itertools.pairwise(way):
        assert f'"\\\\eie_pe.{before}" -> "\\\\eie_pe.{after}"' in graph
    assert "eie_pe x 4" in blocks.graph(modules, modules["eie_group4_4"])
    drawn = pictures.filled("<!-- blocks: eie -->\n", "page.md")
    assert drawn.count("<svg") == len(blocks.levels(modules, machine.name)) and "\n\n<svg" not in drawn


def test_equal_parts_are_one_box_and_cells_have_plain_names():
    machine = reference.built("scnn")
    modules = hierarchy.read(machine.verilog)
    kinds = blocks.alike(modules, modules[machine.name])
    lanes = [kinds[f"lane{number}"] for number in range(machine.manifest["spec"]["weight_lanes"])]
    assert len(lanes) == 4 and len(set(lanes)) == 1 and len(set(kinds.values())) == len(kinds) - 3
    assert '"lane x 4\\n16 multipliers' in blocks.graph(modules, modules[machine.name])
    for name in blocks.levels(modules, machine.name):
        labels = re.findall(r"label=(\".*?\")", blocks.graph(modules, modules[name]))
        assert not [label for label in labels if re.search(r"\d nz_", label)]
    assert set(blocks.CELLS) == {path.stem for path in (ROOT / "rtl" / "tech").glob("nz_*.v")}
    other = replace(modules[machine.name].parts[0], name="lane9")
    assert "lane9" not in kinds and blocks.alike(modules, replace(modules[machine.name], parts=(
        *modules[machine.name].parts, other)))["lane9"] == other.module, "the name alone makes nothing equal"


def build(folder):
    return subprocess.run([sys.executable, "-m", "docsite", "--out", folder / "site", "--work", folder / "work"], cwd=ROOT,
                          capture_output=True, text=True, check=False)


@pytest.mark.full
def test_the_site_is_built_without_a_warning_and_in_a_minute(tmp_path):
    """The minute is of processor time: other work may share the machine."""
    assert build(tmp_path).returncode == 0
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    done = build(tmp_path)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    assert done.returncode == 0 and "no warning" in done.stdout
    assert after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime < 60
    pages = list((tmp_path / "site").rglob("*.html"))
    assert len(pages) >= len(stage.written()) + 2 + len(MACHINES)
    fetched = re.compile(r'<(?:script|link|img)[^>]*(?:src|href)="https?:')
    assert not any(fetched.search(page.read_text()) for page in pages), "a page fetches from elsewhere"
    with browser() as web:
        for page, width in itertools.product(pages, (1280, 400)):
            web.open(page, width)
            assert web.run("document.documentElement.scrollWidth") <= width, f"{page.name} must fit {width} pixels"
            assert web.run("[...document.images].filter((picture) => !picture.naturalWidth).length") == 0, page.name
            tiny = web.run("[...document.querySelectorAll('figure svg text')].map(text => text.getBoundingClientRect().height)"
                           ".filter(height => height > 0 && height < 8).length")
            assert tiny == 0, f"{page.name} must have pictures that can be read"
        assert web.errors == []


@pytest.mark.full
@pytest.mark.parametrize(("wrong", "said"), [
    ("[x](nowhere.md)", "nowhere"), ("[x](bus.md#no-such-heading)", "no-such-heading"), ("<!-- blocks: abacus -->", "abacus"),
    ("![x](nowhere.svg)", "nowhere.svg"), ("### too low", "header level")])
def test_a_fault_on_a_page_ends_the_build(tmp_path, monkeypatch, wrong, said):
    from docsite.__main__ import sphinx
    monkeypatch.setattr(stage, "DOCS", tmp_path / "docs")
    monkeypatch.setattr(stage, "made", dict)
    (tmp_path / "docs").mkdir()
    shutil.copy(ROOT / "docs" / "bus.md", tmp_path / "docs")
    (tmp_path / "docs" / "index.md").write_text(f"# Start\n\n{wrong}\n")
    for _ in range(2):                      # what has not changed is wrong the second time too
        try:
            stage.fill(tmp_path / "source")
            warnings = sphinx(tmp_path / "source", tmp_path / "trees", tmp_path / "site")
        except ValueError as error:
            warnings = [str(error)]
        assert any(said in line for line in warnings)


