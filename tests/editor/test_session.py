"""A long session: after all edits, the server gives the same answers as a fresh one with the same texts."""

import random
import tempfile
import unittest
from pathlib import Path

from client import Client, ServerError, uri

NET = """use "parts.rn"
network net(width = 8, deep = true) {
  input x: f32[N, 8, 32, 32]
  conv1: conv(3x3, width)  bn: batch_norm  relu   # é 😀
  stage s1 { first(width, stride = 2)  if deep { repeat 2 second(2 * width) } }
  skip from s1
  output y
}
"""
PARTS = """block first(width, stride = 1) {
  let wide = 2 * width
  conv: conv(3x3, wide, stride = stride)
  skip from in via down { conv(1x1, wide, stride = stride) }
}
block second(width) {
  a: conv(3x3, width)  relu
  skip from in
}
"""
PIECES = ["\n", " ", "}", "{", "(", ")", ",", '"', "#", "\r\n", "relu", "conv(3x3, width)", "skip from in", "skip from a", "width", "2 * ", "stride = 2",
          "let v = 3", "block third { relu }\n", "stage s2 { relu }", "é", "😀", "@", "output z", "repeat 3 ", "first", "via e { relu }", "0", "-",
          'use "parts.rn"\n', 'use "net.rn"\n']
EDITS = 400
STEP = 20


def units(text):
    return len(text.encode("utf-16-le")) // 2


class Session(unittest.TestCase):
    def place(self, text, offset):
        before = text[:offset].replace("\r\n", "\n")
        if text[:offset].endswith("\r"):
            before = before[:-1]  # between the two characters that end a line
        return before.count("\n"), units(before[before.rfind("\n") + 1 :])

    def edited(self, rng, text, original):
        """A change, and the text after it."""
        kind = rng.random()
        if kind < 0.08:
            return original, original
        start = rng.randrange(len(text) + 1)
        end = min(len(text), start + (rng.choice([0, 0, 0, 1, 3, 20]) if kind < 0.95 else len(text)))
        while text[start - 1 : start + 1] == "\r\n" or text[end - 1 : end + 1] == "\r\n":
            start, end = start - (text[start - 1 : start + 1] == "\r\n"), end + (text[end - 1 : end + 1] == "\r\n")
        piece = rng.choice(PIECES) if rng.random() < 0.8 else ""
        return (self.place(text, start), self.place(text, end), piece), text[:start] + piece + text[end:]

    def seen(self, client, folder, texts, rng):
        """Everything that a client can see."""
        result = {"diagnostics": dict(client.sync())}
        for file, text in texts.items():
            name = uri(folder / file)
            result[file] = [client.request("textDocument/documentSymbol", {"textDocument": {"uri": name}})]
            for _ in range(10):
                place = self.place(text, rng.randrange(len(text) + 1))
                for method in ("hover", "definition", "references", "completion", "prepareRename", "rename"):
                    try:
                        result[file].append(client.at(method, name, place, newName="other", context={"includeDeclaration": True}))
                    except ServerError as error:
                        result[file].append(str(error))
        return result

    def test_random_edits(self):
        rng = random.Random(20260101)
        original = {"net.rn": NET, "parts.rn": PARTS}
        texts = dict(original)
        clean = 0
        with tempfile.TemporaryDirectory() as folder, Client() as client:
            folder = Path(folder).resolve()
            for file, text in texts.items():
                client.open(folder / file, text)
            for step in range(EDITS // STEP):
                for _ in range(STEP):
                    file = rng.choice(list(texts))
                    change, texts[file] = self.edited(rng, texts[file], original[file])
                    client.change(uri(folder / file), change)
                if step % 4 == 3:  # the same texts without mistakes, reached by edits
                    for file in texts:
                        texts[file] = original[file]
                        client.change(uri(folder / file), texts[file])
                seed = rng.random()
                now = self.seen(client, folder, texts, random.Random(seed))
                clean += not now["diagnostics"]
                with Client() as fresh:
                    for file, text in texts.items():
                        fresh.open(folder / file, text)
                    self.assertEqual(now, self.seen(fresh, folder, texts, random.Random(seed)))
        self.assertGreater(clean, 2)  # or nothing but mistakes has been compared

    def test_files_that_come_and_go(self):
        rng = random.Random(7)
        with tempfile.TemporaryDirectory() as folder, Client() as client:
            folder = Path(folder).resolve()
            texts = {}
            for _ in range(60):
                file = rng.choice(["net.rn", "parts.rn", "third.rn"])
                if file in texts:
                    client.close(uri(folder / file))
                    del texts[file]
                else:
                    texts[file] = {"net.rn": NET, "parts.rn": PARTS, "third.rn": 'use "parts.rn"\nblock b(w) { first(w) unknown }'}[file]
                    client.open(folder / file, texts[file])
                now = dict(client.sync())
                with Client() as fresh:
                    for file, text in texts.items():
                        fresh.open(folder / file, text)
                    self.assertEqual(now, fresh.sync())


if __name__ == "__main__":
    unittest.main()
