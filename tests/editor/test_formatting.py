"""Formatting: the edit gives the text that `resnetc fmt` gives, and touches only the lines that differ."""

import os
import subprocess
import unittest

from client import SOURCE, Client

RESNETC = os.environ["RESNETC"]


def formatted(text):
    return subprocess.run([RESNETC, "fmt", "-"], input=text, capture_output=True, text=True, check=True).stdout


class Formatting(unittest.TestCase):
    def setUp(self):
        self.client = Client()
        self.addCleanup(self.client.__exit__)

    def edits(self, name, text):
        opened = self.client.open(name, text)
        options = {"tabSize": 2, "insertSpaces": True}
        return self.client.request("textDocument/formatting", {"textDocument": {"uri": opened}, "options": options})

    def applied(self, text, edits):
        lines = text.split("\n")
        for edit in reversed(edits):
            start, end = edit["range"]["start"], edit["range"]["end"]
            before = "\n".join(lines[:start["line"]] + [lines[start["line"]][:start["character"]]])
            after = "\n".join([lines[end["line"]][end["character"]:]] + lines[end["line"] + 1:])
            text = before + edit["newText"] + after
        return text

    def test_what_is_formatted_stays(self):
        for path in sorted((SOURCE / "networks").glob("*.rn")):
            self.assertEqual(self.edits(path, path.read_text()), [], path)

    def test_messy_texts(self):
        for i, path in enumerate(sorted((SOURCE / "networks").glob("**/*.rn"))):
            text = path.read_text()
            for messy in (text.replace("\n  ", "\n      "), text.replace("(", "( ").replace(",", " ,"), text + "\n\n\n", "\n\n" + text):
                edits = self.edits(path.with_name(f"messy{i}.rn"), messy)
                self.assertLessEqual(len(edits), 1)
                self.assertEqual(self.applied(messy, edits), formatted(messy), path)

    def test_one_line_is_one_edit_of_one_line(self):
        text = "network n {\n  input x: f32[N, 4]\n  a:linear( 3 )\n  output y\n}\n"
        edits = self.edits(SOURCE / "one.rn", text)
        self.assertEqual([edit["range"]["start"]["line"] for edit in edits], [2])
        self.assertEqual(edits[0]["range"]["end"], {"line": 3, "character": 0})
        self.assertEqual(self.applied(text, edits), text.replace("a:linear( 3 )", "a: linear(3)"))

    def test_what_does_not_parse_is_left_alone(self):
        self.assertEqual(self.edits(SOURCE / "wrong.rn", "network n {\n  input x\n"), [])


if __name__ == "__main__":
    unittest.main()
