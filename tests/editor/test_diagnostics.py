"""The server gives the diagnostics of `resnetc check`: the same texts at the same places with the same notes."""

import re
import subprocess
import tempfile
import unittest
from pathlib import Path

from client import RESNETC, SOURCE, Client, uri

MESSAGE = re.compile(r"(?:(?P<path>/.*?):(?:(?P<line>\d+):(?P<column>\d+):)? )?(?P<severity>error|warning|note): (?P<text>.*)")
MARKS = re.compile(r" {6}\| *(?P<marks>\^~*)$")
NO_NETWORK = "this file has no network; add 'network NAME(...) { ... }'"


def check(path):
    """The reports of `check`, as a list of [path, line, column, length, text, notes, severity]; a length of None is not shown."""
    printed = subprocess.run([RESNETC, "check", str(path)], capture_output=True, text=True).stderr
    found, last = [], None
    for line in printed.splitlines():
        if marks := MARKS.fullmatch(line):
            last[3] = len(marks["marks"])
        elif message := MESSAGE.fullmatch(line):
            place = [message["path"], int(message["line"] or 0), int(message["column"] or 0)]
            last = [*place, None, message["text"]]
            if message["severity"] == "note":
                found[-1][5].append(last)
            else:
                last += [[], {"error": 1, "warning": 2}[message["severity"]]]
                found.append(last)
    return found


def place(name, span, text, like):
    """A message of the server in the form of check()'s `like`."""
    start, end = span["start"], span["end"]
    path = name.removeprefix("file://")
    if like[0] is None or like[1] == 0:
        assert (start, end) == ({"line": 0, "character": 0},) * 2 or like[0] is None, span
        return [like[0], like[1], like[2], like[3], text]
    length = None if like[3] is None else end["character"] - start["character"]
    return [path, start["line"] + 1, start["character"] + 1, length, text]


class Same(unittest.TestCase):
    maxDiff = None

    def compare(self, paths):
        with Client() as c:
            for path in paths:
                with self.subTest(path=path.name):
                    name = c.open(path)
                    published = dict(c.sync())
                    wanted = [m for m in check(path) if m[4] != NO_NETWORK]
                    said = [(where, d) for where, diagnostics in published.items() for d in diagnostics]
                    # The compiler has one order for all files; the protocol has a list for each file.
                    wanted_by_file = sorted(wanted, key=lambda m: m[0] or str(path))
                    said.sort(key=lambda entry: entry[0])
                    self.assertEqual(len(said), len(wanted), (said, wanted))
                    for (where, diagnostic), like in zip(said, wanted_by_file):
                        self.assertEqual(diagnostic["source"], "resnetc")
                        notes = diagnostic.get("relatedInformation", [])
                        self.assertEqual(len(notes), len(like[5]), (diagnostic, like))
                        shown = place(where, diagnostic["range"], diagnostic["message"], like)
                        shown.append([place(n["location"]["uri"], n["location"]["range"], n["message"], m) for n, m in zip(notes, like[5])])
                        shown.append(diagnostic["severity"])
                        self.assertEqual(shown, like)
                    c.close(name)
                    self.assertEqual(c.sync(), {})

    def test_mistakes_of_all_kinds(self):
        paths = sorted((SOURCE / "tests" / "diag").rglob("*.rn")) + sorted((SOURCE / "tests" / "lit").rglob("*.rn"))
        self.assertGreater(len(paths), 70)
        self.compare(paths)

    def test_networks(self):
        paths = sorted((SOURCE / "networks").rglob("*.rn")) + sorted((SOURCE / "tests" / "language").rglob("*.rn"))
        self.assertGreater(len(paths), 50)
        self.compare(paths)


NETWORK = """use "parts.rn"
network n(width = 8) {
  input x: f32[N, 8, 16, 16]
  a: part(width)
  stage s { part(width) part(2 * width) }
  output y
}
"""
PARTS = """block part(width) {
  conv: conv(3x3, width)
  skip from in
}
"""


class Files(unittest.TestCase):
    """Texts in the editor and on the disk, networks and blocks."""

    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.folder = Path(folder.name).resolve()
        self.client = Client()
        self.addCleanup(self.client.__exit__)

    def messages(self):
        return {Path(name).name: [d["message"] for d in found] for name, found in self.client.sync().items()}

    def test_open_texts_come_before_the_disk(self):
        (self.folder / "parts.rn").write_text("block other { relu }\n")
        self.client.open(self.folder / "net.rn", NETWORK.replace("part(2 * width)", ""))
        self.assertEqual(list(self.messages()), ["net.rn"])
        parts = self.client.open(self.folder / "parts.rn", PARTS)
        self.assertEqual(self.messages(), {})
        self.client.close(parts)
        self.assertEqual(list(self.messages()), ["net.rn"])

    def test_a_file_that_is_on_no_disk(self):
        self.client.open(self.folder / "net.rn", NETWORK.replace("part(2 * width)", ""))
        self.assertIn("cannot find 'parts.rn'", self.messages()["net.rn"][0])
        self.client.open(self.folder / "parts.rn", PARTS)
        self.assertEqual(self.messages(), {})

    def test_mistakes_stand_at_the_file_they_belong_to(self):
        (self.folder / "parts.rn").write_text(PARTS)
        net = self.client.open(self.folder / "net.rn", NETWORK)
        found = self.messages()
        self.assertEqual(list(found), ["parts.rn"])
        self.assertIn("the two ends of this skip edge differ in channels", found["parts.rn"][0])
        notes = self.client.diagnostics[uri(self.folder / "parts.rn")][0]["relatedInformation"]
        self.assertIn(net, [n["location"]["uri"] for n in notes])
        parts = self.client.open(self.folder / "parts.rn")
        self.client.change(parts, PARTS.replace("from in", "from in via down { conv(1x1, width) }"))
        self.assertEqual(self.messages(), {})
        self.client.change(parts, PARTS)
        self.assertEqual(list(self.messages()), ["parts.rn"])
        self.client.change(net, NETWORK.replace("part(2 * width)", ""))
        self.assertEqual(self.messages(), {})

    def test_a_mistake_that_two_networks_see_is_there_once(self):
        (self.folder / "parts.rn").write_text(PARTS)
        self.client.open(self.folder / "a.rn", NETWORK)
        b = self.client.open(self.folder / "b.rn", NETWORK)
        self.assertEqual({name: len(found) for name, found in self.messages().items()}, {"parts.rn": 2})  # the notes tell of other files
        self.client.close(b)
        self.assertEqual({name: len(found) for name, found in self.messages().items()}, {"parts.rn": 1})

    def test_blocks_alone(self):
        parts = self.client.open(self.folder / "parts.rn", PARTS)
        self.assertEqual(self.messages(), {})
        for text, message in (
            ("block b(w) { c: conv(3x3) }", "'conv' needs a value for 'channels'"),
            ("block b(w) { c: conf(3x3, w) }", "unknown layer or block 'conf'; did you mean 'conv'?"),
            ("block b(w) { c: conv(3x3, wide) }", "unknown name 'wide'"),
            ("block b(w) { c: conv(0x3, w) }", "'kernel' of 'conv' is 0"),
            ("block b(w) { relu skip from a }", "unknown label 'a'"),
            ("block b(w) { a: relu a: relu }", "the label 'a' is already taken here"),
            ("block b(w) { conv(3x3, w) }", "'conv' has weights"),
            ("block b(w) { if w { c: conv(0x3, w) } }", "'kernel' of 'conv' is 0"),
            ("block b(w) { if w { relu } else { c: conv(0x3, w) } }", "'kernel' of 'conv' is 0"),
            ("block b(w) { repeat w { c: conv(0x3, w) } }", "'kernel' of 'conv' is 0"),
            ("block b(w) { b(w) }", "the block 'b' uses itself"),
            ("block b(w) { c() } block c { d() } block d { b(1) }", "the block 'b' uses itself"),
            ("block b(w, v = u) { relu }", "unknown name 'u'"),
            ("block b(w) { output y }", "an output stands in the network itself, not in a block"),
            ("block relu { relu }", "'relu' is a layer of the language"),
        ):
            with self.subTest(text=text):
                self.client.change(parts, text)
                self.assertIn(message, self.messages()["parts.rn"][0])

    def test_what_depends_on_the_caller_is_no_mistake_of_a_block(self):
        parts = self.client.open(self.folder / "parts.rn", "")
        for text in (
            "",
            "# nothing\n",
            "block b(w) { c: conv(3x3, w / (w - w)) }",
            "block b(w) { repeat w - 5 { relu } }",
            "block b(w) { if w { a: relu } else { a: sigmoid } skip from a }",
            "block b(w) { if w { a: relu } if 1 - w { a: relu } skip from a }",
            "block b(w) { if w { let v = 1 } else { let v = 2 } c: conv(3x3, v) }",
            "block b(w) { if w { c: conv(3x3, 4) } else { c: conv(1x1, 4) } }",
            "block b(w = 0) { c: conv(3x3, w) }",
            "block b { " + "repeat 1000 { " * 20 + "relu" + " }" * 20 + " }",
        ):
            with self.subTest(text=text):
                self.client.change(parts, text)
                self.assertEqual(self.messages(), {})

    def test_blocks_may_use_those_of_the_network_that_uses_them(self):
        parts = self.client.open(self.folder / "parts.rn", "block part(width) { own(width) }\n")
        self.assertIn("unknown layer or block 'own'", self.messages()["parts.rn"][0])
        net = self.client.open(self.folder / "net.rn", NETWORK + "block own(width) { relu }\n")
        self.assertEqual(self.messages(), {})
        self.client.change(net, NETWORK)
        self.assertEqual(list(self.messages()), ["parts.rn"])
        self.client.change(parts, "block part(width) { relu }\n")
        self.assertEqual(self.messages(), {})

    def test_only_what_has_changed_is_published(self):
        net = self.client.open(self.folder / "net.rn", "network n { relu }")
        self.client.sync()
        self.client.open(self.folder / "other.rn", PARTS)
        self.client.sync()
        self.assertEqual(self.client.published, [net])

    def test_the_disk_may_change(self):
        self.client.open(self.folder / "net.rn", NETWORK.replace("part(2 * width)", ""))
        self.assertEqual(list(self.messages()), ["net.rn"])
        (self.folder / "parts.rn").write_text(PARTS)
        self.client.notify("workspace/didChangeWatchedFiles", {"changes": []})
        self.assertEqual(self.messages(), {})

    def test_more_errors_than_are_kept(self):
        name = self.client.open(self.folder / "net.rn", "@\n" * 99)
        self.assertEqual(len(self.client.sync()[name]), 51)
        self.assertEqual(self.client.diagnostics[name][-1]["message"], "49 further errors are not shown")


if __name__ == "__main__":
    unittest.main()
