"""Checks the listings in documents against the commands that print them: listings.py RESNETC SOURCE_DIR [--update] [FILES...]

A listing is a fenced block of the language `console`. A line of it that starts with `$ ` is a command, which a shell runs in the
repository's folder; `resnetc` is the compiler. The lines up to the next command are what the command prints. $T is a folder for the commands'
files. It is the same for all commands of a document, empty at first, and printed as `out`. The test compares the listings with what the
commands print; --update writes them instead. The test fails if a command fails."""
import argparse
import difflib
import os
import pathlib
import re
import subprocess
import sys
import tempfile

BLOCK = re.compile(r"(?<=^```console\n)(?P<body>.*?)(?=^```\s*$)", re.DOTALL | re.MULTILINE)


def run(command, environment, folder):
    result = subprocess.run(["sh", "-ec", command], cwd=folder, env=environment, capture_output=True, text=True, timeout=300)
    if result.returncode != 0:
        raise SystemExit(f"listings: '{command}' ends with {result.returncode}:\n{result.stderr}")
    return result.stdout if result.stdout.endswith("\n") else result.stdout + "\n"


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("resnetc")
    parser.add_argument("source")
    parser.add_argument("files", nargs="*")
    parser.add_argument("--update", action="store_true")
    options = parser.parse_intermixed_args()
    source = pathlib.Path(options.source).resolve()
    files = [pathlib.Path(file).resolve() for file in options.files] or sorted([*source.glob("docs/*.md"), source / "README.md"])
    checked, parted = 0, 0
    for file in files:
        with tempfile.TemporaryDirectory() as folder:
            bin_folder = pathlib.Path(folder, "bin")
            bin_folder.mkdir()
            (bin_folder / "resnetc").symlink_to(pathlib.Path(options.resnetc).resolve())
            outputs = pathlib.Path(folder, "out")
            outputs.mkdir()
            environment = dict(os.environ, PATH=f"{bin_folder}:{os.environ['PATH']}", T=str(outputs), LC_ALL="C.UTF-8", COLUMNS="80")

            def renewed(match):
                nonlocal checked, parted
                new = ""
                for line in match["body"].splitlines(True):
                    if line.startswith("$ "):
                        checked += 1
                        new += line + run(line[2:], environment, source).replace(str(outputs), "out")
                if new != match["body"]:
                    parted += 1
                    if not options.update:
                        sys.stdout.writelines(difflib.unified_diff(match["body"].splitlines(True), new.splitlines(True), file.name, "now"))
                return new

            text = file.read_text()
            new = BLOCK.sub(renewed, text)
            if options.update and new != text:
                file.write_text(new)
    print(f"{checked} commands, {parted} listings {'renewed' if options.update else 'differ'}")
    return 1 if (parted and not options.update) or checked == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
