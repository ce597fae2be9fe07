# SPDX-License-Identifier: MIT
# Holds our Windows headers to mingw-w64's: a program built with ours prints assertions, which a
# compiler for Windows then checks with theirs. Nothing is run but that program.
#
#     /usr/bin/python3 tests/abi/abi_against_mingw.py SOURCE_ROOT        prints TAP
#
# Debian: gcc, libc6-dev, clang, mingw-w64-x86-64-dev (or gcc-mingw-w64-x86-64 without clang).
import os
import re
import shutil
import subprocess
import sys
import tempfile

sys.dont_write_bytecode = True
import tap

DEFINE = re.compile(r"^#define[ \t]+(\w+)[ \t]+([^\n]*?)[ \t]*(?:/\*.*)?$", re.M)
STRUCT = re.compile(r"typedef struct _(\w+) \{(.*?)\n\}", re.S)
MEMBER = re.compile(r"^\s*\w+ \**(\w+);", re.M)
PROTOTYPE = re.compile(r"NET_API_FUNCTION\s+(\w+)\(")
INCLUDE_DIRS = (
    "/usr/x86_64-w64-mingw32/include",
    "/usr/x86_64-w64-mingw32/sys-root/mingw/include",
)


def run(argv):
    return subprocess.run(argv, text=True, errors="replace", stdout=subprocess.PIPE,
                          stderr=subprocess.STDOUT)


def numbers(headers):
    """Each #define of a number: (header, name). One of a name counts when that name is one."""
    found = {}
    for header, text in headers.items():
        for name, value in DEFINE.findall(text):
            if re.match(r"[(\d]", value) or value in found:
                found[name] = header
    return [(header, name) for name, header in found.items()]


def unlisted(headers, abi_list):
    """What our headers have and abi_list.h has not, or the other way round."""
    text = "\n".join(headers.values())
    declared = {(struct, member) for struct, body in STRUCT.findall(text)
                for member in MEMBER.findall(body)}
    listed = set(re.findall(r"\bM\((\w+), (\w+), \w+\)", abi_list))
    functions = set(PROTOTYPE.findall(text)), set(re.findall(r"\bF\((\w+), \(", abi_list))
    return sorted(f"{'.'.join(pair)} is in one of the two only" for pair in declared ^ listed) + \
        sorted(f"{name} is in one of the two only" for name in functions[0] ^ functions[1])


def failures(argv, source):
    """Compiles source. Gives {test: [message]}; messages without a test are under ''."""
    result = run(argv + ["-fsyntax-only", source])
    with open(source) as file:
        lines = file.read().splitlines()
    found = {}
    for line in result.stdout.splitlines():
        where = re.match(re.escape(source) + r":(\d+):(?:\d+:)? (?:fatal )?error: ", line)
        if where:
            text = lines[int(where[1]) - 1]
            test = re.search(r"/\*@(.*)\*/", text)
            found.setdefault(test[1] if test else "", []).append(f"{text}\n{line[where.end():]}")
    if result.returncode != 0 and not found:
        found[""] = [" ".join(argv) + "\n" + result.stdout]
    return found


def windows_compiler(bits):
    """The argv of a compiler for Windows that sees mingw-w64's headers."""
    cpu = "x86_64" if bits == 64 else "i686"
    include = next((d for d in INCLUDE_DIRS if os.path.exists(f"{d}/lmshare.h")), None)
    if shutil.which("clang") and include:
        return ["clang", f"--target={cpu}-w64-windows-gnu", "-ferror-limit=0", "-isystem", include]
    if shutil.which(f"{cpu}-w64-mingw32-gcc"):
        return [f"{cpu}-w64-mingw32-gcc"]
    return None


def main(root, work):
    here = f"{root}/tests/abi"
    ours = f"{root}/include/netapi32"
    headers = {}
    for name in sorted(os.listdir(ours)):
        with open(f"{ours}/{name}") as file:
            headers[name] = file.read()
    with open(f"{here}/abi_list.h") as file:
        abi_list = re.sub(r"\s*\\\n\s*", " ", file.read())

    newer = set(re.findall(r"\bC\((\w+), \d+\)", abi_list))
    old = [(header, name) for header, name in numbers(headers) if name not in newer]
    with open(f"{work}/abi_numbers.h", "w") as file:
        file.write("#define ABI_NUMBERS(C) \\\n")
        file.writelines(f'\tC("{header}", {name}) \\\n' for header, name in old)
        file.write("\n")

    results = [("the list has every struct member and function of our headers",
                unlisted(headers, abi_list))]
    host = shutil.which("gcc") or shutil.which("clang") or "cc"
    build = run([host, "-std=gnu17", "-Wall", "-Wextra", "-Wno-type-limits", "-Werror",
                 f"-I{ours}", f"-I{work}", "-o", f"{work}/abi_print", f"{here}/abi_print.c"])
    results.append(("our headers are what the list says",
                    [build.stdout] if build.returncode else []))
    if build.returncode:
        return results
    printed = run([f"{work}/abi_print"]).stdout
    with open(f"{work}/abi.c", "w") as file:
        file.write(printed)
    tests = list(dict.fromkeys(re.findall(r"/\*@(.*)\*/", printed)))

    theirs = windows_compiler(32 if "sizeof(PVOID) == 4" in printed else 64)
    if theirs is None:
        results.append(("our headers are as in mingw-w64 # SKIP needs the Debian packages clang, "
                        "mingw-w64-x86-64-dev", []))
    for mode in ([], ["-DUNICODE"]) if theirs else ():
        failed = failures(theirs + ["-std=gnu17"] + mode, f"{work}/abi.c")
        note = " under UNICODE" if mode else ""
        results += [(f"{test}: as in mingw-w64{note}", failed.pop(test, [])) for test in tests]
        results.append((f"mingw-w64's headers compile{note}", sum(failed.values(), [])))

    # Each number, size and offset made wrong in turn must fail, or the comparison proves nothing.
    wrong = re.sub(r"== (\d+)", lambda m: f"== {int(m[1]) + 1}", printed)
    wrong = re.sub(r"^NET_API_STATUS", "NET_API_STATUS *", wrong, flags=re.M)
    with open(f"{work}/wrong.c", "w") as file:
        file.write(wrong)
    expected = sum(bool(re.search(r"== \d|^NET_API_STATUS \*", line)) for line in wrong.splitlines()
                   if "/*@newer" not in line)
    argv = theirs or [host, f"-I{ours}"]
    noticed = len({message.partition("\n")[0]
                   for test, messages in failures(argv + ["-std=gnu17"], f"{work}/wrong.c").items()
                   if test != "newer numbers" for message in messages})
    results.append(("every wrong number, size, offset and prototype is noticed",
                    [] if noticed == expected else [f"{noticed} of {expected} were noticed"]))

    for compiler in filter(shutil.which, ("gcc", "clang")):
        for mode in ([], ["-fshort-wchar"], ["-DUNICODE"], ["-fshort-wchar", "-DUNICODE"]):
            argv = [compiler, "-std=gnu17", f"-I{ours}"] + mode
            flags = " ".join([compiler] + mode)
            results.append((f"our headers agree with themselves under {flags}",
                            sum(failures(argv, f"{work}/abi.c").values(), [])))
    return results


if __name__ == "__main__":
    if len(sys.argv) != 2:
        sys.exit("usage: abi_against_mingw.py SOURCE_ROOT")
    with tempfile.TemporaryDirectory(prefix="netsession-abi-") as directory:
        outcome = main(sys.argv[1], directory)
    sys.exit(tap.report(outcome))
