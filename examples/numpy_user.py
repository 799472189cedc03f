"""A network in NumPy, and what it answers and costs on an accelerator: no hardware is seen.

Run it: python examples/numpy_user.py --out build/example
"""

import argparse
import subprocess
import sys
from pathlib import Path

import numpy as np
from sklearn.datasets import load_digits
from sklearn.neural_network import MLPClassifier
from threadpoolctl import threadpool_limits

from golden import image as images
from golden.eie import run


def nonzero(*arguments: object) -> None:
    """Run a command of this project, as ``nonzero ...`` in a shell."""
    subprocess.run([sys.executable, "-m", "nonzero", *map(str, arguments)], check=True)


def main(folder: Path, *, simulate: bool) -> None:
    """Train, compress, ask the model of the machine; with ``simulate`` the machine's Verilog too."""
    folder.mkdir(parents=True, exist_ok=True)
    digits = load_digits()
    x, labels = (digits.data / 16).astype(np.float32), digits.target
    with threadpool_limits(1):                          # small matrices: other cores would only wait for each other
        net = MLPClassifier((64,), alpha=1.0, learning_rate_init=0.01, max_iter=500, random_state=1).fit(x[300:], labels[300:])

    # Arrays NAME.weight (outputs x inputs) and NAME.bias are all that is needed.
    layers = {}
    for k, (weight, bias) in enumerate(zip(net.coefs_, net.intercepts_, strict=True)):
        layers |= {f"layer{k}.weight": weight.T, f"layer{k}.bias": bias}
    np.savez(folder / "net.npz", **layers)
    np.save(folder / "x.npy", x[:300])
    image = folder / "image.npz"
    nonzero("compress", folder / "net.npz", "-o", image, "--pes", 8, "--density", 0.4, "--data", folder / "x.npy")

    # The golden model computes what the hardware computes, bit for bit, and how many cycles it takes.
    answers = run(images.load(image), x[:300])
    right = (answers.outputs.argmax(axis=1) == labels[:300]).mean()
    cycles = np.mean([sum(layer.cycles for layer in vector) for vector in answers.counters])
    print(f"accuracy: {net.score(x[:300], labels[:300]):.1%} in floats, {right:.1%} on the machine with 40 % of the weights")
    print(f"{cycles:.0f} cycles per input: {cycles / 100:.1f} us at 100 MHz")
    if simulate:
        nonzero("run", image, "--input", folder / "x.npy", "--first", 2, "--outputs", folder / "y.npy", "--integers", "--out",
                folder / "run", "--report", folder / "run.html")
        print("the Verilog gives the same:", np.array_equal(np.load(folder / "y.npy"), answers.outputs[:2]))


if __name__ == "__main__":
    options = argparse.ArgumentParser(description=__doc__)
    options.add_argument("--out", type=Path, default=Path("build/example"))
    options.add_argument("--simulate", action="store_true", help="run two inputs on the Verilog too; takes a minute")
    given = options.parse_args()
    main(given.out, simulate=given.simulate)
