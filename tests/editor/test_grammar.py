"""The grammar for highlighting, applied as TextMate does: of all rules the one that matches earliest, and of equals the one listed first."""

import json
import re
import unittest

from client import SOURCE


class Grammar:
    def __init__(self):
        self.grammar = json.loads((SOURCE / "editor" / "resnetc.tmLanguage.json").read_text())
        self.rules = list(self.expanded(self.grammar["patterns"]))

    def expanded(self, patterns):
        for pattern in patterns:
            if "include" in pattern:
                yield from self.expanded([self.grammar["repository"][pattern["include"].removeprefix("#")]])
            elif "patterns" in pattern:
                yield from self.expanded(pattern["patterns"])
            else:
                yield re.compile(pattern["match"]), pattern

    def scopes(self, line):
        """(text, scope) of all parts of a line that have one."""
        found, at = [], 0
        while matches := [(m.start(), i, m, pattern) for i, (rule, pattern) in enumerate(self.rules) if (m := rule.search(line, at))]:
            _, _, match, pattern = min(matches, key=lambda entry: entry[:2])
            if "name" in pattern:
                found.append((match[0], pattern["name"].removesuffix(".resnetc")))
            for group, capture in sorted(pattern.get("captures", {}).items()):
                if match[int(group)] is not None:
                    found.append((match[int(group)], capture["name"].removesuffix(".resnetc")))
            at = match.end()
        return found


class Lines(unittest.TestCase):
    maxDiff = None

    def check(self, line, *wanted):
        found = [part for part in Grammar().scopes(line) if not part[1].startswith(("punctuation", "keyword.operator"))]
        self.assertEqual(found, list(wanted))

    def test_definitions(self):
        self.check('use "blocks/basic.rn"  # block', ("use", "keyword.control.import"), ('"blocks/basic.rn"', "string.quoted.double"),
                   ("# block", "comment.line.number-sign"))
        self.check("network small(classes = 10, width) {", ("network", "storage.type"), ("small", "entity.name.function"),
                   ("classes", "variable.parameter"), ("10", "constant.numeric.integer"))
        self.check("input image: f32[N, 3, height, width] mean = (0.5, 1e-5)", ("input", "keyword.other"), ("image", "entity.name.label"),
                   ("f32", "storage.type.element"), ("3", "constant.numeric.integer"), ("mean", "variable.parameter"),
                   ("0.5", "constant.numeric.float"), ("1e-5", "constant.numeric.float"))
        self.check("let relu = true", ("let", "storage.type"), ("relu", "variable.other.constant"), ("true", "constant.language.boolean"))

    def test_statements(self):
        self.check("conv1: conv(3x3, 2 * width, stride = s)  relu", ("conv1", "entity.name.label"), ("conv", "support.function.layer"),
                   ("3x3", "constant.numeric.kernel"), ("2", "constant.numeric.integer"), ("stride", "variable.parameter"),
                   ("relu", "support.function.layer"))
        self.check("c: conv(3x3, 8, pad = same, stride = same)", ("c", "entity.name.label"), ("conv", "support.function.layer"),
                   ("3x3", "constant.numeric.kernel"), ("8", "constant.numeric.integer"), ("pad", "variable.parameter"),
                   ("same", "constant.language"), ("stride", "variable.parameter"))
        self.check("stage layer1 { repeat 3 identity_block(16) }", ("stage", "keyword.other"), ("layer1", "entity.name.label"),
                   ("repeat", "keyword.control"), ("3", "constant.numeric.integer"), ("identity_block", "entity.name.function"),
                   ("16", "constant.numeric.integer"))
        self.check("skip from in via downsample { batch_norm }", ("skip", "keyword.other"), ("from", "keyword.other"), ("in", "variable.language"),
                   ("via", "keyword.other"), ("downsample", "entity.name.label"), ("batch_norm", "support.function.layer"))
        self.check("if deep { gate via { relu } } else { skip from inner }", ("if", "keyword.control"), ("gate", "keyword.other"),
                   ("via", "keyword.other"), ("relu", "support.function.layer"), ("else", "keyword.control"), ("skip", "keyword.other"),
                   ("from", "keyword.other"), ("inner", "entity.name.label"))
        self.check("from stem concat spread from code", ("from", "keyword.other"), ("stem", "entity.name.label"), ("concat", "keyword.other"),
                   ("spread", "keyword.other"), ("from", "keyword.other"), ("code", "entity.name.label"))
        self.check("skip from spread conv(1x1, spread)", ("skip", "keyword.other"), ("from", "keyword.other"), ("spread", "entity.name.label"),
                   ("conv", "support.function.layer"), ("1x1", "constant.numeric.kernel"))
        self.check("output logits from fc", ("output", "keyword.other"), ("logits", "variable.other"), ("from", "keyword.other"),
                   ("fc", "entity.name.label"))


if __name__ == "__main__":
    unittest.main()
