"""docs/eie/scale.md gets its tables and figures from the results; nothing in them is typed by hand."""

import shutil
import tempfile
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Annotated, Any

import typer

from bench.eie import energy
from bench.eie.figures import FIGURES
from bench.eie.reference import ACTUAL_US, CLOCK_MHZ, RECONSTRUCTION, paper_cycles
from bench.eie.table import geomean
from bench.page import markdown, results_of, section
from cli import command, paths
from files.document import read_json
from golden.eie.patterns import TABLE

Rows = Sequence[dict[str, Any]]
SUFFIXES = ".svg", ".png"
app = command.application(__doc__ or "")


def chosen(rows: Rows, **wanted: Any) -> list[dict[str, Any]]:
    """Return the rows that have all the values wanted."""
    return [row for row in rows if all(row.get(key) == value for key, value in wanted.items())]


def middle(rows: Rows) -> dict[str, Any]:
    """Return the row of median ``over_limit``."""
    return sorted(rows, key=lambda row: row["over_limit"])[len(rows) // 2]


def rtl(results: Path) -> str:
    """The nine layers as RTL, each layer's median run."""
    lines, data = [], _load(results, "default")
    for name, layer in data["layers"].items():
        lines.append([name, layer["seed"], f"{layer['cycles']:,}", f"{layer['limit']:,.0f}", f"{layer['over_limit']:.4f}",
                      f"{layer['paper_cycles']:,}", f"{layer['paper_cycles'] / layer['limit']:.2f}",
                      f"{layer['paper_cycles'] / layer['cycles']:.2f}", layer["mismatches"] + layer["counter_mismatches"],
                      len(layer["runs"])])
    lines.append(["geometric mean", "", "", "", f"**{data['geomean_over_limit']:.4f}**", "",
                  f"{geomean([row['paper_cycles'] / row['limit'] for row in data['layers'].values()]):.2f}",
                  f"{geomean([row['paper_cycles'] / row['cycles'] for row in data['layers'].values()]):.2f}",
                  sum(int(line[-2]) for line in lines), sum(line[-1] for line in lines)])
    return markdown(("layer", "seed", "cycles", "limit", "cycles / limit", "EIE printed, cycles", "EIE / limit", "EIE / ours",
                     "mismatches", "runs"), lines)


def medians(results: Path) -> str:
    """The default preset by the model: three seeds, their median, and where the median's cycles go."""
    lines, all_rows = [], _load(results, "presets")["rows"]
    for name in TABLE:
        mine = chosen(all_rows, layer=name, preset="default")
        row = middle(mine)
        limit, count = row["useful"] / row["pes"], row["counters"]
        lines.append([name, *[f"{other['over_limit']:.4f}" for other in mine], f"**{row['over_limit']:.4f}**",
                      f"{count['broadcasts'] / limit:.2f}", f"{count['stall_queue'] / limit:.2f}",
                      f"{count['drain'] / limit:.3f}", f"{count['writeback'] / limit:.3f}"])
    mean = geomean([middle(chosen(all_rows, layer=name, preset="default"))["over_limit"] for name in TABLE])
    lines.append(["geometric mean", "", "", "", f"**{mean:.4f}**", "", "", "", ""])
    return markdown(("layer", "seed 1", "seed 2", "seed 3", "median", "broadcasts", "queue stalls", "drain", "write-back"),
                    lines)


def paper(results: Path) -> str:
    """The paper preset beside the reconstruction, and the cost of its batches."""
    all_rows, lines = _load(results, "presets")["rows"], []
    runs, batched = _runs(results, "paper"), _runs(results, "batches")
    for name in TABLE:
        once, split = (chosen(all_rows, layer=name, preset="paper", seed=1, batch_slots=slots)[0] for slots in (0, 64))
        cycles, inbatches = runs.get(name, once)["cycles"], batched.get(name, split)["cycles"]
        lines.append([name, f"{cycles:,}", "RTL" if name in runs else "model", f"{RECONSTRUCTION[name]:,}",
                      f"{100 * (cycles / RECONSTRUCTION[name] - 1):+.1f} %", f"{inbatches:,}",
                      "RTL" if name in batched else "model", f"{100 * (inbatches / cycles - 1):+.1f} %",
                      f"{cycles / CLOCK_MHZ:.1f}", ACTUAL_US[name], f"{100 * (paper_cycles(name) / cycles - 1):+.0f} %"])
    return markdown(("layer", "one pass, cycles", "from", "reconstruction", "difference", "4K batches, cycles", "from",
                     "their cost", "one pass, us at 800 MHz", "printed us", "printed / one pass"), lines)


def scaling(results: Path) -> str:
    """Speed-up and busy share over the number of PEs."""
    all_rows, lines = _load(results, "scaling")["rows"], []
    path = results / "eie_scaling_rtl.json"
    runs = {(row["layer"], row["pes"]): row for row in (read_json(path, "the results")["rows"] if path.exists() else ())}
    table = _load(results, "default")
    runs |= {(name, table["spec"]["pes"]): row for name, layer in table["layers"].items() for row in layer["runs"]
             if row["seed"] == 1}
    for name in dict.fromkeys(row["layer"] for row in all_rows):
        for row in chosen(all_rows, layer=name, preset="default"):
            other = chosen(all_rows, layer=name, preset="paper", pes=row["pes"])[0]
            one, base = (chosen(all_rows, layer=name, preset=kind, pes=1)[0]["cycles"] for kind in ("default", "paper"))
            run = runs.get((name, row["pes"]))
            lines.append([name, row["pes"], f"{row['cycles']:,}", f"{one / row['cycles']:.1f}", f"{row['efficiency']:.3f}",
                          f"{run['cycles']:,}" if run else "-", f"{other['cycles']:,}", f"{base / other['cycles']:.1f}",
                          f"{other['efficiency']:.3f}"])
    return markdown(("layer", "PEs", "default: cycles", "speed-up", "busy share", "as RTL", "paper: cycles", "speed-up",
                     "busy share"), lines)


def queue(results: Path) -> str:
    """Busy share over queue depths."""
    all_rows, parts = _load(results, "queue")["rows"], []
    for key, label, wanted in (("ring", "preset `paper`, ring of", "efficiency"),
                               ("queue_depth", "preset `default`, depth", "over_limit")):
        sizes = sorted({row[key] for row in all_rows if key in row})
        lines = [[name, *[f"{chosen(all_rows, layer=name, **{key: size})[0][wanted]:.3f}" for size in sizes]] for name in TABLE]
        parts.append(markdown((label, *map(str, sizes)), lines))
    return "\n\n".join((parts[0], "The same for `default`, as cycles / limit:", parts[1]))


def index(results: Path) -> str:
    """Padding, storage and cycles over index bits; padding over PEs."""
    all_rows, lines = _load(results, "index")["rows"], []
    names = list(dict.fromkeys(row["layer"] for row in all_rows))
    bits = sorted({row["index_bits"] for row in all_rows})
    for name in names:
        mine = [chosen(all_rows, layer=name, preset="paper", pes=64, index_bits=bit)[0] for bit in bits]
        ours = [chosen(all_rows, layer=name, preset="default", pes=64, index_bits=bit)[0] for bit in bits]
        lines += [[f"{name}: padding a weight", *[f"{row['entries'] / row['nonzeros'] - 1:.3f}" for row in mine]],
                  [f"{name}: bits per weight", *[f"{row['entries'] * row['bits'] / row['nonzeros']:.2f}" for row in mine]],
                  [f"{name}: cycles / limit, `paper`", *[f"{row['over_limit']:.3f}" for row in mine]],
                  [f"{name}: cycles / limit, `default`", *[f"{row['over_limit']:.3f}" for row in ours]]]
    first = markdown(("index bits", *map(str, bits)), lines)
    pes = sorted({row["pes"] for row in all_rows})
    shares = [[name, *[f"{row['nonzeros'] / row['entries']:.3f}" for size in pes
                       for row in chosen(all_rows, layer=name, preset="paper", pes=size, index_bits=4)[:1]]] for name in names]
    return first + "\n\nWeights / entries over the number of PEs, 4 index bits:\n\n" + markdown(("PEs", *map(str, pes)), shares)


def width(results: Path) -> str:
    """Reads of the matrix memory over the width of a word, and the sum's energy under three assumptions."""
    all_rows, lines = _load(results, "width")["rows"], []
    sizes = sorted({row["word_bits"] for row in all_rows})
    for name in TABLE:
        lines.append([name, *[f"{chosen(all_rows, layer=name, word_bits=size)[0]['reads']:,}" for size in sizes]])
    total = {size: sum(row["reads"] for row in chosen(all_rows, word_bits=size)) for size in sizes}
    lines.append(["all: reads", *[f"{total[size]:,}" for size in sizes]])
    for share in (0.25, 0.5, 0.75):
        lines.append([f"all: uJ, fixed share {share}",
                      *[f"{total[size] * energy.access(energy.MATRIX_BYTES, size, fixed=share) * 1e-6:.1f}" for size in sizes]])
    low, high = (total[32] - 2 * total[64]) / -total[32], (2 * total[128] - total[64]) / total[128]
    return markdown(("bits of a word", *map(str, sizes)), lines) + (
        f"\n\n64 bits, the paper's choice, need least if the share of a 64-bit access that does not grow with the width is "
        f"between {low:.2f} and {high:.2f}.")


def spent(results: Path) -> str:
    """The energy estimate of both presets."""
    all_rows, lines = _load(results, "presets")["rows"], []
    for name in TABLE:
        for kind, also in (("paper", {"batch_slots": 0}), ("default", {})):
            row = chosen(all_rows, layer=name, preset=kind, seed=1, **also)[0]
            lines.append([name, kind, *[f"{value:.2f}" for value in row["energy_uj"].values()]])
    return markdown(("layer", "preset", *row["energy_uj"]), lines)


def study(results: Path) -> str:
    """Hardware runs of changed machines."""
    path = results / "eie_anchors.json"
    if not path.exists():
        return "_Not run yet: `python -m bench.eie.study anchors`._"
    rows = read_json(path, "the results")["rows"]
    lines = [[row["layer"], row["preset"], ", ".join(f"{key} = {value}" for key, value in row["change"].items()),
              f"{row['cycles']:,}", row["mismatches"] + row["counter_mismatches"]] for row in rows]
    return markdown(("layer, a sixteenth of its sides", "preset, 4 PEs", "change", "cycles", "mismatches"), lines)


SECTIONS: dict[str, Callable[[Path], str]] = {
    "rtl": rtl, "medians": medians, "paper": paper, "scaling": scaling, "queue": queue, "index": index, "width": width,
    "energy": spent, "anchors": study}


def fill(text: str, results: Path) -> str:
    """Return the page with every section between its marks made anew."""
    for name, make in SECTIONS.items():
        text = section(text, name, make(results))
    return text


def _runs(results: Path, name: str) -> dict[str, Any]:
    """Return the hardware runs of a table by layer, none where it was not made."""
    return _load(results, name)["layers"] if (results / f"eie_{name}.json").exists() else {}


def _load(results: Path, name: str) -> dict[str, Any]:
    return read_json(results / f"eie_{name}.json", "the results")


@app.command()
def main(
    page: Annotated[Path, typer.Option(help="Page to bring up to date; figures go beside it.")] = Path("docs/eie/scale.md"),
    results: Annotated[Path, typer.Option(help="Folder of the results.")] = Path("bench/results"),
    suffix: Annotated[str, typer.Option(help="Kind of the figures, .svg or .png.")] = ".svg",
    text: Annotated[bool, typer.Option(help="Fill the tables, not the figures alone.")] = True,
) -> None:
    """Fill the tables of docs/eie/scale.md from the results and draw its figures.

    Example: python -m bench.eie.page
    """
    if suffix not in SUFFIXES:
        raise ValueError(f"--suffix must be one of {', '.join(SUFFIXES)}, not {suffix!r}")
    if not results.is_dir():
        raise ValueError(f"--results must be a folder that bench.eie.study wrote, not {str(results)!r}; name one")
    paths.check(outputs={"--page": page})
    with tempfile.TemporaryDirectory() as folder:
        with results_of("bench.eie.study", results):        # all of it, before anything is written
            drawn = [draw(_load(results, name)["rows"], Path(folder), suffix) for name, draw in FIGURES.items()
                     if (results / f"eie_{name}.json").exists()]
            filled = fill(page.read_text(encoding="utf-8"), results) if text else ""
        for picture in drawn:
            with command.atomic(page.parent / picture.name) as draft:
                shutil.copyfile(picture, draft)
            print(f"wrote {page.parent / picture.name}")
    if text:
        command.write_text(page, filled)
        print(f"wrote {page}")


if __name__ == "__main__":
    command.main(app)
