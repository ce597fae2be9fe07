# SPDX-License-Identifier: MIT
# Compares the libraries with what packaging/abi holds of the last release, by abidiff: what programs were linked with is
# there, and as it was. New functions are no change.
#
#     /usr/bin/python3 tests/abi/abi_unchanged.py SOURCE_ROOT BUILD_ROOT          prints TAP
#
# At a release with other functions or structs, the soversion of meson.build goes up, and the files are made anew:
#
#     abidw --exported-interfaces-only --headers-dir include --drop-private-types --no-show-locs --no-corpus-path \
#         --no-comp-dir-path --type-id-style hash build/libnetsession.so.1 >packaging/abi/libnetsession.so.1-0.4.0.abi
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import tap

X86_64 = 62  # e_machine
LIBRARIES = ("libnetsession.so.1", "libnetapi32.so.1")


def is_comparable(library):
    """The stored files are of x86-64; with a sanitizer, the libraries have names of its own."""
    content = library.read_bytes()
    return int.from_bytes(content[18:20], "little") == X86_64 and b"__asan_" not in content and b"__tsan_" not in content


def changes(stored, library):
    """What abidiff finds; nothing if the two are the same but for additions."""
    done = subprocess.run(["abidiff", "--no-added-syms", stored, library], text=True, capture_output=True, check=False)
    return [done.stdout + done.stderr] if done.returncode != 0 else []


def stored_file(root, library):
    """That of the last release."""
    return max((root / "packaging/abi").glob(f"{library}-*.abi"),
               key=lambda path: [int(part) for part in re.findall(r"\d+", path.name.rpartition("-")[2])])


def self_check(root, build):
    """A function that is gone, and members in another place, are found."""
    text = stored_file(root, LIBRARIES[0]).read_text()
    with tempfile.NamedTemporaryFile("w", suffix=".abi") as other:
        for what, changed in (("a function that is gone", text.replace("netsession_has_feature", "netsession_had_feature")),
                              ("a member in another place",
                               text.replace("layout-offset-in-bits='64'", "layout-offset-in-bits='96'"))):
            other.seek(0)
            other.truncate()
            other.write(changed)
            other.flush()
            if changed == text or not changes(other.name, build / LIBRARIES[0]):
                yield f"{what} is not found"


def main():
    root, build = map(pathlib.Path, sys.argv[1:])
    if shutil.which("abidiff") is None:
        tap.skip_all("abidiff is not installed (Debian: abigail-tools)")
    if not all(is_comparable(build / library) for library in LIBRARIES):
        tap.skip_all("the ABI of the last release is stored for x86-64 without sanitizers")
    results = [("what is gone or changed would be found", list(self_check(root, build)))]
    for library in LIBRARIES:
        stored = stored_file(root, library)
        results.append((f"{library} is what it was in {stored.stem.rpartition('-')[2]}, or more",
                        changes(stored, build / library)))
    return tap.report(results)


if __name__ == "__main__":
    sys.exit(main())
