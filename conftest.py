"""Settings of every test run: random tests without a clock, GPU tests only where there is a GPU, times kept."""
import importlib.util
import shutil
import subprocess

import hypothesis
import pytest

from tests import times

hypothesis.settings.register_profile("nonzero", deadline=None, print_blob=True)
hypothesis.settings.load_profile("nonzero")


def why_no_gpu():
    """The reason why GPU tests cannot run here, or None."""
    if not importlib.util.find_spec("cupy"):
        return "cupy is not installed; pip install the gpu extra of pyproject.toml"
    if not (tool := shutil.which("nvidia-smi")):
        return "nvidia-smi is not on PATH, so there is no NVIDIA GPU"
    listed = subprocess.run([tool, "-L"], capture_output=True, text=True, check=False)
    return None if listed.returncode == 0 and listed.stdout.strip() else "nvidia-smi lists no GPU"


@pytest.hookimpl(wrapper=True, tryfirst=True)
def pytest_runtest_protocol(item):
    """Quick tests simulate little: a compiler that does not optimise saves more than the simulation loses."""
    with pytest.MonkeyPatch.context() as patch:
        if not item.get_closest_marker("full"):
            patch.setenv("NONZERO_SIM_LEVEL", "-O0")
        return (yield)


def pytest_configure(config):
    times.register(config)


def pytest_collection_modifyitems(items):
    marked = [item for item in items if item.get_closest_marker("gpu")]
    if marked and (reason := why_no_gpu()):
        for item in marked:
            item.add_marker(pytest.mark.skip(reason=reason))
