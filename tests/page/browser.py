"""Chromium without a window, controlled over the DevTools protocol through a pipe. It needs no package but Chromium itself.
https://chromedevtools.github.io/devtools-protocol/"""
import base64
import fcntl
import json
import os
import shutil
import subprocess
import tempfile
import time

KEY_CODES = {"Tab": 9, "Enter": 13, "PageUp": 33, "PageDown": 34, "End": 35, "Home": 36, "ArrowLeft": 37, "ArrowUp": 38,
             "ArrowRight": 39, "ArrowDown": 40}


def _pipe():
    """A pipe whose ends are not 3 and 4, because Chromium needs these for its own."""
    ends = os.pipe()
    high = [fcntl.fcntl(end, fcntl.F_DUPFD_CLOEXEC, 20) for end in ends]
    for end in ends:
        os.close(end)
    return high


class Browser:
    def __init__(self, width=1400, height=900):
        to_read, to_write = _pipe()
        from_read, from_write = _pipe()
        self.profile = tempfile.mkdtemp(prefix="page-test-")
        command = ["chromium", "--headless", "--no-sandbox", "--disable-gpu", "--disable-dev-shm-usage", "--remote-debugging-pipe",
                   f"--window-size={width},{height}", f"--user-data-dir={self.profile}", "about:blank"]

        def in_child():
            os.dup2(to_read, 3)
            os.dup2(from_write, 4)

        self.process = subprocess.Popen(command, preexec_fn=in_child, close_fds=False, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        os.close(to_read)
        os.close(from_write)
        self.to, self.back = os.fdopen(to_write, "wb", 0), os.fdopen(from_read, "rb", 0)
        self.number, self.rest, self.events, self.session = 0, b"", [], None
        page = next(target for target in self.call("Target.getTargets")["targetInfos"] if target["type"] == "page")
        self.session = self.call("Target.attachToTarget", targetId=page["targetId"], flatten=True)["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(domain + ".enable")

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.kill()
        self.process.wait()
        shutil.rmtree(self.profile, ignore_errors=True)

    def _message(self):
        while b"\0" not in self.rest:
            piece = self.back.read(1 << 16)
            if not piece:
                raise EOFError("Chromium has ended")
            self.rest += piece
        message, self.rest = self.rest.split(b"\0", 1)
        return json.loads(message)

    def call(self, method, **parameters):
        self.number += 1
        message = {"id": self.number, "method": method, "params": parameters}
        if self.session and not method.startswith("Target."):
            message["sessionId"] = self.session
        self.to.write(json.dumps(message).encode() + b"\0")
        while True:
            answer = self._message()
            if answer.get("id") != self.number:
                self.events.append(answer)
            elif "error" in answer:
                raise RuntimeError(f"{method}: {answer['error']}")
            else:
                return answer["result"]

    def js(self, expression):
        answer = self.call("Runtime.evaluate", expression=expression, awaitPromise=True, returnByValue=True)
        if "exceptionDetails" in answer:
            raise RuntimeError(f"{expression}: {answer['exceptionDetails']['exception'].get('description')}")
        return answer["result"].get("value")

    def wait(self, expression, seconds=60):
        start = time.time()
        while not self.js(expression):
            if time.time() - start > seconds:
                raise TimeoutError(f"{expression} has not come true; the console says {self.errors()}")
            time.sleep(0.02)

    def open(self, path):
        """Milliseconds until the first picture; the page is ready when this returns."""
        self.events.clear()
        self.call("Page.navigate", url="about:blank")
        self.call("Page.navigate", url="file://" + path)
        self.wait("document.documentElement?.dataset.ready === 'yes'")
        self.wait("performance.getEntriesByName('first-contentful-paint').length")
        return self.js("performance.getEntriesByName('first-contentful-paint')[0].startTime")

    def errors(self):
        """The errors that the console would show."""
        self.js("0")
        texts = []
        for event in self.events:
            if event["method"] == "Runtime.exceptionThrown":
                details = event["params"]["exceptionDetails"]
                texts.append(details.get("exception", {}).get("description", details["text"]))
            elif event["method"] == "Log.entryAdded" and event["params"]["entry"]["level"] == "error":
                texts.append(event["params"]["entry"]["text"])
            elif event["method"] == "Runtime.consoleAPICalled" and event["params"]["type"] == "error":
                texts.append(str(event["params"]["args"]))
        return texts

    def requests(self):
        return [event["params"]["request"]["url"] for event in self.events if event["method"] == "Network.requestWillBeSent"]

    def key(self, key):
        press = {"key": key, "code": key}
        if key in KEY_CODES:
            press["windowsVirtualKeyCode"] = KEY_CODES[key]
        else:
            press["text"] = key
        self.call("Input.dispatchKeyEvent", type="keyDown", **press)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=key, code=key)

    def scheme(self, name):
        self.call("Emulation.setEmulatedMedia", features=[{"name": "prefers-color-scheme", "value": name}])

    def shot(self, path):
        with open(path, "wb") as file:
            file.write(base64.b64decode(self.call("Page.captureScreenshot", format="png")["data"]))
