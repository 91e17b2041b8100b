"""Measures what denormal numbers cost, kept and taken for zero: denormals.py RESNETC [THREADS]

Prints the median milliseconds of a run for three cases: three convolutions of whose weights every second is 1e-40; the same with all
weights times 1e-10, where late activations become denormal; and a ResNet-50 on a picture of 1e-40."""
import array
import ctypes
import mmap
import pathlib
import random
import re
import statistics
import struct
import subprocess
import sys
import tempfile
import time

RESNETC, THREADS = sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else 0
NETWORKS = pathlib.Path(__file__).resolve().parent.parent / "networks"
CONVOLUTIONS = "network three {\n  input x: f32[N, 64, 96, 96]\n" + "".join(f"  c{i}: conv(3x3, 64)\n" for i in range(3)) + "  output y\n}\n"


class Options(ctypes.Structure):
    _fields_ = [("size", ctypes.c_size_t), ("max_batch", ctypes.c_int32), ("threads", ctypes.c_int32), ("parallel_for", ctypes.c_void_p),
                ("parallel_for_data", ctypes.c_void_p), ("target", ctypes.c_char_p), ("verify_contents", ctypes.c_int32),
                ("device", ctypes.c_int32), ("device_context", ctypes.c_void_p), ("keep_denormals", ctypes.c_int32),
                ("copy_weights", ctypes.c_int32)]


def resnetc(*arguments):
    subprocess.run([RESNETC, *map(str, arguments)], check=True, stdout=subprocess.DEVNULL)


def checkpoint(path, manifest, change):
    """Every tensor that the library reads. The weights keep the size of activations about the same, before they are changed."""
    noise = random.Random(1)
    pool = [noise.gauss(0, 1) for _ in range(1 << 16)]
    header, data = {}, bytearray()
    for name, shape in dict(re.findall(r'tensor\(\\"([^"\\]+)\\", \[([0-9, ]+)\]\)', manifest)).items():
        shape = [int(n) for n in shape.split(",")]
        count, fan_in = 1, 1
        for i, n in enumerate(shape):
            count, fan_in = count * n, fan_in * (n if i else 1)
        if len(shape) == 1:
            values = [1.0 if name.endswith(("weight", "running_var")) else 0.0] * count
        else:
            values = [x * (2 / fan_in) ** 0.5 for x in pool]
            values = [change(i, v) for i, v in enumerate((values * (count // len(values) + 1))[:count])]
        begin = len(data)
        data += array.array("f", values).tobytes()
        header[name] = f'"{name}":{{"dtype":"F32","shape":{shape},"data_offsets":[{begin},{len(data)}]}}'
    text = ("{" + ",".join(header.values()) + "}").encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def measure(folder, name, pixel, keep):
    library = ctypes.CDLL(str(folder / f"lib{name}.so"))

    def function(what, result=ctypes.c_int32):
        found = getattr(library, f"{name}_{what}")
        found.restype = result
        return found

    weights = mmap.mmap(-1, (folder / f"{name}.weights").stat().st_size)
    weights.write((folder / f"{name}.weights").read_bytes())
    address = ctypes.addressof(ctypes.c_char.from_buffer(weights))
    options, context = Options(ctypes.sizeof(Options), threads=THREADS, keep_denormals=keep), ctypes.c_void_p()
    assert function("create")(ctypes.c_void_p(address), ctypes.c_size_t(len(weights)), ctypes.byref(options), ctypes.byref(context)) == 0
    noise = random.Random(2)
    in_bytes = function("input_bytes", ctypes.c_size_t)()
    out_name = re.search(rf"{name}_output_bytes_(\w+)\(void\)", (folder / f"{name}.h").read_text()).group(1)
    out_bytes = function(f"output_bytes_{out_name}", ctypes.c_size_t)()
    picture = array.array("f", [pixel * noise.uniform(-1, 1) for _ in range(in_bytes // 4)])
    result = (ctypes.c_char * out_bytes)()
    times = []
    while len(times) < 5 or sum(times) < 2:
        start = time.perf_counter()
        status = function("run")(context, ctypes.c_void_p(picture.buffer_info()[0]), ctypes.c_size_t(in_bytes), result,
                                 ctypes.c_size_t(out_bytes), 1)
        times.append(time.perf_counter() - start)
        assert status == 0
    function("destroy", None)(context)
    return 1e3 * statistics.median(times[1:])


with tempfile.TemporaryDirectory() as scratch:
    scratch = pathlib.Path(scratch)
    (scratch / "three.rn").write_text(CONVOLUTIONS)
    for title, network, name, pixel, change in (
        ("three convolutions", scratch / "three.rn", "three", 1, lambda i, v: v),
        ("every second weight 1e-40", scratch / "three.rn", "three", 1, lambda i, v: v if i % 2 else 1e-40),
        ("all weights times 1e-10", scratch / "three.rn", "three", 1, lambda i, v: 1e-10 * v),
        ("ResNet-50", NETWORKS / "resnet50.rn", "resnet50", 1, lambda i, v: v),
        ("ResNet-50, a picture of 1e-40", NETWORKS / "resnet50.rn", "resnet50", 1e-40, lambda i, v: v),
    ):
        milliseconds = []
        for keep in (1, 0):
            folder = scratch / f"{len(list(scratch.iterdir()))}"
            resnetc("compile", network, "-o", folder)
            checkpoint(scratch / "w.safetensors", (folder / f"{name}.json").read_text(), change)
            resnetc("pack", folder / f"lib{name}.so", "--weights", scratch / "w.safetensors", *["--keep-denormals"] * keep)
            milliseconds.append(measure(folder, name, pixel, keep))
        print(f"{title}: {milliseconds[0]:.1f} ms with denormals kept, {milliseconds[1]:.1f} without")
