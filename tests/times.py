"""A pytest plugin: processor seconds of each folder's tests, written when a run of all quick tests ends."""
from collections import Counter
from pathlib import Path

import pytest

from bench.history import times
from sim import cache

KEY = "processor_seconds"


def whole(config):
    """Tell whether a run is that of all quick tests, as `make test` starts it: no file, no choice of its own."""
    chosen = config.option
    return config.args_source != config.ArgsSource.ARGS and chosen.markexpr == "not full" and not any(
        (chosen.keyword, chosen.collectonly, chosen.deselect, chosen.maxfail, getattr(chosen, "lf", False)))


def area(nodeid):
    """Return the folder of a test."""
    return str(Path(nodeid.partition("::")[0]).parent)


class Clock:
    """Times each test where it runs: in this process, or in the worker that sends its reports to another."""

    def __init__(self):
        self.begun = 0.0

    @pytest.hookimpl(wrapper=True, tryfirst=True)
    def pytest_runtest_protocol(self):
        self.begun = times.spent()
        return (yield)

    @pytest.hookimpl(wrapper=True)
    def pytest_runtest_makereport(self, call):
        report = yield
        if call.when == "teardown":
            report.user_properties = [*report.user_properties, (KEY, round(times.spent() - self.begun, 3))]
        return report


class Times:
    """Adds up what the tests of a whole run took and writes it at the end."""

    def __init__(self, root):
        self.root, self.areas, self.ended = root, Counter(), Counter()
        self.commit, self.yardstick = times.clean_commit(root), times.yardstick()
        self.cold = not any((cache.home() / "sim").glob("*/" + cache.SEAL))

    def pytest_runtest_logreport(self, report):
        self.areas[area(report.nodeid)] += sum(seconds for name, seconds in report.user_properties
                                               if name == KEY and report.when == "teardown")
        if report.failed or report.when == "call" and report.passed:
            self.ended[report.outcome] += 1

    def pytest_sessionfinish(self, exitstatus):
        if exitstatus in (pytest.ExitCode.OK, pytest.ExitCode.TESTS_FAILED):
            taken = {name: round(seconds, 3) for name, seconds in self.areas.items() if seconds > 0}
            times.save(self.root, times.Times(commit=self.commit, cold=self.cold, passed=self.ended["passed"],
                                              failed=self.ended["failed"], areas=taken, yardstick=self.yardstick))


def register(config):
    """Time every test; of a whole run, keep the times."""
    config.pluginmanager.register(Clock(), "nonzero-clock")
    if not hasattr(config, "workerinput") and whole(config):
        config.pluginmanager.register(Times(config.rootpath), "nonzero-times")
