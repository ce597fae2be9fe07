"""The C programs beside the tests: compiled as a user would, against the public headers and the libraries as built."""
import pathlib
import re
import subprocess
import tempfile

from asking import command

HERE = pathlib.Path(__file__).parent
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
        built, executable = command.built(f"lib{library}.so").parent, pathlib.Path(self._folder.name) / source
        executable = executable.with_suffix("")
        done = subprocess.run(
            ["cc", "-std=c17", "-Wall", "-Wextra", "-Wpedantic", "-Werror", "-g", f"-I{INCLUDE}",
             f"-I{INCLUDE / 'netapi32'}", HERE / source, "-o", executable, f"-L{built}", f"-l{library}",
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
