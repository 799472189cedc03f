"""Make the weights of the convolutional example again: `python -m compress.scnn.train -o digits_cnn.npz`."""

from pathlib import Path
from typing import Annotated

import numpy as np
import typer

from cli import command, paths
from compress.cnn import answers, train
from compress.scnn.digits import MOMENTS, RECIPE, images, stored

app = command.application("Train and prune the convolutional network for scikit-learn's digits, in NumPy.")


@app.command(epilog="For example: python -m compress.scnn.train -o digits_cnn.npz")
def digits(
    out: Annotated[Path, typer.Option("-o", "--out", help="The file of weights to write.", show_default=False)],
) -> None:
    """Train on the pictures that are not held back; print how many of both are named right before and after pruning."""
    paths.check(outputs={"--out": out})
    seen, held = images()
    with command.progress("training", RECIPE.dense_passes + RECIPE.prune_passes) as bar:
        made = train(*seen, RECIPE, advance=lambda: bar.advance(1))
    arrays: dict[str, np.ndarray] = {}
    for moment in MOMENTS:
        layers = getattr(made, moment)
        arrays |= stored(layers, moment)
        kept = sum(int(np.count_nonzero(layer.weight)) for layer in layers)
        right = [int((answers(layers, pictures).argmax(1) == labels).sum()) for pictures, labels in (seen, held)]
        print(f"{moment}: {kept:,} weights; right {right[0]} of {len(seen[1])} trained on, "
              f"{right[1]} of {len(held[1])} held back")
    with command.atomic(out) as draft, draft.open("wb") as file:
        np.savez_compressed(file, allow_pickle=False, **arrays)
    print(f"wrote {out}: {out.stat().st_size:,} bytes")


if __name__ == "__main__":
    command.main(app)
