#!/usr/bin/env python3
# The rooms of the house and the arrows between them: a file may include headers of its own room, of rooms below it and
# the public ones; a library is named only in its own room. Reads #include lines; it leaves out what the compiler sees.
#   check_arrows.py [ROOT]       checks a tree, prints each wrong include, exits 1 where there is one
#   check_arrows.py --self-test  checks that wrong includes of every kind are seen
# SPDX-License-Identifier: MIT
import re
import sys
import tempfile
from pathlib import Path

# Top to bottom; rooms of one line do not know each other.
FLOORS = [
    ["prior"],
    ["direct"],
    ["train"],
    ["problem"],
    ["signal", "geometry"],
    ["io"],
    ["calculus"],
    ["field"],
    ["engine"],
    ["simd"],
]
FLOOR_OF = {room: floor for floor, rooms in enumerate(FLOORS) for room in rooms}
FRONT = ["cli", "bench", "tests", "examples", "python", "web"]  # may include every room of src/

# The oracle shares no code with what it checks, and only checks know it.
ORACLE = "reference"
KNOWS_ORACLE = ["tests/", "bench/", "cli/check.cpp", "src/reference/"]

# Where a library may be named: header pattern -> path prefixes.
LIBRARIES = [
    (r"OpenImageIO/", "OpenImageIO", ["src/io/pictures/", "tests/"]),
    (r"sndfile\.h", "libsndfile", ["src/io/media/"]),
    (r"soxr\.h", "soxr", ["src/io/media/"]),
    (r"lib(av|sw)", "FFmpeg", ["src/io/media/"]),
    (r"nifti", "libnifti", ["src/io/volumes/"]),
    (r"matio\.h", "matio", ["src/io/volumes/", "tests/"]),
    (r"zip\.h$", "libzip", ["src/io/", "tests/"]),
    (r"nlohmann/", "nlohmann-json", ["src/io/", "cli/", "bench/", "tests/"]),
    (r"(tbb|oneapi)/", "oneTBB", ["src/engine/workers.cpp"]),
    (r"hwy/", "Highway", ["src/simd/", "src/engine/", "tests/"]),
    (r"Random123/", "Random123", ["src/field/random.h", "tests/"]),
    (r"(unsupported/)?Eigen/", "Eigen", ["src/train/", "src/direct/", "tests/"]),
    (r"kissfft/", "KISS FFT", ["src/signal/"]),
    (r"CLI/", "CLI11", ["cli/"]),
    (r"toml\+\+/", "toml++", ["src/problem/problem_toml.h"]),
]

# The engine must run where there are no files and no threads of its own (WebAssembly).
SYSTEM = r"(fstream|filesystem|thread|cstdio|unistd\.h|sys/.*|sched\.h|pthread\.h)$"
SYSTEM_FREE = ["src/engine/", "src/simd/", "src/calculus/"]
KNOWS_SYSTEM = ["src/simd/machine.cpp"]  # the one file that asks what the machine offers

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]')
SUFFIXES = {".h", ".hpp", ".cpp", ".cc", ".inc"}


def below(prefixes, path):
    return any(path.startswith(prefix) for prefix in prefixes)


def room_of(path):
    """'src/io/pictures/x.cpp' -> 'io', 'cli/x.cpp' -> 'cli', public headers -> 'include'."""
    parts = path.split("/")
    return parts[1] if parts[0] == "src" and len(parts) > 2 else parts[0]


def problem_of_include(path, quote, header):
    """Why the file at `path` may not include `header`, or None."""
    for pattern, library, places in LIBRARIES:
        if re.match(pattern, header) and not below(places, path):
            return f"{library} is named only in {', '.join(places)}"
    if quote == "<":
        if re.match(SYSTEM, header) and below(SYSTEM_FREE, path) and path not in KNOWS_SYSTEM:
            return "engine, simd and calculus know no files and no threads"
        if path.startswith("include/") and (re.search(r"[/.]", header)):
            return "public headers include each other and the standard library only"
        return None
    if any(re.match(pattern, header) for pattern, _, _ in LIBRARIES):
        return None
    me, target = room_of(path), header.split("/")[0]
    if target == "sinefield":
        return None
    if me == "include":
        return "public headers include each other and the standard library only"
    if target == ORACLE:
        return None if below(KNOWS_ORACLE, path) else f"{ORACLE} is known only to {', '.join(KNOWS_ORACLE)}"
    if me in FRONT:
        known = "/" not in header or target in FLOOR_OF or target == me
        return None if known else f"there is no room {target}/"
    if me == ORACLE:
        return f"{ORACLE} knows the public headers only, so that it shares no mistake with what it checks"
    if target not in FLOOR_OF:
        return f"headers of ours are named from src/ as room/file.h; there is no room {target}/"
    if target == me or FLOOR_OF[target] > FLOOR_OF[me]:
        return None
    return f"{me} does not know {target}: arrows point down, from {' > '.join('|'.join(rooms) for rooms in FLOORS)}"


def problems_of_tree(root):
    """One message for each wrong include, and the number of includes seen."""
    messages, seen = [], 0
    for top in ["include", "src", *FRONT]:
        for file in sorted((root / top).rglob("*")):
            if file.suffix not in SUFFIXES or not file.is_file():
                continue
            path = file.relative_to(root).as_posix()
            room = room_of(path)
            if top == "src" and room not in FLOOR_OF and room != ORACLE:
                messages.append(f"{path}: {room}/ is no room of the house: give it a floor in scripts/check_arrows.py")
                continue
            for number, line in enumerate(file.read_text(encoding="utf-8").splitlines(), 1):
                match = INCLUDE.match(line)
                if not match:
                    continue
                seen += 1
                if problem := problem_of_include(path, *match.groups()):
                    messages.append(f"{path}:{number}: {line.strip()}: {problem}")
    return messages, seen


WRONG = [
    ("src/engine/a.cpp", '#include "train/adam.h"', "engine does not know train"),
    ("src/io/a.cpp", '#  include "signal/picture_samples.h"', "io does not know signal"),
    ("src/signal/a.cpp", '#include "geometry/mesh.h"', "signal does not know geometry"),
    ("src/train/a.cpp", '#include "cli/options.h"', "no room cli/"),
    ("src/train/a.cpp", '#include "adam.h"', "named from src/"),
    ("src/train/b.cpp", '#include "reference/reference.h"', "reference is known only"),
    ("cli/fit.cpp", '#include "reference/reference.h"', "reference is known only"),
    ("src/reference/a.cpp", '#include "field/random.h"', "knows the public headers only"),
    ("include/sinefield/a.h", '#include "engine/layout.h"', "public headers include each other"),
    ("include/sinefield/a.h", "#include <fmt/core.h>", "public headers include each other"),
    ("src/io/b.cpp", "#include <OpenImageIO/imageio.h>", "OpenImageIO is named only"),
    ("src/field/a.cpp", "#include <zip.h>", "libzip is named only"),
    ("src/train/c.cpp", "#include <nlohmann/json.hpp>", "nlohmann-json is named only"),
    ("src/signal/c.cpp", "#include <Eigen/Dense>", "Eigen is named only"),
    ("src/engine/b.cpp", "#include <tbb/parallel_for.h>", "oneTBB is named only"),
    ("src/signal/b.cpp", '#include "hwy/highway.h"', "Highway is named only"),
    ("src/engine/c.cpp", "#include <fstream>", "no files and no threads"),
    ("src/simd/a.cpp", "#include <thread>", "no files and no threads"),
    ("src/attic/a.cpp", "", "no room of the house"),
    ("tests/a_test.cpp", '#include "attic/a.h"', "no room attic/"),
]
RIGHT = [
    ("src/train/d.cpp", '#include "engine/training_step.h"'),
    ("src/engine/workers.cpp", "#include <tbb/parallel_for.h>"),
    ("src/train/e.cpp", "#include <Eigen/Eigenvalues>"),
    ("src/io/pictures/a.cpp", "#include <OpenImageIO/imageio.h>"),
    ("src/simd/machine.cpp", "#include <fstream>"),
    ("src/reference/b.cpp", '#include "sinefield/error.h"'),
    ("cli/check.cpp", '#include "reference/reference.h"'),
    ("tests/b_test.cpp", '#include "golden.h"'),
    ("include/sinefield/b.h", "#include <vector>"),
]


def self_test():
    failures = 0
    for path, line, *expected in [*WRONG, *RIGHT]:
        with tempfile.TemporaryDirectory() as folder:
            file = Path(folder, path)
            file.parent.mkdir(parents=True)
            file.write_text(f"// A file.\n{line}\n", encoding="utf-8")
            messages, _ = problems_of_tree(Path(folder))
        if len(messages) != len(expected) or any(part not in messages[0] for part in expected):
            print(f"self-test: {path} with {line!r}: got {messages}, expected {expected}")
            failures += 1
    print(f"arrows: self-test of {len(WRONG)} wrong and {len(RIGHT)} right includes, {failures} failed")
    return failures == 0


def main(arguments):
    if arguments == ["--self-test"]:
        return 0 if self_test() else 1
    root = Path(arguments[0]) if arguments else Path(__file__).resolve().parent.parent
    messages, seen = problems_of_tree(root)
    print("\n".join([*messages, f"arrows: {seen} includes, {len(messages)} wrong"]))
    return 0 if seen > 0 and not messages else 1


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
