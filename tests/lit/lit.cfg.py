"""How lit runs the tests below: shell lines with FileCheck, one scratch folder, one kernel cache for all of them and for other tests."""

import os
import shutil
import sys

import lit.formats

here = os.path.dirname(os.path.abspath(__file__))
root = os.path.dirname(os.path.dirname(here))


def param(name, default):
    return os.path.abspath(lit_config.params.get(name, default))


resnetc = param("resnetc", os.path.join(root, "build", "resnetc"))
filecheck = lit_config.params.get("filecheck") or shutil.which("FileCheck") or "/usr/lib/llvm-22/bin/FileCheck"

config.name = "resnetc"
config.test_format = lit.formats.ShTest(execute_external=False)
config.suffixes = [".test"]
config.excludes = ["Inputs"]
config.test_source_root = here
config.test_exec_root = param("output", os.path.join(root, "build", "tests", "lit"))
config.environment["XDG_CACHE_HOME"] = param("cache", os.path.join(root, "build", "tests", "cache"))
for variable in ("RESNETC_TARGET", "NO_COLOR", "XDG_RUNTIME_DIR"):
    config.environment.pop(variable, None)

config.substitutions += [
    ("%resnetc", resnetc),
    ("%networks", os.path.join(root, "networks")),
    ("%root", root),
    ("%python", sys.executable),
    ("%standin", param("standin", os.path.join(root, "build", "tests", "cuda"))),
    ("%clang", shutil.which("clang-22") or "clang"),
    ("FileCheck", filecheck),
]
