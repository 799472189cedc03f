"""Every node test of the onnx package for the operators that are mapped is equal, or refused by name: none is wrong."""
import json
from collections import Counter
from pathlib import Path

import pytest

from bench.onnx import nodes
from compress.frontend.onnx import OPERATORS

STORED = {line["name"]: line for line in json.loads(
    (Path(__file__).parents[1] / "bench" / "results" / "onnx.json").read_text())["tests"]}
NAMED = ("Gemm", "MatMul", "Conv", "Relu", "Clip", "MaxPool", "AveragePool", "GlobalAveragePool", "Flatten", "Reshape",
         "Transpose", "Add", "BatchNormalization", "Identity", "Dropout", "Cast")


@pytest.fixture(scope="module")
def found():
    return {test.name: nodes.outcome(test) for test in nodes.tests()}


def test_no_test_is_wrong_or_crashes_and_the_stored_counts_stand(found):
    counts = Counter(line["outcome"] for line in found.values())
    print(dict(counts))
    assert not counts["wrong"], [line for line in found.values() if line["outcome"] == "wrong"]
    assert {name: line["outcome"] for name, line in found.items()} == {name: line["outcome"] for name, line in STORED.items()}


def test_a_refusal_says_why(found):
    for name, line in found.items():
        if line["outcome"] == "refused":
            assert " must " in line["why"] and ", not " in line["why"], (name, line["why"])


def test_every_operator_that_is_named_runs_somewhere(found):
    ran = {operator for name, line in found.items() if line["outcome"] == "equal" for operator in STORED[name]["operators"]}
    assert set(NAMED) <= ran and set(NAMED) <= set(OPERATORS)
