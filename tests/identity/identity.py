#!/usr/bin/env python3
"""Shows that a change of the compiler changes no product: records what a build makes of every network, and compares two records.

A developer's tool for redesigns; the test run does not use it. It needs numpy.

    python3 tests/identity/identity.py record build/resnetc -o before.json [--target avx512 ...] [NETWORK.rn ...]
    python3 tests/identity/identity.py compare before.json after.json

A record holds, for each network and each target:
- objects: the SHA-256 of each distinct kernel's object that no earlier network of the record has. The symbol of a kernel is a hash of the text of its
  spec, which a change may spell differently. So `objects` are of the object's sections without its tables of names.
- data: the SHA-256 of the weights' data, packed from generated weights (tests/exactness/generator.py).
- tables: the library's tables (runtime/model.h), decoded by the structures of that header.

compare exits with 1 if an object, the data or a field of a table that both records have differs, and says where.
"""

import argparse
import collections
import ctypes
import hashlib
import json
import pathlib
import re
import struct
import subprocess
import sys
import tempfile

ROOT = pathlib.Path(__file__).resolve().parents[2]
sys.path.insert(0, str(ROOT / "tests" / "exactness"))

TARGETS = ("avx512", "avx2", "sse41", "cuda")
SIZES = {"int32_t": "i", "uint32_t": "I", "int64_t": "q", "uint64_t": "Q"}
SYMBOLS, STRINGS, NO_BITS = 2, 3, 8  # types of sections, elf.h
CACHE_HEADER = 32  # codegen/kernel_cache.cpp


class Model:
    """The structures of a runtime/model.h: the fields of each as (name, type, count), and the numbers that it defines."""

    def __init__(self, path):
        text = re.sub(r"/\*.*?\*/", "", path.read_text(), flags=re.S)
        self.numbers = {name: int(value) for name, value in re.findall(r"#define (RN_\w+) (\d+)\s", text)}
        self.structures = {}
        for body, name in re.findall(r"typedef struct \w+ \{(.*?)\} (\w+);", text, flags=re.S):
            fields = []
            for declaration in body.split(";"):
                declaration = " ".join(re.sub(r"\b(const|struct)\b", "", declaration).replace("unsigned char", "byte").split())
                if not declaration:
                    continue
                kind, names = re.fullmatch(r"(\w+ ?\*?) ?(.*)", declaration).groups()
                for one in names.split(","):
                    one = one.strip()
                    pointer = "*" in kind or one.startswith("*")
                    array = re.search(r"\[(\w+)\]", one)
                    count = 1 if not array else int(self.numbers.get(array[1], array[1]) if not array[1].isdigit() else array[1])
                    fields.append((re.sub(r"[*\[\]].*", "", one.lstrip("*")), kind.replace("*", "").strip() + ("*" if pointer else ""), count))
            self.structures[name] = fields

    def size_and_alignment(self, kind):
        if kind.endswith("*") or kind == "rn_kernel_function":
            return 8, 8
        if kind == "char":
            return 1, 1
        if kind in SIZES:
            size = struct.calcsize(SIZES[kind])
            return size, size
        size = widest = 0
        for at, _, field, count in self.layout(kind):
            one, alignment = self.size_and_alignment(field)
            widest = max(widest, alignment)
            size = at + one * count
        return (size + widest - 1) // widest * widest, widest

    def layout(self, structure):
        """(offset, name, type, count) of each field."""
        at = 0
        for name, kind, count in self.structures[structure]:
            size, alignment = self.size_and_alignment(kind)
            at = (at + alignment - 1) // alignment * alignment
            yield at, name, kind, count
            at += size * count

    def read(self, structure, address):
        result = {}
        for at, name, kind, count in self.layout(structure):
            size, _ = self.size_and_alignment(kind)
            values = [self.value(kind, address + at + i * size) for i in range(count)]
            result[name] = values if count > 1 else values[0]
        return result

    def value(self, kind, address):
        if kind == "char*":
            pointer = ctypes.c_uint64.from_address(address).value
            return ctypes.string_at(pointer).decode() if pointer else None
        if kind.endswith("*") or kind == "rn_kernel_function":
            return ctypes.c_uint64.from_address(address).value
        if kind in SIZES:
            return struct.unpack("<" + SIZES[kind], ctypes.string_at(address, struct.calcsize(SIZES[kind])))[0]
        return self.read(kind, address)

    def rows(self, structure, address, count):
        size, _ = self.size_and_alignment(structure)
        return [self.read(structure, address + i * size) for i in range(count)]


def sections(path, wanted):
    """(address, size) of each section of an ELF file with a name of `wanted`."""
    data = path.read_bytes()
    table, = struct.unpack_from("<Q", data, 0x28)
    size, count, names = struct.unpack_from("<HHH", data, 0x3A)
    headers = [struct.unpack_from("<IIQQQQ", data, table + i * size) for i in range(count)]
    start = headers[names][4]
    for name, _, _, address, _, length in headers:
        text = data[start + name:data.index(b"\0", start + name)].decode()
        if text in wanted:
            yield address, length


def without_names(data):
    """The sections of an ELF object, but for tables of strings and the places of names in the table of symbols."""
    table, = struct.unpack_from("<Q", data, 0x28)
    size, count = struct.unpack_from("<HH", data, 0x3A)
    parts = []
    for i in range(count):
        _, kind, flags, _, start, length = struct.unpack_from("<IIQQQQ", data, table + i * size)
        content = data[start:start + length] if kind not in (STRINGS, NO_BITS) else b""
        if kind == SYMBOLS:
            content = b"".join(content[at + 4:at + 24] for at in range(0, length, 24))
        parts.append(struct.pack("<IQQ", kind, flags, len(content)) + content)
    return b"".join(parts)


def tables_of(library, model, network):
    """The decoded tables of a library. Pointers become what they point to; a kernel's function its number in the order of the tables."""
    handle = ctypes.CDLL(str(library))
    create = ctypes.cast(getattr(handle, f"{network}_create"), ctypes.c_void_p).value
    maps = [line.split() for line in pathlib.Path("/proc/self/maps").read_text().splitlines()]
    base = min(int(line[0].split("-")[0], 16) for line in maps if line[-1] == str(library))
    assert base <= create
    version = struct.pack("<II", model.numbers["RN_MODEL_VERSION"], model.numbers["RN_WEIGHTS_VERSION"])
    name_at = next(at for at, name, _, _ in model.layout("rn_model") if name == "name")
    length = model.size_and_alignment("rn_model")[0]
    for start, size in sections(library, (".data.rel.ro",)):
        memory = ctypes.string_at(base + start, size)
        for at in range(0, size - length + 1, 8):
            if memory[at:at + 8] != version:
                continue
            pointer, = struct.unpack_from("<Q", memory, at + name_at)
            if base <= pointer < base + (1 << 30) and ctypes.string_at(pointer) == network.encode():
                return decoded(model, base + start + at)
    raise SystemExit(f"{library}: no tables found")


def decoded(model, address):
    tables = model.read("rn_model", address)
    tables.pop("embedded")
    tables["outputs"] = model.rows("rn_port", tables["outputs"], tables["output_count"])
    tables["programs"] = model.rows("rn_program", tables["programs"], tables["program_count"])
    for program in tables["programs"]:
        program["device"] = bool(program["device"])
        program["kernels"] = model.rows("rn_kernel", program["kernels"], program["kernel_count"])
        program["operands"] = model.rows("rn_operand", program["operands"], program["operand_count"])
        functions = {}
        for kernel in program["kernels"]:
            kernel["function"] = functions.setdefault(kernel["function"], len(functions))
    return tables


def run(*command):
    done = subprocess.run([str(part) for part in command], capture_output=True, text=True)
    if done.returncode != 0:
        raise SystemExit(f"{' '.join(map(str, command))}\n{done.stderr}")
    return done.stdout


def write_checkpoint(resnetc, network, path):
    """Generated weights for each tensor that the network's recipes read."""
    import numpy

    import generator

    text = run(resnetc, "dump", network, "--level", "program", "--target", "sse41")
    tensors = {}
    for name, shape in re.findall(r'tensor\("([^"]+)", \[([0-9, ]+)\]\)', text):
        tensors[name] = tuple(int(side) for side in shape.split(", "))
    header, at = {}, 0
    for name, shape in sorted(tensors.items()):
        size = 4 * int(numpy.prod(shape, dtype=numpy.int64))
        header[name] = {"dtype": "F32", "shape": list(shape), "data_offsets": [at, at + size]}
        at += size
    encoded = json.dumps(header).encode()
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(encoded)) + encoded)
        for name, shape in sorted(tensors.items()):
            file.write(generator.weights(name, shape).tobytes())


def digest(data):
    return hashlib.sha256(data).hexdigest()


def print_tables(options):
    print(json.dumps(tables_of(options.library.resolve(), Model(ROOT / "runtime" / "model.h"), options.network)))


def record(options):
    model = Model(ROOT / "runtime" / "model.h")
    networks = options.networks or sorted((ROOT / "networks").glob("*.rn"))
    result = {}
    with tempfile.TemporaryDirectory() as folder:
        folder = pathlib.Path(folder)
        known = {target: set() for target in options.target}
        for network in networks:
            checkpoint = folder / "checkpoint.safetensors"
            write_checkpoint(options.resnetc, network, checkpoint)
            for target in options.target:
                cache, out = folder / f"cache-{target}", folder / "out"
                run(options.resnetc, "compile", network, "--weights", checkpoint, "--target", target, "--cache-dir", cache, "-o", out)
                name = next(out.glob("*.weights")).stem
                objects = []
                for entry in sorted(set(cache.glob("*.rnkernel")) - known[target]):
                    known[target].add(entry)
                    objects.append(digest(without_names(entry.read_bytes()[CACHE_HEADER:])))
                library = out / f"lib{name}.so"
                data = (out / f"{name}.weights").read_bytes()[model.numbers["RN_WEIGHTS_ALIGN"]:]
                # A process of its own for each library: a hundred of them in one would all stay loaded.
                tables = json.loads(run(sys.executable, __file__, "tables", library, name))
                result[f"{network.stem} {target}"] = {"objects": sorted(objects), "data": digest(data), "tables": tables}
                print(f"{network.stem} for {target}: {len(objects)} new objects", flush=True)
                for made in out.iterdir():
                    made.unlink()
    options.output.write_text(json.dumps(result))
    print(f"{len(result)} libraries, {sum(len(each['objects']) for each in result.values())} distinct objects")


def differences(before, after, place):
    """The fields that both have and that differ, as texts."""
    if isinstance(before, dict) and isinstance(after, dict):
        for key in before:
            if key not in after:
                yield f"{place}.{key}: gone"
            else:
                yield from differences(before[key], after[key], f"{place}.{key}")
    elif isinstance(before, list) and isinstance(after, list) and len(before) == len(after):
        for i, (one, other) in enumerate(zip(before, after)):
            yield from differences(one, other, f"{place}[{i}]")
    elif before != after:
        yield f"{place}: {str(before)[:80]} became {str(after)[:80]}"


def compare(options):
    before, after = json.loads(options.before.read_text()), json.loads(options.after.read_text())
    found = collections.Counter()
    objects = {"before": collections.Counter(), "after": collections.Counter()}
    for name, one in before.items():
        if name not in after:
            print(f"{name}: not in {options.after}")
            found["libraries"] += 1
            continue
        other = after[name]
        objects["before"].update(one["objects"])
        objects["after"].update(other["objects"])
        if one["data"] != other["data"]:
            print(f"{name}: other weights' data")
            found["data"] += 1
        for text in differences(one["tables"], other["tables"], "tables"):
            found["fields"] += 1
            if found["fields"] <= options.limit:
                print(f"{name}: {text}")
        old, now = collections.Counter(one["objects"]), collections.Counter(other["objects"])
        lost, new = old - now, now - old
        if lost or new:
            print(f"{name}: {sum(lost.values())} objects gone, {sum(new.values())} new")
    found["objects"] = sum(((objects["before"] - objects["after"]) + (objects["after"] - objects["before"])).values())
    counts = ", ".join(f"{found[kind]} {kind} differ" for kind in ("objects", "data", "fields"))
    print(f"{len(before)} libraries, {found['libraries']} of them missing; {sum(objects['before'].values())} distinct objects: {counts}")
    return 1 if any(found.values()) else 0


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    commands = parser.add_subparsers(required=True)
    recorder = commands.add_parser("record", help="record what a build makes of the networks")
    recorder.add_argument("resnetc", type=pathlib.Path)
    recorder.add_argument("networks", type=pathlib.Path, nargs="*", metavar="NETWORK.rn")
    recorder.add_argument("-o", "--output", type=pathlib.Path, required=True)
    recorder.add_argument("--target", action="append", choices=TARGETS)
    recorder.set_defaults(act=record)
    comparer = commands.add_parser("compare", help="compare two records")
    comparer.add_argument("before", type=pathlib.Path)
    comparer.add_argument("after", type=pathlib.Path)
    comparer.add_argument("--limit", type=int, default=20, help="differing fields to print")
    comparer.set_defaults(act=compare)
    decoder = commands.add_parser("tables", help="print the tables of one library as JSON")
    decoder.add_argument("library", type=pathlib.Path)
    decoder.add_argument("network", help="the library's name, as in NAME_create")
    decoder.set_defaults(act=print_tables)
    options = parser.parse_args()
    if getattr(options, "target", ()) is None:
        options.target = list(TARGETS)
    return options.act(options)


if __name__ == "__main__":
    sys.exit(main())
