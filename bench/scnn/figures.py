"""Plots of the results, as SVG files that are the same from run to run."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from bench.eie.figures import GREY, OURS, THEIRS, plt, save

SHADES = {"products": OURS, "act_tail": "#e8a87c", "weight_tail": "#f3cfb3", "placeholder": "#d9b44a", "crossbar": "#7a3b69",
          "weight_wait": "#3b6ea5", "act_wait": "#7ba7cc", "redistribution": "#a9c7de", "barrier": GREY, "halo": "#4a8c5a",
          "reduction": "#8cc49a", "drain": "#bbbbbb"}


def causes(layers: Sequence[dict[str, Any]], path: Path) -> Path:
    """Where the multipliers' slots of each layer go."""
    figure, axes = plt.subplots(figsize=(8, 3.2))
    base = [0.0] * len(layers)
    totals = [sum(layer["slots"].values()) for layer in layers]
    for cause, color in SHADES.items():
        shares = [layer["slots"][cause] / total for layer, total in zip(layers, totals, strict=True)]
        if max(shares) > 0.002:
            axes.bar(range(len(layers)), shares, 0.8, bottom=base, label=cause.replace("_", " "), color=color)
        base = [low + share for low, share in zip(base, shares, strict=True)]
    axes.set(xticks=range(len(layers)), ylabel="share of slots", ylim=(0, 1))
    axes.set_xticklabels([layer["layer"] for layer in layers], rotation=45, ha="right")
    axes.grid(axis="x", visible=False)
    axes.legend(frameon=False, fontsize=7, loc="center left", bbox_to_anchor=(1, 0.5))
    return save(figure, path)


def sweep(points: Sequence[dict[str, Any]], path: Path) -> Path:
    """Speed of ours over the dense array by density."""
    figure, axes = plt.subplots(figsize=(5, 3.2))
    densities = [point["density"] for point in points]
    axes.plot(densities, [point["speedup_over_dense_array"] for point in points], color=OURS, marker="o", label="ours")
    axes.plot([0.1, 1.0], [24, 0.79], color=THEIRS, marker="s", linestyle="none", label="the paper, two points")
    axes.axhline(1, color="black", linewidth=0.8)
    axes.set(xlabel="density of weights and activations", ylabel="speed over the dense array", yscale="log")
    axes.legend(frameon=False)
    return save(figure, path)
