"""The C programs beside the tests: compiled as a user would, against the public headers and the libraries as built."""
import os
import pathlib
import re
import subprocess
import tempfile

from asking import command

HERE = pathlib.Path(__file__).parent
FIXTURES = HERE.parent / "fixtures" / "programs"
INCLUDE = command.REPOSITORY / "include"
VALGRIND = ("valgrind", "--quiet", "--error-exitcode=99", "--leak-check=full",
            "--errors-for-leak-kinds=definite,indirect", "--show-leak-kinds=definite,indirect", "--num-callers=50",
            f"--suppressions={HERE / 'valgrind.supp'}")

# OpenSSL's AES in assembler for AES-NI reads what it does not use: a false alarm. On other processors it means nothing.
PLAIN_AES = {"OPENSSL_ia32cap": "~0x200000200000000"}


class Programs:
    """A context manager with a folder for the executables."""

    def __enter__(self):
        self._folder = tempfile.TemporaryDirectory()
        return self

    def __exit__(self, *_):
        self._folder.cleanup()

    def compile(self, source, library, *more):
        """more: of the compiler's arguments. Returns the executable's path. The compiler may not say a word."""
        built, executable = command.built(f"lib{library}.so").parent, pathlib.Path(self._folder.name)
        executable /= pathlib.Path(source).stem
        done = subprocess.run(
            ["cc", "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g", f"-I{INCLUDE}",
             f"-I{INCLUDE / 'netapi32'}", FIXTURES / source, "-o", executable, f"-L{built}", f"-l{library}",
             f"-Wl,-rpath,{built}", *more], text=True, capture_output=True, check=False)
        if done.returncode or done.stderr:
            raise AssertionError(done.stderr)
        return executable


def run(executable, *arguments, env=None, valgrind=False, stdin="", timeout=60):
    """Runs it to its end, if asked below valgrind. Returns a command.Result."""
    inside, env = (VALGRIND, (env or {}) | PLAIN_AES) if valgrind else ((), env)
    result = command.run(*arguments, program=executable, env=env, inside=inside, stdin=stdin,
                         timeout=timeout)
    if valgrind and (result.exit == 99 or re.search(r"^==\d+==", result.stderr, re.MULTILINE)):
        raise AssertionError(f"valgrind complains:\n{result}")
    return result


class Conversation:
    """A context manager: a program that answers each line of its input by one line. It has to end well.

    executable  or a list of it and its arguments
    """

    def __init__(self, executable, valgrind=False, inside=(), env=None):
        around, more = (VALGRIND, PLAIN_AES) if valgrind else ((), {})
        words = executable if isinstance(executable, (list, tuple)) else [executable]
        self._command = [*inside, *around, *words]
        self._environment = command.environment(more | (env or {}))

    def __enter__(self):
        self._process = subprocess.Popen(self._command, env=self._environment, text=True, bufsize=1,
                                         stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        return self

    def __exit__(self, kind, *_):
        output, errors = self._process.communicate(timeout=60)
        if kind is None and (self._process.returncode, output, errors) != (0, "", ""):
            raise AssertionError(f"exit {self._process.returncode}\n{output}{errors}")

    def cpu_seconds(self):
        """What the program has used of the processor so far."""
        with open(f"/proc/{self._process.pid}/stat", encoding="ascii") as stat:
            fields = stat.read().rsplit(")", 1)[1].split()
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def say(self, *words):
        """Returns the line that comes of it, without its end."""
        self._process.stdin.write(" ".join(map(str, words)) + "\n")
        return self._process.stdout.readline().rstrip("\n")
