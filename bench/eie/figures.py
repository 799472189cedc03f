"""Plots of the results, as SVG files that are the same from run to run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import matplotlib

matplotlib.use("Agg")
from matplotlib import pyplot as plt  # noqa: E402

from bench.eie.reference import paper_cycles  # noqa: E402

Rows = Sequence[dict[str, Any]]
OURS, THEIRS, GREY = "#c8501e", "#3b6ea5", "#777777"
STYLES = {"default": {"color": OURS, "marker": "o"}, "paper": {"color": THEIRS, "marker": "s", "linestyle": "--"}}
plt.rcParams |= {"svg.hashsalt": "nonzero", "svg.fonttype": "none", "font.size": 9, "axes.spines.top": False,
                 "axes.spines.right": False, "axes.grid": True, "grid.alpha": 0.3, "figure.constrained_layout.use": True}


def save(figure, path: Path) -> Path:
    """Write a figure without the date of its making."""
    figure.savefig(path, metadata={"Date": None} if path.suffix == ".svg" else {})
    plt.close(figure)
    return path


def by_twos(axes, values: Sequence[int]) -> None:
    """Let a horizontal axis of powers of two say them as numbers."""
    axes.set_xscale("log", base=2)
    axes.set_xticks(values, [str(value) for value in values])


def overhead(rows: Rows, folder: Path, suffix: str = ".svg") -> Path:
    """Cycles over the limit: the paper's, its rules, and ours."""
    names = list(dict.fromkeys(row["layer"] for row in rows))
    limit = {name: _median(rows, name, "default") for name in names}
    bars = (("EIE, as printed", GREY, [paper_cycles(name) / (limit[name]["useful"] / 64) for name in names]),
            ("preset paper, one pass", THEIRS, [_median(rows, name, "paper", batch_slots=0)["over_limit"] for name in names]),
            ("preset default", OURS, [limit[name]["over_limit"] for name in names]))
    figure, axes = plt.subplots(figsize=(8, 3.2))
    for k, (label, color, values) in enumerate(bars):
        drawn = axes.bar([x + 0.27 * (k - 1) for x in range(len(names))], values, 0.25, label=label, color=color)
        axes.bar_label(drawn, fmt="%.2f", fontsize=6.5, padding=1)
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set(xticks=range(len(names)), xticklabels=names, ylabel="cycles / limit", ylim=(0.8, 2.6))
    axes.grid(axis="x", visible=False)
    axes.legend(frameon=False)
    return save(figure, folder / f"scale_overhead{suffix}")


def scaling(rows: Rows, folder: Path, suffix: str = ".svg") -> Path:
    """Speed-up and load balance over the number of PEs."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3.2))
    for name, fill in (("Alex-7", "full"), ("NT-We", "none")):
        for kind, style in STYLES.items():
            mine = [row for row in rows if row["layer"] == name and row["preset"] == kind]
            pes = [row["pes"] for row in mine]
            speedup = [mine[0]["cycles"] / row["cycles"] for row in mine]
            left.plot(pes, speedup, label=f"{name}, {kind}", fillstyle=fill, **style)
            right.plot(pes, [row["efficiency"] for row in mine], fillstyle=fill, **style)
    left.plot(pes, pes, color="black", linewidth=0.8)
    left.set(yscale="log", xlabel="PEs", ylabel="speed-up over 1 PE")
    right.set(xlabel="PEs", ylabel="busy share of multiplier cycles", ylim=(0, 1.02))
    for axes in (left, right):
        by_twos(axes, pes)
    left.legend(frameon=False)
    return save(figure, folder / f"scale_pes{suffix}")


def queue(rows: Rows, folder: Path, suffix: str = ".svg") -> Path:
    """Busy share over the depth of the queue."""
    figure, panes = plt.subplots(1, 2, figsize=(8, 3.2), sharey=True)
    for axes, key, kind in zip(panes, ("ring", "queue_depth"), ("paper", "default"), strict=True):
        names = list(dict.fromkeys(row["layer"] for row in rows))
        for k, name in enumerate(names):
            mine = [row for row in rows if row["layer"] == name and key in row]
            axes.plot([row[key] for row in mine], [row["efficiency"] for row in mine], marker=".", label=name,
                      color=plt.get_cmap("tab10")(k))
        axes.set(xlabel=f"{key.replace('_', ' ')}, preset {kind}", ylim=(0.2, 1.02))
        by_twos(axes, [row[key] for row in mine])
    panes[0].set_ylabel("busy share of multiplier cycles")
    panes[1].legend(frameon=False, ncols=2, fontsize=7)
    return save(figure, folder / f"scale_queue{suffix}")


def index(rows: Rows, folder: Path, suffix: str = ".svg") -> Path:
    """Storage and cycles over the bits of a run, and useful entries over the number of PEs."""
    figure, panes = plt.subplots(1, 3, figsize=(9, 3))
    for k, name in enumerate(dict.fromkeys(row["layer"] for row in rows)):
        color = plt.get_cmap("tab10")(k)
        mine = [row for row in rows if row["layer"] == name and row["pes"] == 64]
        for kind, line in (("paper", "--"), ("default", "-")):
            own = sorted({row["index_bits"]: row for row in mine if row["preset"] == kind}.items())
            bits = [bit for bit, _ in own]
            if kind == "paper":
                stored = [row["entries"] * row["bits"] / row["nonzeros"] for _, row in own]
                panes[0].plot(bits, stored, marker=".", color=color, label=name)
            panes[1].plot(bits, [row["over_limit"] for _, row in own], line, marker=".", color=color, label=f"{name}, {kind}")
        sizes = sorted({row["pes"]: row for row in rows if row["layer"] == name and row["preset"] == "paper" and
                        row["index_bits"] == 4}.items())
        shares = [row["nonzeros"] / row["entries"] for _, row in sizes]
        panes[2].plot([pes for pes, _ in sizes], shares, marker=".", color=color)
    panes[0].set(xlabel="index bits", ylabel="bits stored a weight")
    panes[1].set(xlabel="index bits", ylabel="cycles / limit")
    panes[2].set(xlabel="PEs, 4 index bits", ylabel="weights / entries", ylim=(0, 1.02))
    by_twos(panes[2], [pes for pes, _ in sizes])
    panes[0].legend(frameon=False)
    panes[1].legend(frameon=False, fontsize=6.5)
    return save(figure, folder / f"scale_index{suffix}")


def width(rows: Rows, folder: Path, suffix: str = ".svg") -> Path:
    """Reads of the matrix memory and their estimated energy over the width of a word."""
    figure, (left, right) = plt.subplots(1, 2, figsize=(8, 3))
    for k, name in enumerate(dict.fromkeys(row["layer"] for row in rows)):
        mine = [row for row in rows if row["layer"] == name]
        bits, color = [row["word_bits"] for row in mine], plt.get_cmap("tab10")(k)
        at_64 = next(row for row in mine if row["word_bits"] == 64)
        left.plot(bits, [row["reads"] / at_64["reads"] for row in mine], marker=".", color=color, label=name)
        right.plot(bits, [row["read_uj"] / at_64["read_uj"] for row in mine], marker=".", color=color, label=name)
    for axes, label in ((left, "reads, 64 bits = 1"), (right, "read energy (estimate), 64 bits = 1")):
        axes.set(xlabel="bits of a word", ylabel=label)
        by_twos(axes, bits)
    right.legend(frameon=False, ncols=2, fontsize=7)
    return save(figure, folder / f"scale_width{suffix}")


def _median(rows: Rows, name: str, kind: str, **also: Any) -> dict[str, Any]:
    mine = [row for row in rows if row["layer"] == name and row["preset"] == kind and
            all(row.get(key) == value for key, value in also.items())]
    return sorted(mine, key=lambda row: row["over_limit"])[len(mine) // 2]


FIGURES = {"presets": overhead, "scaling": scaling, "queue": queue, "index": index, "width": width}
"""Plots by the study that they show."""
