"""Accuracy and size by step of LeNet-300-100's and LeNet-5's shapes: `python -m bench.storage --json build/storage.json`."""

from dataclasses import replace
from pathlib import Path
from typing import Annotated, Any

import numpy as np
import typer

from bench.storage import lenet5
from cli import command, paths
from cli.table import show
from compress.digits import FOLDS, STEPS, Fold, folds
from compress.eie.assemble import assemble
from compress.eie.image import Image, save
from compress.huffman.file import PARTS, compressed
from compress.scnn import image as scnn
from compress.train import Recipe
from spec.eie import preset

app = command.application("Train, prune, share and code LeNet-300-100's shape on the digits, enlarged to 28 x 28, in 5 folds.")
NETWORKS = ("lenet-300-100", "lenet-5")
PASSES = "60,100,20"
PAPER = {"ratio": 40.0, "density": 0.08}
"""Of LeNet-300-100 on MNIST: Deep Compression (ICLR 2016), table 1 and table 2."""


@app.command(epilog="For example: python -m bench.storage --json bench/results/storage.json --image lenet.npz")
def storage(
    network: Annotated[str, typer.Option(help="lenet-300-100, for an EIE; or lenet-5, for an SCNN.")] = NETWORKS[0],
    density: Annotated[float, typer.Option(help="Most weights to keep.")] = 0.06,
    bits: Annotated[int, typer.Option(help="Width of a weight's code.")] = 4,
    count: Annotated[int, typer.Option("--folds", help="Folds of 5.")] = 5,
    hidden: Annotated[str, typer.Option(help="Sizes of the hidden layers.")] = "300,100",
    passes: Annotated[str | None, typer.Option(
        help="Passes: dense, with masks, with shared weights; 60,100,20 if not given, 15,30,5 for lenet-5.")] = None,
    image: Annotated[Path | None, typer.Option(help="Write the first fold's image, and inputs and labels beside it.")] = None,
    json: Annotated[Path | None, typer.Option(help="Write the figures to this file.")] = None,
) -> None:
    """Print the accuracy after every step, pooled over the folds, and what every bit of storage is for."""
    paths.check(outputs={"--image": image, "--json": json})
    if network not in NETWORKS:
        raise ValueError(f"network must be one of {', '.join(NETWORKS)}, not {network!r}")
    if network == "lenet-5":
        command.refuse(["density", "bits", "hidden"], "--network lenet-300-100")
        _convolutional(count, passes, image, json)
        return
    first, second, third = map(int, (passes or PASSES).split(","))
    recipe = Recipe(hidden=tuple(map(int, hidden.split(","))), density=density, edge=28, dense_passes=first,
                    prune_passes=second, share_passes=third)
    spec = preset("default", codebook_bits=bits)
    with command.progress("training", recipe.passes * count) as bar:
        tried = list(folds(recipe, spec, count=count, advance=lambda: bar.advance(1)))
    images = [assemble(fold.quantised.layers, fold.quantised.codebooks, spec, input_scale=fold.quantised.input_scale,
                       output_scale=fold.quantised.output_scale) for fold in tried]
    facts = {"recipe": {"hidden": list(recipe.hidden), "density": density, "bits": bits, "passes": [first, second, third]},
             "paper": PAPER, "accuracy": _accuracy(tried), "sizes": _sizes(images, tried)}
    _tell(facts, json)
    if image is not None:
        save(images[0], image)
        _beside(image, tried[0].inputs, tried[0].labels)


def _convolutional(count: int, passes: str | None, image: Path | None, json: Path | None) -> None:
    """Do the same for LeNet-5's shape, in images for an SCNN array."""
    recipe = lenet5.RECIPE
    if passes is not None:
        first, second, third = map(int, passes.split(","))
        recipe = replace(recipe, dense_passes=first, prune_passes=second, share_passes=third)
    if not 1 <= count <= FOLDS:
        raise ValueError(f"folds must be 1 to {FOLDS}, not {count}")
    each = recipe.dense_passes + recipe.prune_passes + recipe.share_passes
    with command.progress("training", each * count) as bar:
        tried = [lenet5.fold(recipe, number, lambda: bar.advance(1)) for number in range(count)]
    _tell(lenet5.facts(tried, recipe), json)
    if image is not None:
        scnn.save(tried[0].made.image, image)
        _beside(image, tried[0].inputs, tried[0].labels)


def _tell(facts: dict[str, Any], json: Path | None) -> None:
    show("accuracy", ["step", "right", "of", "share", "loss in points"], [
        [step, line["right"], line["of"], f"{line['share']:.2%}", f"{line['loss']:.2f}"]
        for step, line in facts["accuracy"].items()])
    print()
    show("bits per weight of the dense network, mean of the folds", ["step", "bits", "ratio"], [
        [name, f"{line['bits']:.3f}", f"{line['ratio']:.1f}"] for name, line in facts["sizes"]["steps"].items()])
    print()
    show("bits of the coded file, mean of the folds", ["part", "bits", "bits per weight kept"], [
        [name, f"{count:,.0f}", f"{count / facts['sizes']['kept']:.2f}"] for name, count in facts["sizes"]["parts"].items()])
    if json is not None:
        command.write_report(json, facts)
        print(f"wrote {json}")


def _beside(image: Path, inputs: np.ndarray, labels: np.ndarray) -> None:
    for name, array in ("inputs", inputs), ("labels", labels):
        np.save(image.with_name(f"{image.stem}_{name}.npy"), array)
    print(f"wrote {image}")


def _accuracy(tried: list[Fold]) -> dict[str, dict[str, Any]]:
    of = sum(len(fold.labels) for fold in tried)
    right = {step: sum(fold.right[step] for fold in tried) for step in STEPS}
    return {step: {"right": right[step], "of": of, "share": right[step] / of, "loss": 100 * (right["float"] - right[step]) / of}
            for step in STEPS}


def _sizes(images: list[Image], tried: list[Fold]) -> dict[str, Any]:
    """Return bits after every step, as a mean of the folds; a dense parameter has 32."""
    shapes = [layer.weight.shape for layer in tried[0].trained.dense]
    cells, biases = sum(a * b for a, b in shapes), sum(a for a, _ in shapes)
    dense, kept, parts, steps = 32 * (cells + biases), [], [], []
    for made in images:
        data, account = compressed(made)
        weights = sum(layer.nonzeros for layer in made.layers)
        entries = sum(len(layer.entries) for layer in made.layers)
        pointers = sum((layer.pointers.shape[1] - 1) * made.spec.pes for layer in made.layers) * made.spec.pointer_bits
        rest = 32 * biases + 16 * made.codebooks.size
        steps.append({"dense": dense, "pruned (32-bit weights and 32-bit places)": 64 * weights + 32 * biases,
                      "shared (codes and 32-bit places)": (made.spec.codebook_bits + 32) * weights + rest,
                      "image (codes and runs, no pointers)": made.spec.entry_bits * entries + rest,
                      "image with its pointers": made.spec.entry_bits * entries + rest + pointers,
                      "coded (all of the file)": 8 * len(data)})
        kept.append(weights)
        parts.append(account.bits)
    mean = {name: float(np.mean([line[name] for line in steps])) for name in steps[0]}
    return {"kept": float(np.mean(kept)), "parameters": cells + biases,
            "steps": {name: {"bits": bits / (cells + biases), "ratio": dense / bits} for name, bits in mean.items()},
            "parts": {name: float(np.mean([line[name] for line in parts])) for name in PARTS}}


if __name__ == "__main__":
    command.main(app)
