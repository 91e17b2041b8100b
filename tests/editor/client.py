"""A small client of the Language Server Protocol for the tests of `resnetc lsp`. It needs only the standard library."""

import json
import os
import queue
import subprocess
import threading
import urllib.parse
from pathlib import Path

SOURCE = Path(__file__).resolve().parents[2]
RESNETC = os.environ.get("RESNETC", str(SOURCE / "build" / "resnetc"))
TIMEOUT = 60  # seconds, for an answer: far more than it takes


class ServerError(Exception):
    """The error that the server answered instead of a result."""

    def __init__(self, error):
        super().__init__(f"{error['code']}: {error['message']}")
        self.code = error["code"]
        self.message = error["message"]


def uri(path):
    return "file://" + urllib.parse.quote(str(path))


class Client:
    """One process of the server; use it with `with`."""

    def __init__(self, *arguments, initialize=True):
        self.process = subprocess.Popen([RESNETC, "lsp", *arguments], stdin=subprocess.PIPE, stdout=subprocess.PIPE)
        self.diagnostics = {}  # by URI; without empty lists
        self.published = []  # URIs, in order
        self.last_id = 0
        self.arrived = queue.Queue()
        threading.Thread(target=self._read, daemon=True).start()
        if initialize:
            self.capabilities = self.request("initialize", {"processId": None, "rootUri": None, "capabilities": {}})["capabilities"]
            self.notify("initialized", {})

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.process.stdin.close()
        self.process.wait(TIMEOUT)
        self.process.stdout.close()

    def _read(self):
        out = self.process.stdout
        while line := out.readline():
            length = None
            while line.strip():
                name, value = line.decode().split(":")
                if name.lower() == "content-length":
                    length = int(value)
                line = out.readline()
            self.arrived.put(json.loads(out.read(length)))
        self.arrived.put(None)

    # Messages

    def raw(self, data):
        self.process.stdin.write(data)
        self.process.stdin.flush()

    def content(self, data):
        self.raw(b"Content-Length: %d\r\n\r\n" % len(data) + data)

    def send(self, message):
        self.content(json.dumps({"jsonrpc": "2.0", **message}).encode())

    def notify(self, method, params):
        self.send({"method": method, "params": params})

    def receive(self):
        """The next message that has no diagnostics; None at the end of the stream."""
        while True:
            message = self.arrived.get(timeout=TIMEOUT)
            if message is None or message.get("method") != "textDocument/publishDiagnostics":
                return message
            params = message["params"]
            self.published.append(params["uri"])
            self.diagnostics.pop(params["uri"], None)
            if params["diagnostics"]:
                self.diagnostics[params["uri"]] = params["diagnostics"]

    def answer(self, wanted):
        message = self.receive()
        assert message is not None, "the server has ended"
        assert message["id"] == wanted, message
        if "error" in message:
            raise ServerError(message["error"])
        return message["result"]

    def request(self, method, params):
        self.last_id += 1
        self.send({"id": self.last_id, "method": method, "params": params})
        return self.answer(self.last_id)

    def end(self, shutdown=True):
        """The exit status after an orderly end."""
        if shutdown:
            self.request("shutdown", None)
        self.notify("exit", None)
        return self.process.wait(TIMEOUT)

    # Documents

    def open(self, path, text=None):
        """Opens a file with the given text, or with its text on the disk, and returns its URI."""
        name = path if "://" in str(path) or str(path).startswith("untitled:") else uri(path)
        text = Path(path).read_text() if text is None else text
        self.notify("textDocument/didOpen", {"textDocument": {"uri": name, "languageId": "resnetc", "version": 1, "text": text}})
        return name

    def change(self, name, *changes):
        """Changes a document; a change is the whole text, or a tuple of start, end (lines and characters) and text."""
        listed = []
        for change in changes:
            if isinstance(change, str):
                listed.append({"text": change})
            else:
                (line, character), (end_line, end_character), text = change
                start = {"line": line, "character": character}
                listed.append({"range": {"start": start, "end": {"line": end_line, "character": end_character}}, "text": text})
        self.notify("textDocument/didChange", {"textDocument": {"uri": name, "version": 2}, "contentChanges": listed})

    def close(self, name):
        self.notify("textDocument/didClose", {"textDocument": {"uri": name}})

    def sync(self, name="file:///none"):
        """The diagnostics after the server has handled all messages that were sent."""
        try:
            self.request("textDocument/documentSymbol", {"textDocument": {"uri": name}})
        except ServerError:
            pass
        return self.diagnostics

    def at(self, method, name, place, **more):
        """A request about a place: (line, character), from 0."""
        position = {"line": place[0], "character": place[1]}
        return self.request(f"textDocument/{method}", {"textDocument": {"uri": name}, "position": position, **more})


def find(text, needle, shift=0, occurrence=1):
    """The place, from 0, of the given occurrence of a string in a text, moved by `shift` characters."""
    at = -1
    for _ in range(occurrence):
        at = text.index(needle, at + 1)
    before = text[: at + shift]
    return before.count("\n"), len(before) - before.rfind("\n") - 1


def cut(text, span):
    """The part of a text that a range of the protocol covers; each character has one unit."""
    lines = text.split("\n")
    start, end = span["start"], span["end"]
    assert start["line"] == end["line"], span
    return lines[start["line"]][start["character"] : end["character"]]
