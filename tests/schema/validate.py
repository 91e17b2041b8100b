"""Validates the JSON form of every network and of the language's examples, after the front end and after each pass, against the published
schemas. Then checks that the schemas refuse what the compiler refuses. Arguments: resnetc, the networks' folder, the schemas' folder."""

import copy
import json
import pathlib
import subprocess
import sys

import fastjsonschema

resnetc, networks, schemas = sys.argv[1], pathlib.Path(sys.argv[2]), pathlib.Path(sys.argv[3])
validate = {
    level: fastjsonschema.compile(json.loads((schemas / f"{level}.schema.json").read_text()))
    for level in ("topology", "graph", "program")
}
passes = [line.split()[0] for line in subprocess.run([resnetc, "opt", "--help"], capture_output=True, text=True, check=True)
          .stdout.split("Passes:\n")[1].splitlines() if line.startswith("  ") and not line.startswith("   ")]


def run(*arguments, text=None):
    return subprocess.run([resnetc, *arguments], input=text, capture_output=True, text=True, check=True).stdout


def described(schema, path=""):
    """Every field of a schema says what it means."""
    for name, field in schema.get("properties", {}).items():
        assert field.get("description"), f"{path}{name} has no description"
    for name, definition in schema.get("definitions", {}).items():
        described(definition, f"{name}.")


def refused(value, change):
    """Both the schema and the compiler refuse the changed value."""
    wrong = copy.deepcopy(value)
    change(wrong)
    try:
        validate[wrong["level"]](wrong)
    except fastjsonschema.JsonSchemaValueException:
        pass
    else:
        sys.exit(f"the schema of {value['level']} takes what it should not")
    result = subprocess.run([resnetc, "opt", "-", "--passes", ""], input=json.dumps(wrong), capture_output=True, text=True)
    assert result.returncode == 1 and "<stdin>:1:" in result.stderr, result.stderr


def first(nodes, kind):
    for node in nodes:
        found = node if node["kind"] == kind else first(node.get("body", []), kind)
        if found:
            return found
    return None


for level in validate:
    described(json.loads((schemas / f"{level}.schema.json").read_text()))

checked = 0
example = {}
files = sorted(path for path in networks.rglob("*.rn") if "blocks" not in path.parts)
files += sorted((networks.parent / "tests" / "language").glob("*.rn"))
edges = {}  # topologies by name; some have edges of all kinds
for path in files:
    # Each pass reads the JSON of the pass before.
    text = run("dump", str(path), "--level", "topology", "--after", passes[0], "--format", "json")
    for name in passes:
        if name != passes[0]:
            text = run("opt", "-", "--passes", name, "--format", "json", "--target", "avx2", text=text)
        value = json.loads(text)
        try:
            validate[value["level"]](value)
        except fastjsonschema.JsonSchemaValueException as error:
            sys.exit(f"{path} after {name}: {error}")
        checked += 1
        if path.stem == "se_resnet50":
            example[value["level"]] = value
        if value["level"] == "topology":
            edges[path.stem] = value
cuda = json.loads(run("dump", str(networks / "resnet18.rn"), "--level", "program", "--target", "cuda", "--format", "json"))
validate["program"](cuda)

topology, graph, program = example["topology"], example["graph"], example["program"]
for value in example.values():
    refused(value, lambda v: v.pop("name"))
    refused(value, lambda v: v.update(vector=2))
    refused(value, lambda v: v["input"].update(format="planar_f16"))
    refused(value, lambda v: v.update(outputs={}))
    older = copy.deepcopy(value)
    older["input"].pop("order", None)
    older["input"].update(type="f32[N, 3, 224, 224]", format="planar_f32")
    validate[older["level"]](older)
    run("opt", "-", "--passes", "", text=json.dumps(older))
refused(topology, lambda v: first(v["body"], "layer").update(op="min_pool"))
refused(topology, lambda v: first(v["body"], "layer").update(from_name="in"))
refused(topology, lambda v: first(v["body"], "skip").pop("from"))
refused(edges["concat"], lambda v: first(v["body"], "concat").update(spread=1))
refused(edges["concat"], lambda v: first(v["body"], "concat").pop("from_name"))
refused(edges["from"], lambda v: first(v["body"], "from").update(via={"body": []}))
refused(edges["from"], lambda v: first(v["body"], "from").pop("from_name"))
refused(topology, lambda v: first(v["body"], "block").update(block_kind="odd"))
refused(topology, lambda v: first(v["body"], "stage").update(definition="x"))
refused(graph, lambda v: v["ops"][0].pop("constants"))
refused(graph, lambda v: v["ops"][0]["constants"].update(scale="fill(1, [64])"))
refused(graph, lambda v: v["ops"][0]["attributes"].update(kernel=[7]))
refused(graph, lambda v: v["ops"][0].update(type="f32[1, 2]"))
refused(graph, lambda v: v["ops"][0].update(then=[{"step": "relu", "operand": "image"}]))
refused(program, lambda v: v["tensors"][0].update(channel_stride=-1))
refused(program, lambda v: v["tensors"][0].update(at="net.rn"))
refused(program, lambda v: v["kernels"][0].update(output=0))
refused(program, lambda v: v["kernels"][-1].pop("output"))
refused(program, lambda v: v["kernels"][1]["schedule"].update(algorithm="magic"))
refused(program, lambda v: v["kernels"][1]["schedule"].pop("rows"))
refused(cuda, lambda v: v["kernels"][1]["schedule"].update(pixels=1))
print(f"{checked} IRs of {len(files)} networks are as the schemas say")
