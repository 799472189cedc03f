"""Classes of inputs: read from a file, and compared with answers."""

from pathlib import Path

import numpy as np

from files.array import read_array


def classes(path: Path, outputs: int) -> np.ndarray:
    """Return the class numbers in a file."""
    given = read_array(path, "labels")
    most = max(outputs, 2)
    if given.dtype.kind not in "iu" or given.ndim != 1:
        raise TypeError(f"labels in {path} must be a row of integers, not {given.dtype} of shape {given.shape}; "
                        f"write the number of each class")
    if given.size and not 0 <= given.min() <= given.max() < most:
        raise ValueError(f"labels in {path} must be 0 to {most - 1}, not {given.min() if given.min() < 0 else given.max()}; "
                         f"write the number of each class")
    return given


def right(answers: np.ndarray, labels: np.ndarray) -> float:
    """Return the share of answers that name their class: the largest output, or of one output whether it is above 0."""
    if len(answers) != len(labels):
        raise ValueError(f"labels must be {len(answers)}, one per vector of the data, not {len(labels)}; give these")
    named = answers[:, 0] > 0 if answers.shape[1] == 1 else answers.argmax(1)
    return float(np.mean(named == labels))
