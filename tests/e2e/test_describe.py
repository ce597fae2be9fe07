"""The manual and the completions, made from the tables of the command: shells and man themselves judge them."""
import re
import subprocess
import tempfile
import unittest

from asking import command
from lab import tap

COMMANDS = ("list", "info", "close", "watch", "doctor")


def describe(form):
    result = command.run("--describe", form)
    assert (result.exit, result.stderr) == (0, ""), result
    return result.stdout


def options_of(name):
    """The long options that `netsession NAME --help` tells of."""
    return set(re.findall(r"^ +(?:-\w, )?(--[\w-]+)", command.run(name, "--help").stdout, re.MULTILINE))


class Descriptions(unittest.TestCase):
    def written(self, form):
        file = self.enterContext(tempfile.NamedTemporaryFile("w", suffix=f".{form}"))
        file.write(describe(form))
        file.flush()
        return file.name

    def run_shell(self, *arguments):
        done = subprocess.run(arguments, text=True, capture_output=True, check=False, env=command.environment())
        self.assertEqual((0, ""), (done.returncode, done.stderr), done)
        return done.stdout

    def test_the_manual_is_good_roff_and_names_everything(self):
        page = self.written("man")
        lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], text=True, capture_output=True, check=False)
        self.assertEqual("", lint.stdout + lint.stderr)
        text = re.sub(".\b", "", self.run_shell("mandoc", "-Tutf8", page))
        for name in COMMANDS:
            self.assertIn(f"netsession {name} ", text)
            for option in options_of(name):
                self.assertIn(option, text)

    def complete_in_bash(self, *words):
        script = (f"source {self.written('bash')}; COMP_WORDS=(netsession {' '.join(words)} ''); "
                  f"COMP_CWORD={len(words) + 1}; _netsession; printf '%s\\n' \"${{COMPREPLY[@]}}\"")
        return self.run_shell("bash", "--norc", "-c", script).split()

    def test_bash_completes_commands_options_and_choices(self):
        self.assertEqual({*COMMANDS, "--help", "--version"}, set(self.complete_in_bash()))
        self.assertEqual(["auto", "0", "1", "2", "10", "502"], self.complete_in_bash("list", "-l"))
        self.assertEqual(["table", "json", "jsonl", "csv"], self.complete_in_bash("list", "--output"))

    def test_bash_completes_just_the_options_of_a_command(self):
        for name in COMMANDS:
            script = (f"source {self.written('bash')}; COMP_WORDS=(netsession {name} --); COMP_CWORD=2; _netsession; "
                      "printf '%s\\n' \"${COMPREPLY[@]}\"")
            words = self.run_shell("bash", "--norc", "-c", script).split()
            self.assertEqual(options_of(name), {word for word in words if word.startswith("--")}, name)

    def test_fish_completes_commands_options_and_choices(self):
        file = self.written("fish")

        def complete(line):
            shown = self.run_shell("fish", "--no-config", "-c", f"source {file}; complete -C '{line}'")
            return {entry.split("\t")[0] for entry in shown.splitlines()}
        self.assertEqual(set(COMMANDS), complete("netsession "))
        self.assertEqual({"auto", "0", "1", "2", "10", "502"}, complete("netsession list -l "))
        for name in COMMANDS:
            self.assertEqual(options_of(name), complete(f"netsession {name} --"), name)

    def test_zsh_takes_its_completion(self):
        file = self.written("zsh")
        self.run_shell("zsh", "-n", file)
        text = describe("zsh")
        for name in COMMANDS:
            part = text.split(f"\t{name})\n")[1].split(";;")[0]
            self.assertEqual(options_of(name), set(re.findall(r"--[\w-]+(?=[\[}])", part)), name)

    def test_there_are_no_other_forms(self):
        self.assertEqual((2, ""), (command.run("--describe", "tcsh").exit, command.run("--describe").stdout))


if __name__ == "__main__":
    tap.main()
