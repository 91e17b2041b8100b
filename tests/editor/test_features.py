"""Hover, navigation, renaming, completion and outlines, on the library's networks and on small ones."""

import tempfile
import unittest
from pathlib import Path

from client import SOURCE, Client, ServerError, cut, find, uri

NETWORKS = SOURCE / "networks"
RESNET = NETWORKS / "resnet50.rn"
BOTTLENECK = NETWORKS / "blocks" / "bottleneck.rn"

SMALL = """block part(width, stride = 1) {
  let twice = 2 * width
  conv: conv(3x3, width, stride = stride)
  skip from in via down { conv(1x1, width, stride = stride) }
}
network small(width = 8) {
  input x: f32[N, 8, width, 16]
  a: part(width, stride = 2)
  let v = width + 1
  stage t {
    repeat 2 {
      let v = 2 * v
      b: conv(1x1, v, bias = true) relu
      skip from b
    }
  }
  stage s {
    part(v)
    inner: relu
    gate via squeeze { global_avg_pool linear(v) sigmoid }
  }
  skip from s
  output y from a
  output z
}
"""


class Case(unittest.TestCase):
    maxDiff = None

    def setUp(self):
        self.client = Client()
        self.addCleanup(self.client.__exit__)

    def hover(self, name, text, needle, shift=0, occurrence=1):
        found = self.client.at("hover", name, find(text, needle, shift, occurrence))
        return found and found["contents"]["value"]


class Hover(Case):
    def test_layers(self):
        name, text = self.client.open(RESNET), RESNET.read_text()
        said = self.hover(name, text, "conv(7x7")
        self.assertIn("conv(kernel, channels, stride = 1, pad = dilation * (kernel - 1) / 2, dilation = 1, groups = 1, bias = false)", said)
        self.assertIn("convolution", said)
        self.assertIn("conv 7x7 /2: `f32[N, 3, 224, 224]` → `f32[N, 64, 112, 112]`, 9,408 parameters, 118,013,952 multiply-adds (`conv1`)", said)
        self.assertEqual(self.hover(name, text, "conv1:"), said)
        small = "network n { input x: f32[N, 3, 9, 9] c: conv(3x3, 8, pad = same) output y }"
        self.assertIn("conv(kernel, channels", self.hover(self.client.open("/same.rn", small), small, "same"))
        self.assertIn("`f32[N, 2048]` → `f32[N, 1000]`, 2,049,000 parameters", self.hover(name, text, "linear"))
        self.assertIn("relu: `f32[N, 64, 112, 112]`", self.hover(name, text, "relu"))

    def test_blocks_and_stages(self):
        name, text = self.client.open(RESNET), RESNET.read_text()
        said = self.hover(name, text, "identity_block(128)")
        self.assertIn("block identity_block(width, inner = width, groups = 1)", said)
        self.assertIn("3 copies in `resnet50`", said)
        self.assertIn("- 3 × identity block: `f32[N, 512, 28, 28]` → `f32[N, 512, 28, 28]`, 280,064 parameters", said)
        said = self.hover(name, text, "layer4")
        self.assertIn("stage: `f32[N, 1024, 14, 14]` → `f32[N, 2048, 7, 7]`, 14,964,736 parameters", said)
        said = self.hover(name, text, "resnet50")
        self.assertIn("`f32[N, 3, 224, 224]` → `f32[N, 1000]`, 25,557,032 parameters", said)

    def test_a_file_of_blocks_that_an_open_network_uses(self):
        blocks, text = self.client.open(BOTTLENECK), BOTTLENECK.read_text()
        self.assertIn("No open network uses it.", self.hover(blocks, text, "conv(3x3"))
        self.client.open(RESNET)
        said = self.hover(blocks, text, "conv(3x3")
        self.assertIn("12 copies in `resnet50`", said)
        self.assertIn("- 5 × conv 3x3: `f32[N, 256, 14, 14]` → `f32[N, 256, 14, 14]`, 589,824 parameters", said)
        self.assertIn("(`layer3.1.conv2`, `layer3.2.conv2`, `layer3.3.conv2`, `layer3.4.conv2`, …)", said)
        self.assertIn("- `width`: `64`, `128`, `256`, `512` in `resnet50`\n- `inner`: `64`, `128`, `256`, `512` in `resnet50`\n"
                      "- `groups`: `1` in `resnet50`\n", said)
        self.assertNotIn("stride", said.split("copies in")[1])
        self.assertIn("`64`, `128`, `256`, `512` in `resnet50`", self.hover(blocks, text, "(width", 1))
        self.assertIn("the parameter `inner` of `identity_block`", self.hover(blocks, text, "conv(1x1, inner", 10))
        self.assertIn("`1`, `2` in `resnet50`", self.hover(blocks, text, "stride = stride", 10))
        self.assertIn("12 copies in `resnet50`", self.hover(blocks, text, "identity_block"))

    def test_skip_edges(self):
        blocks, text = self.client.open(BOTTLENECK), BOTTLENECK.read_text()
        self.client.open(RESNET)
        said = self.hover(blocks, text, "skip from in via")
        self.assertIn("- `layer2.0.bn3` `f32[N, 512, 28, 28]` + `layer1.2.relu3` `f32[N, 256, 56, 56]`, on the edge → `f32[N, 512, 28, 28]`, "
                      "132,096 parameters", said)
        self.assertIn("; `layer2.0` is of the kind conv block", said)
        self.assertEqual(self.hover(blocks, text, "in via"), said)
        self.assertEqual(self.hover(blocks, text, "downsample"), said)
        said = self.hover(blocks, text, "skip from in")
        self.assertIn("`layer2.1.bn3` `f32[N, 512, 28, 28]` + `layer2.0.relu3` `f32[N, 512, 28, 28]`", said)
        self.assertIn("is of the kind identity block", said)

    def test_concat_edges_and_going_back(self):
        text = ("network n { input x: f32[N, 3, 8, 8] a: relu code: global_avg_pool from a\n concat from x\n"
                " concat spread from code via c { linear(5) }\n skip from a output y }")
        name = self.client.open("/n.rn", text)
        self.assertIn("`a` `f32[N, 3, 8, 8]` is the current value", self.hover(name, text, "from a"))
        self.assertIn("`a` `f32[N, 3, 8, 8]` and `x` `f32[N, 3, 8, 8]`: `f32[N, 6, 8, 8]`", self.hover(name, text, "concat"))
        said = self.hover(name, text, "spread")
        self.assertIn("`concat` `f32[N, 6, 8, 8]` and `code` `f32[N, 3]`, on the edge → `f32[N, 5]`, 20 parameters, 15 multiply-adds: "
                      "`f32[N, 11, 8, 8]`", said)
        self.assertEqual(self.hover(name, text, "c {"), said)
        self.assertIn(": they differ", self.hover(name, text, "skip"))

    def test_names_and_values(self):
        name = self.client.open("/small.rn", SMALL)
        self.assertIn("`16`, `18` in `small`", self.hover(name, SMALL, "twice"))
        self.assertIn("`18` in `small`", self.hover(name, SMALL, "let v = 2", 4))
        self.assertIn("`9` in `small`", self.hover(name, SMALL, "2 * v", 4))
        self.assertIn("`9` in `small`", self.hover(name, SMALL, "part(v)", 5))
        self.assertIn("`1`, `2` in `small`", self.hover(name, SMALL, "stride = 2"))
        self.assertIn("× `", self.hover(name, SMALL, "gate"))
        self.assertIn("`f32[N, 8, 8, 16]`", self.hover(name, SMALL, "x:"))
        self.assertIsNone(self.hover(name, SMALL, "repeat"))

    def test_mistakes(self):
        name = self.client.open("/small.rn", SMALL)
        self.client.change(name, SMALL.replace("part(v)", "prt(v)"))
        self.assertIn("`small` has mistakes that leave its shapes open.", self.hover(name, SMALL, "conv(3x3"))
        wrong = "network n { input x: f32[N, 3, 8, 8] a: conv(1x1, 4) skip from x output y }"
        self.client.change(name, wrong)
        self.assertIn("`a` `f32[N, 4, 8, 8]` + `x` `f32[N, 3, 8, 8]`: they differ", self.hover(name, wrong, "skip"))

    def test_a_block_that_no_copy_is_made_of(self):
        text = "block b { relu }\nnetwork n { input x: f32[N, 3] repeat 0 { b } relu output y }"
        name = self.client.open("/n.rn", text)
        self.assertIn("`n` has no copy of it.", self.hover(name, text, "b {"))


class Navigation(Case):
    def places(self, method, name, text, needle, shift=0, occurrence=1, **more):
        found = self.client.at(method, name, find(text, needle, shift, occurrence), **more)
        return [(place["uri"], place["range"]["start"]["line"], place["range"]["start"]["character"]) for place in found]

    def test_definitions(self):
        name = self.client.open("/small.rn", SMALL)

        def leads(needle, shift, target, target_shift=0, occurrence=1):
            self.assertEqual(self.places("definition", name, SMALL, needle, shift, occurrence),
                             [(name, *find(SMALL, target, target_shift))], needle)

        leads("part(width, stride = 2)", 0, "part")
        leads("part(v)", 2, "part")
        leads("part(width, stride = 2)", 6, "width = 8")
        leads("stride = 2", 2, "stride = 1")
        leads("stride = stride", 10, "stride = 1")
        leads("2 * v", 4, "let v = width", 4)
        leads("1x1, v", 5, "let v = 2", 4)
        leads("from b", 5, "b: conv")
        leads("from s", 5, "s {")
        leads("from a", 5, "a: part")
        leads("from in", 5, "part")
        leads("let twice", 5, "twice")
        self.assertEqual(self.places("definition", name, SMALL, "conv(3x3"), [])
        self.assertEqual(self.places("definition", name, SMALL, "repeat"), [])

    def test_what_in_means(self):
        text = ("network n { input x: f32[N, 3, 8, 8] relu\n skip from in\n stage s { skip from in\n"
                " skip from in via e { relu skip from in } } output y }")
        name = self.client.open("/n.rn", text)
        wanted = ["n {", "s {", "s {", "skip from in via"]
        for occurrence, target in enumerate(wanted, 1):
            self.assertEqual(self.places("definition", name, text, "from in", 5, occurrence), [(name, *find(text, target))])

    def test_other_files(self):
        name, text = self.client.open(RESNET), RESNET.read_text()
        blocks = uri(BOTTLENECK)
        definition = (blocks, *find(BOTTLENECK.read_text(), "identity_block"))
        self.assertEqual(self.places("definition", name, text, "identity_block"), [definition])
        self.assertEqual(self.places("definition", name, text, "blocks/"), [(blocks, 0, 0)])
        found = self.places("references", name, text, "identity_block", context={"includeDeclaration": True})
        self.assertEqual(len(found), 5)
        self.assertIn(definition, found)
        other = self.client.open(NETWORKS / "resnet101.rn")
        found = self.places("references", name, text, "identity_block", context={"includeDeclaration": False})
        self.assertEqual({place[0] for place in found}, {name, other})
        self.assertEqual(len(found), 8)

    def test_references(self):
        name = self.client.open("/small.rn", SMALL)

        def count(needle, shift, wanted, occurrence=1):
            found = self.places("references", name, SMALL, needle, shift, occurrence, context={"includeDeclaration": True})
            self.assertEqual(len(found), wanted, (needle, found))

        count("width, stride", 0, 4)  # of the block: its own, 2 * width, two convolutions
        count("width = 8", 0, 4)
        count("stride = 1", 0, 4)  # with the argument of the call
        count("let v = width", 4, 4)
        count("a: part", 0, 2)
        count("down", 0, 1)
        count("part", 0, 3)

    def test_the_two_sides_of_an_if_are_one_name(self):
        text = "network n(c = 1) { input x: f32[N, 3] if c { a: relu } else { a: sigmoid } skip from a output y }"
        name = self.client.open("/n.rn", text)
        self.assertEqual(len(self.places("definition", name, text, "from a", 5)), 2)
        self.assertEqual(len(self.places("references", name, text, "a: sig", context={"includeDeclaration": True})), 3)

    def test_outline(self):
        name = self.client.open("/small.rn", SMALL)

        def shape(symbols):
            return {s["name"]: shape(s["children"]) for s in symbols}

        found = self.client.request("textDocument/documentSymbol", {"textDocument": {"uri": name}})
        self.assertEqual(shape(found), {
            "part": {"width": {}, "stride": {}, "twice": {}, "conv": {}, "down": {}},
            "small": {"width": {}, "x": {}, "a": {}, "v": {}, "t": {"v": {}, "b": {}}, "s": {"inner": {}, "squeeze": {}}, "y": {}, "z": {}}})
        for symbol in found:
            self.assertEqual(cut(SMALL, symbol["selectionRange"]), symbol["name"])

    def test_texts_with_mistakes_keep_their_names(self):
        for wrong in ("stage s {", "@", "b: conv(", "skip from in via down {", "let q = "):
            text = SMALL.replace("  skip from s\n", "  skip from s\n" + wrong + "\n")
            name = self.client.open("/small.rn", text)
            self.assertEqual(self.places("definition", name, text, "from b", 5), [(name, *find(text, "b: conv"))], wrong)
            self.assertEqual(self.places("definition", name, text, "part(v)"), [(name, *find(text, "part"))], wrong)


class Rename(Case):
    def rename(self, name, text, needle, new, shift=0, occurrence=1):
        """The texts of all files that change, by URI, afterwards."""
        edit = self.client.at("rename", name, find(text, needle, shift, occurrence), newName=new)
        texts = {}
        for where, edits in edit["changes"].items():
            lines = (text if where == name else Path(where.removeprefix("file://")).read_text()).split("\n")
            for e in sorted(edits, key=lambda e: (e["range"]["start"]["line"], e["range"]["start"]["character"]), reverse=True):
                start, end = e["range"]["start"], e["range"]["end"]
                line = lines[start["line"]]
                lines[start["line"]] = line[: start["character"]] + e["newText"] + line[end["character"] :]
            texts[where] = "\n".join(lines)
        return texts

    def refused(self, name, text, needle, new, reason, shift=0):
        with self.assertRaises(ServerError) as e:
            self.client.at("rename", name, find(text, needle, shift), newName=new)
        self.assertIn(reason, e.exception.message)

    def test_names_of_one_file(self):
        name = self.client.open("/small.rn", SMALL)
        found = self.rename(name, SMALL, "a: part", "first")[name]
        self.assertEqual(found, SMALL.replace("a: part", "first: part").replace("from a", "from first"))
        found = self.rename(name, SMALL, "let v = 2", "w", 4)[name]
        self.assertEqual(found, SMALL.replace("let v = 2", "let w = 2").replace("1x1, v,", "1x1, w,"))
        found = self.rename(name, SMALL, "stride = 2", "s")[name]
        self.assertEqual(found, SMALL.replace("stride = 1)", "s = 1)").replace("stride = stride", "stride = s").replace("stride = 2", "s = 2"))
        for changed in (self.rename(name, SMALL, "part", "piece")[name], self.rename(name, SMALL, "s {", "last")[name]):
            self.client.change(name, changed)
            self.assertEqual(self.client.sync(), {})

    def test_blocks_in_all_files(self):
        name, text = self.client.open(RESNET), RESNET.read_text()
        other = self.client.open(NETWORKS / "resnet101.rn")
        found = self.rename(name, text, "identity_block", "residual")
        self.assertEqual(set(found), {name, other, uri(BOTTLENECK)})
        for changed in found.values():
            self.assertNotIn("identity_block", changed)
            self.assertIn("residual", changed)
        self.assertEqual(self.rename(name, text, "identity_block", "residual", occurrence=2), found)

    def test_parameters_in_all_files(self):
        with tempfile.TemporaryDirectory() as folder:
            folder = Path(folder).resolve()
            (folder / "parts.rn").write_text("block part(width) { c: conv(1x1, width) }\n")
            text = 'use "parts.rn"\nnetwork n { input x: f32[N, 3, 8, 8] a: part(width = 5) output y }\n'
            name = self.client.open(folder / "n.rn", text)
            found = self.rename(name, text, "width", "channels")
            self.assertEqual(found[name], text.replace("width", "channels"))
            self.assertEqual(found[uri(folder / "parts.rn")], "block part(channels) { c: conv(1x1, channels) }\n")

    def test_refusals(self):
        name = self.client.open("/small.rn", SMALL)
        self.refused(name, SMALL, "a: part", "stage", "'stage' is a word of the language; choose another name")
        self.refused(name, SMALL, "a: part", "1st", "'1st' is not a number")
        self.refused(name, SMALL, "a: part", "é", "unexpected character")
        self.refused(name, SMALL, "a: part", "a b", "'a b' is not a name; names have letters, digits and '_', no digit first")
        self.refused(name, SMALL, "a: part", "7", "'7' is not a name")
        self.refused(name, SMALL, "a: part", "", "'' is not a name")
        self.refused(name, SMALL, "a: part", "x" * 101, "names have at most 100")
        self.refused(name, SMALL, "a: part", "s", "'s' is already taken where 'a' is used")
        self.refused(name, SMALL, "width = 8", "v", "'v' is already taken where 'width' is used")
        self.refused(name, SMALL, "stride = 1", "width", "'width' is already taken")
        self.refused(name, SMALL, "part", "conv", "'conv' is a layer of the language")
        self.refused(name, SMALL, "conv(3x3", "x", "'conv' is a layer of the language and keeps its name")
        self.refused(name, SMALL, "in via", "x", "'in' is a word of the language and keeps its name")
        self.refused(name, SMALL, "repeat", "x", "there is no name here")

    def test_names_that_would_be_caught(self):
        text = "network n { input x: f32[N, 3] let a = 1 repeat 1 { let b = 2 l: linear(a) m: linear(b) } output y }"
        name = self.client.open("/n.rn", text)
        self.refused(name, text, "a = 1", "b", "'b' is already taken where 'a' is used")
        self.refused(name, text, "b = 2", "a", "'a' is already taken where 'b' is used")

    def test_weights_that_would_have_one_name(self):
        text = "network n { input x: f32[N, 3] repeat 1 { a: linear(3) } repeat 1 { b: linear(3) } output y }"
        name = self.client.open("/n.rn", text)
        self.refused(name, text, "b: linear", "a", "'b' cannot be called 'a': a second layer would have the weights 'a'")

    def test_a_block_that_another_file_has(self):
        name, text = self.client.open(RESNET), RESNET.read_text()
        self.refused(name, text, "identity_block", "conv_block", "'conv_block'")

    def test_prepare(self):
        name = self.client.open("/small.rn", SMALL)
        found = self.client.at("prepareRename", name, find(SMALL, "part(v)", 2))
        self.assertEqual(cut(SMALL, found), "part")
        self.assertEqual(cut(SMALL, self.client.at("prepareRename", name, find(SMALL, "twice", 5))), "twice")
        for needle in ("repeat", "conv(3x3", "{"):
            self.assertRaises(ServerError, self.client.at, "prepareRename", name, find(SMALL, needle))


class Completion(Case):
    def labels(self, text, path="/net.rn"):
        """What is offered at the mark `|` of a text."""
        place = find(text, "|")
        name = self.client.open(path, text.replace("|", ""))
        return {item["label"]: item for item in self.client.at("completion", name, place)["items"]}

    def test_statements(self):
        found = self.labels('use "blocks/basic.rn"\nnetwork n {\n  input x: f32[N, 3]\n  |\n}')
        for label in ("conv", "relu", "identity_block", "let", "repeat", "if", "skip", "concat", "gate", "from", "input", "stage",
                      "output"):
            self.assertIn(label, found)
        self.assertNotIn("spread", found)
        self.assertNotIn("via", found)
        self.assertIn("conv(kernel, channels, stride = 1", found["conv"]["detail"])
        self.assertEqual(found["identity_block"]["detail"], "block identity_block(width)")
        self.assertNotIn("output", self.labels("block b { re|"))
        self.assertIn("output", self.labels("network n { if 1 { re|"))
        self.assertNotIn("stage", self.labels("network n { stage s { re|"))
        self.assertNotIn("let", self.labels("network n { a: re|"))
        self.assertIn("relu", self.labels("network n { a: re|"))

    def test_the_word_that_is_written_is_replaced(self):
        text = "network n { input x: f32[N, 3] re|"
        edit = self.labels(text)["relu"]["textEdit"]
        self.assertEqual(edit["newText"], "relu")
        self.assertEqual(cut(text.replace("|", ""), edit["range"]), "re")

    def test_arguments(self):
        found = self.labels("network n(w = 1) { input x: f32[N, 3] a: conv(3x3, stride = 2, |) }")
        self.assertIn("dilation", found)
        self.assertEqual(found["dilation"]["detail"], "= 1")
        self.assertEqual(found["dilation"]["textEdit"]["newText"], "dilation = ")
        self.assertNotIn("stride", found)
        self.assertIn("w", found)
        self.assertEqual(self.labels("network n { a: linear(|")["features"]["detail"], "required")
        self.assertEqual(list(self.labels("block b(w, v = 2) { relu } network n { input x: f32[N, 3] b(w = 1, |) }")), ["v"])

    def test_expressions(self):
        text = "network n(w = 1) { let a = 2 repeat 2 { let b = 3 a: conv(3x3, 2 * |) } let c = 4 }"
        self.assertEqual(set(self.labels(text)), {"w", "a", "b"})
        self.assertEqual(set(self.labels("block b(w, v = |")), {"w"})
        self.assertEqual(set(self.labels("block b(w) { conv(3x3, w, pad = |")), {"w", "same"})
        self.assertEqual(set(self.labels("block b(w) { conv(3x3, w, pad = 1 + |")), {"w"})
        self.assertEqual(set(self.labels("block b(w) { conv(3x3, w, stride = |")), {"w"})
        self.assertEqual(set(self.labels("block b(w) { repeat |")), {"w"})
        self.assertEqual(self.labels("block b(w) { let |"), {})
        self.assertEqual(self.labels("block b(w) { a: conv(3|"), {})

    def test_sources(self):
        text = "network n { input x: f32[N, 3] a: relu stage s { b: relu } repeat 1 { c: relu } skip from | d: relu }"
        self.assertEqual(set(self.labels(text)), {"x", "a", "s", "in"})
        self.assertEqual(set(self.labels(text.replace("skip from", "from"))), {"x", "a", "s", "in"})
        self.assertEqual(set(self.labels("block b { skip |")), {"from", "spread"})
        self.assertEqual(set(self.labels("block b { concat sp|")), {"from", "spread"})
        self.assertEqual(set(self.labels("block b { skip spread |")), {"from"})
        for edge in ("skip from in", "concat from in", "concat spread from in"):
            self.assertIn("via", self.labels("block b { " + edge + " |"))
        self.assertNotIn("via", self.labels("block b { from in |"))

    def test_items_and_elements(self):
        self.assertEqual(set(self.labels("|")), {"use", "block", "network"})
        self.assertEqual(set(self.labels("block b { relu }\nn|")), {"use", "block", "network"})
        self.assertEqual(set(self.labels("network n { input x: |")), {"f32", "u8"})
        self.assertEqual(self.labels("# no|"), {})

    def test_files(self):
        found = self.labels('use "|', NETWORKS / "mine.rn")
        self.assertIn("blocks/", found)
        self.assertIn("resnet18.rn", found)
        text = 'use "blocks/b|"'
        found = self.labels(text, NETWORKS / "mine.rn")
        self.assertEqual(set(found) & {"blocks/basic.rn", "blocks/bottleneck.rn", "resnet18.rn"}, {"blocks/basic.rn", "blocks/bottleneck.rn"})
        self.assertEqual(cut(text.replace("|", ""), found["blocks/basic.rn"]["textEdit"]["range"]), "blocks/b")
        self.assertIn("blocks/basic.rn", self.labels('use "blocks/|', "/elsewhere.rn"))  # the installed networks


if __name__ == "__main__":
    unittest.main()
