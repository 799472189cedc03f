"""A headless Chromium, spoken to through its DevTools pipe: what a page shows, what its console says, how it looks."""
import base64
import contextlib
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time

import pytest

LIMIT = 60          # seconds for an answer


class Browser:
    """One page; `errors` are messages of its console and exceptions."""

    def __init__(self, ask, events):
        self._ask, self._events = ask, events
        self.errors = []

    def call(self, method, **parameters):
        return self._ask(method, parameters)

    def open(self, path, width=1280, height=900):
        """Load a file at a width in CSS pixels and wait for the end of its scripts."""
        self.call("Emulation.setDeviceMetricsOverride", width=width, height=height, deviceScaleFactor=1, mobile=False)
        self.call("Page.navigate", url=path.as_uri())
        deadline = time.monotonic() + LIMIT
        while self.run("document.readyState") != "complete" or self.run("location.href") != path.as_uri():
            assert time.monotonic() < deadline, f"{path} does not load"
            time.sleep(0.05)
        self.run("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(() => done(1))))")

    def run(self, code):
        """Return the value of an expression in the page; a promise is awaited."""
        answer = self.call("Runtime.evaluate", expression=code, returnByValue=True, awaitPromise=True)
        assert "exceptionDetails" not in answer, answer["exceptionDetails"]
        self._collect()
        return answer["result"].get("value")

    def mouse(self, kind, x, y):
        button = {"button": "left", "clickCount": 1} if kind != "mouseMoved" else {}
        self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, **button)

    def picture(self, path):
        """Save the whole page as PNG."""
        size = self.call("Page.getLayoutMetrics")["cssContentSize"]
        shot = self.call("Page.captureScreenshot", captureBeyondViewport=True, clip={**size, "scale": 1})
        path.write_bytes(base64.b64decode(shot["data"]))

    def _collect(self):
        for event in self._events:
            said = event["method"] == "Runtime.consoleAPICalled" and event["params"]["type"] in ("error", "warning", "assert")
            if said or event["method"] in ("Runtime.exceptionThrown", "Log.entryAdded"):
                self.errors.append(event["params"])
        self._events.clear()


@contextlib.contextmanager
def browser():
    """Start a browser; the test is skipped where there is none."""
    program = next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)
    if program is None:
        pytest.skip("no chromium or google-chrome on PATH")
    told, tell = os.pipe()
    hear, said = os.pipe()

    def give():                             # the browser reads from 3 and writes to 4, which may be ours already
        high = [fcntl.fcntl(end, fcntl.F_DUPFD, 10) for end in (told, said)]
        os.dup2(high[0], 3)
        os.dup2(high[1], 4)

    with tempfile.TemporaryDirectory(prefix="browser-", ignore_cleanup_errors=True) as profile:
        process = subprocess.Popen(
            [program, "--headless", "--no-sandbox", "--disable-gpu", "--no-first-run", "--disable-background-networking",
             f"--user-data-dir={profile}", "--remote-debugging-pipe", "about:blank"],
            pass_fds=(3, 4), preexec_fn=give, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(told)
        os.close(said)
        try:
            yield _attach(tell, hear)
        finally:
            os.close(tell)
            os.close(hear)
            process.terminate()
            process.wait(LIMIT)


def _attach(tell, hear):
    events, waiting, session, number = [], bytearray(), {}, 0

    def ask(method, parameters):
        nonlocal number
        number += 1
        os.write(tell, json.dumps({"id": number, "method": method, "params": parameters, **session}).encode() + b"\0")
        while True:
            while b"\0" not in waiting:
                piece = os.read(hear, 1 << 20)
                assert piece, "the browser has gone"
                waiting.extend(piece)
            message, _, rest = bytes(waiting).partition(b"\0")
            waiting[:] = rest
            answer = json.loads(message)
            if answer.get("id") == number:
                assert "error" not in answer, answer
                return answer["result"]
            if "method" in answer:
                events.append(answer)

    target = next(target for target in ask("Target.getTargets", {})["targetInfos"] if target["type"] == "page")
    session["sessionId"] = ask("Target.attachToTarget", {"targetId": target["targetId"], "flatten": True})["sessionId"]
    for domain in ("Page", "Runtime", "Log", "Network"):
        ask(f"{domain}.enable", {})
    return Browser(ask, events)
