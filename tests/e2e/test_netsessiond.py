"""netsessiond as a program: its command line and configuration, reloads, its end, counters, audit log, sockets that are
handed over, what systemd is told, its manual; with real callers."""
import contextlib
import json
import os
import pathlib
import re
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import unittest

from impacket.dcerpc.v5 import srvs
from impacket.smbconnection import SessionError, SMBConnection

from fixtures.encryption import watched
from lab import command, frames, sessions, tap
from lab.cli import address
from lab.daemon import COMPLAINT
from lab.local_rpc import bound
from lab.netsessiond import Netsessiond
from lab.ports import free_port
from lab.relay import TO_SERVER
from lab.wait_until import HANG_S, wait_until_equal

TIME = r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z"


def daemon(*arguments, **options):
    return command.run("--user", "root", *arguments, program="netsessiond", **options)


def listed(server, user=None, **options):
    """Asks by our command, as user (the administrator unless told)."""
    return command.run("list", "-o", "json", "-A", server.credentials_file(user or server.administrator, **options),
                       address(server))


def enumerate_status(server, user, level):
    return sessions.enumerate_with_impacket(server, user, level).status


class Folder(unittest.TestCase):
    def setUp(self):
        self.folder = pathlib.Path(self.enterContext(tempfile.TemporaryDirectory(dir="/tmp")))
        self.file = self.folder / "netsessiond.conf"

    def write(self, *lines):
        self.file.write_text("".join(f"{line}\n" for line in lines))
        return self.file

    def private(self, name, text):
        path = self.folder / name
        path.touch(0o600)
        path.write_text(text)
        return path


class CommandLine(Folder):
    def test_help_tells_all_keys_of_the_configuration(self):
        result = daemon("--help")
        self.assertEqual((0, ""), (result.exit, result.stderr))
        for key in ("listen = 127.0.0.1:4450", "policy = hardened", "level_502 =", "max_answer_mib = 256"):
            self.assertIn(f"    {key}", result.stdout)

    def test_version_is_told(self):
        self.assertRegex(daemon("--version").stdout, r"\Anetsessiond \d+\.\d+\.\d+\n\Z")

    def test_what_is_no_option_is_refused(self):
        for arguments, complaint in ((["--lisen", "x"], "unknown option --lisen"), (["now"], "unexpected argument now"),
                                     (["--demo"], "missing argument for option --demo")):
            result = daemon(*arguments)
            self.assertEqual((2, "", f"netsessiond: {complaint}; see netsessiond --help\n"),
                             (result.exit, result.stdout, result.stderr))

    def test_an_option_that_cannot_be_is_refused_with_what_was_expected(self):
        result = daemon("--check", "--listen", "localhost:445")
        self.assertEqual((1, 'netsessiond: --listen cannot be "localhost:445"; expected at most 16 addresses, ADDRESS:PORT '
                          "or [ADDRESS]:PORT, separated by commas\n"), (result.exit, result.stderr))

    def test_the_sample_is_a_good_configuration_with_and_without_its_semicolons(self):
        sample = daemon("--describe", "sample").stdout
        for text in (sample, re.sub(r"^;", "", sample, flags=re.MULTILINE)):
            result = daemon("--check", "--config", self.write(text))
            self.assertEqual((0, ""), (result.exit, result.stderr))
        self.assertLessEqual(max(map(len, sample.splitlines())), 100)


class Check(Folder):
    def refuse(self, complaint, *lines):
        result = daemon("--check", "--config", self.write(*lines))
        self.assertEqual((1, "", f"netsessiond: {self.file}:{complaint}\n"),
                         (result.exit, result.stdout, result.stderr))

    def test_a_good_one_is_passed_over_in_silence(self):
        result = daemon("--check", "--config", self.write("[server]", "listen = 127.0.0.1:4451"))
        self.assertEqual((0, "", ""), (result.exit, result.stdout, result.stderr))

    def test_a_file_has_to_be_there(self):
        result = daemon("--check", "--config", self.file)
        self.assertEqual((1, f"netsessiond: {self.file}: No such file or directory\n"), (result.exit, result.stderr))

    def test_faults_are_told_with_file_and_line(self):
        self.refuse("2: there is no key polciy in [access]; expected policy, administrators, server_operators, publishers, "
                    "level_0, level_1, level_2, level_10, level_502, delete, server_info, share_enum, counters, publish",
                    "[access]", "polciy = hardened")
        self.refuse('4: [access] policy cannot be "open"; expected hardened or documented', "", "# who", "[access]",
                    "policy = open")
        self.refuse("1: there is no section [acess]; expected [server], [auth], [access], [audit], [history], [demo]", "[acess]")

    def test_a_password_in_the_name_of_a_database_is_refused_and_not_shown(self):
        """Everybody could read it in the file, and in the command line of the program that records."""
        for name in ("postgresql://u:Geheim1@h/d", "postgresql://h/d?user=u&password=Geheim1", "postgresql://u:Gehe/im1@h/d",
                     "host=h password=Geheim1"):
            self.write("[history]", f"db = {name}")
            for arguments in (("--check",), ()):
                result = daemon(*arguments, "--config", self.file)
                self.assertEqual((1, "", f"netsessiond: {self.file}:2: the value of [history] db has a password, which others can see; leave "
                                  "it out, and write it into a service file of libpq, as netsessiond.conf(5) shows\n"),
                                 (result.exit, result.stdout, result.stderr))
        self.assertEqual(0, daemon("--check", "--config", self.write("[history]", "db = postgresql://u@h:5432/d")).exit)

    def test_users_that_others_may_read_are_refused(self):
        users = self.private("users", "LAB:alice:secret\n")
        lines = "[auth]", f"ntlm_users = {users}"
        self.assertEqual(0, daemon("--check", "--config", self.write(*lines)).exit)
        users.chmod(0o644)
        self.refuse(f'2: [auth] ntlm_users cannot be "{users}": other users can read or change it: chown it to root or to '
                    "the server's user, and chmod 600 it", *lines)

    def test_users_in_a_file_of_another_user_are_refused(self):
        users = self.private("users", "LAB:alice:secret\n")
        shutil.chown(users, "games")
        self.refuse(f'2: [auth] ntlm_users cannot be "{users}": other users can read or change it: chown it to root or to '
                    "the server's user, and chmod 600 it", "[auth]", f"ntlm_users = {users}")

    def test_users_that_are_none_are_refused_without_their_passwords(self):
        users = self.private("users", "LAB:alice:secret\nwhat is this secret\n")
        result = daemon("--check", "--config", self.write("[auth]", f"ntlm_users = {users}"))
        self.assertEqual(1, result.exit)
        self.assertRegex(result.stderr, rf'\Anetsessiond: {self.file}:2: \[auth\] ntlm_users cannot be "{users}": ')
        self.assertNotIn("secret", result.stderr)

    def test_users_who_could_not_log_on_are_told_with_file_and_line(self):
        capitals = ("the user's name has a letter whose capital is another one on Windows than in gss-ntlmssp, so that "
                    "log-ons from Windows and Samba fail; use another name")
        for text, complaint in (
                ("LAB\\alice:secret", "1: expected DOMAIN:user:password, and not DOMAIN\\user; write a colon in the place of "
                 "the backslash"),
                ("# us\nalice:secret", "2: expected DOMAIN:user:password; write a line for each user, such as LAB:bob:..."),
                ("LAB:LAB\\alice:secret", "1: the user's name has one of the characters \\ / @, which separate a user from a "
                 "domain; write DOMAIN:user:password"),
                ("LAB: alice:secret", "1: the user's name begins or ends with a blank; delete the blank"),
                ("LAB:alice:", "1: the password is empty, so that everybody could log on; enter one, or delete the line"),
                ("LAB:alice:secret\nlab:ALICE:secret", "2: the user is in line 1 already, where upper and lower case are the "
                 "same; delete one of the two lines"),
                ("LAB:stra\u00dfe:secret", f"1: {capitals}"), ("LAB:\u00b5:secret", f"1: {capitals}"),
                ("LAB:alice:secret\rLAB:bob:secret", "1: the line has a carriage return before its end; end lines with LF or "
                 "CRLF"),
                (f"LAB:alice:{257 * 'x'}", "1: the password is longer than 256 characters, which Windows does not send; use a "
                 "shorter one")):
            with self.subTest(complaint):
                users = self.private("users", f"{text}\n")
                self.refuse(f'2: [auth] ntlm_users cannot be "{users}": {users}:{complaint}', "[auth]",
                            f"ntlm_users = {users}")

    def test_files_that_the_daemons_user_cannot_read_are_told(self):
        self.folder.chmod(0o711)
        for key, what in (("ntlm_users", "LAB:alice:secret\n"), ("keytab", "\5\2")):
            secret = self.private("secret", what)
            self.write("[auth]", f"{key} = {secret}").chmod(0o644)
            result = daemon("--check", "--config", self.file,
                            inside=["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "--"])
            self.assertEqual((1, f'netsessiond: {self.file}:2: [auth] {key} cannot be "{secret}": it cannot be read: '
                              'Permission denied\n'), (result.exit, result.stderr))

    def test_what_windows_editors_write_is_read(self):
        users = self.folder / "users"
        users.touch(0o600)
        users.write_bytes(b"\xef\xbb\xbfLAB:alice:secret\r\nLAB:bob:secret\r\n")
        self.file.write_bytes(f"\ufeff[auth]\r\nntlm_users = {users}\r\n".encode())
        result = daemon("--check", "--config", self.file)
        self.assertEqual((0, "", ""), (result.exit, result.stdout, result.stderr))

    def test_quotes_and_comments_behind_a_value_are_told(self):
        self.refuse("2: the value of [server] socket is in quotes, which would be part of it; write it without quotes",
                    "[server]", 'socket = "/run/x"')
        self.refuse("2: a # behind the value of [access] administrators would be part of it; write the comment on a line of "
                    'its own, or behind " ;"', "[access]", "administrators = root # me")

    def test_files_that_are_not_there_are_told(self):
        missing = self.folder / "missing" / "x"
        for section, key, why in (("auth", "ntlm_users", "no such file"), ("auth", "keytab", "no such file"),
                                  ("audit", "file", "its folder does not exist")):
            self.refuse(f'2: [{section}] {key} cannot be "{missing}": {why}', f"[{section}]", f"{key} = {missing}")

    def test_nothing_is_made(self):
        self.assertEqual(0, daemon("--check", "--config", self.write("[audit]", f"file = {self.folder}/audit")).exit)
        self.assertEqual([self.file.name], os.listdir(self.folder))

    def test_a_list_does_not_go_on_without_end(self):
        many = ["[access]", "administrators = root", *[f"  {'a' * 190}"] * 400]
        self.assertEqual(0, daemon("--check", "--config", self.write(*many[:300])).exit)
        self.refuse(f"346: [access] administrators cannot continue with \"{'a' * 190}\"; expected a list separated by "
                    "commas of at most 65536 bytes", *many)


class Users(unittest.TestCase):
    def test_names_that_are_taken_log_on_from_samba(self):
        """smbclient hashes the name in capitals, as Windows does."""
        names = ["a b", "svc+backup", "o'hara", "x$", "a;b", 'a"b', "jörg", "иван", "山田", "\u03c3\u03c2"]
        with Netsessiond(names) as server:
            for name in names:
                with self.subTest(name):
                    done = subprocess.run(server.tool("smbclient", "-A", server.credentials_file(name),
                                                      f"//{server.host}/IPC$", "-c", "exit"),
                                          env=command.environment(), stdin=subprocess.DEVNULL, text=True,
                                          capture_output=True, check=False)
                    self.assertEqual(0, done.returncode, done.stdout + done.stderr)

    def test_domains_are_the_same_in_any_case_and_behind_the_user(self):
        """A client hashes the domain as the user has typed it; smbclient writes it in capitals before."""
        def by_smbclient(server, user):
            done = subprocess.run(server.tool("smbclient", "-U", f"{user}%{server.password('alice')}",
                                              f"//{server.host}/IPC$", "-c", "exit"), env=command.environment(),
                                  stdin=subprocess.DEVNULL, text=True, capture_output=True, check=False)
            return done.returncode == 0

        def by_impacket(server, domain, user):
            client = SMBConnection(server.host, server.host, sess_port=server.port)
            try:
                client.login(user, server.password("alice"), domain)
                return True
            except SessionError:
                return False
            finally:
                client.close()

        with Netsessiond(["alice"]) as server:
            for user in (r"LABSRV\alice", r"labsrv\ALICE", "labsrv/alice", "alice@LABSRV", "Alice@labsrv", "alice"):
                with self.subTest(user):
                    self.assertTrue(by_smbclient(server, user))
                    self.assertIn("(5)", self.listed_as(server, user).stderr)  # logged on, but no administrator
            for domain, user in (("LABSRV", "alice"), ("labsrv", "Alice"), ("LabSrv", "ALICE"), ("", "alice"),
                                 ("", "alice@labsrv"), ("", "ALICE@LABSRV")):
                with self.subTest(domain=domain, user=user):
                    self.assertTrue(by_impacket(server, domain, user))
            self.assertEqual({r"LABSRV\alice"}, {line["caller"] for line in server.audit})
            for domain, user in (("OTHER", "alice"), ("", "alice@OTHER"), ("", "@LABSRV"), ("", "alice@")):
                with self.subTest(domain=domain, user=user):
                    self.assertFalse(by_impacket(server, domain, user))

    def listed_as(self, server, user):
        file = server.folder / "credentials"
        file.touch(0o600)
        file.write_text(f"username = {user}\npassword = {server.password('alice')}\n")
        return command.run("list", "-A", file, address(server))


class Start(Folder):
    def run_until(self, pattern, *arguments, inside=(), **options):
        """Starts it, waits until it has said this, and lets it end. Returns all that it said."""
        process = subprocess.Popen([*inside, command.built("netsessiond"), "--user", "root", *map(str, arguments)], text=True,
                                   env=command.environment(options.pop("env", {})), stderr=subprocess.PIPE,
                                   stdout=subprocess.DEVNULL, **options)
        said = ""
        try:
            for line in process.stderr:
                said += line
                if re.search(pattern, line):
                    break
            process.send_signal(signal.SIGTERM)
            said += process.communicate(timeout=HANG_S)[1]
        finally:
            process.kill()
        self.assertRegex(said, pattern)
        self.assertNotRegex(said, COMPLAINT)
        self.exit = process.returncode
        return said

    def sockets(self):
        return "--socket", self.folder / "local.sock", "--publish-socket", self.folder / "publish.sock"

    def test_options_are_all_it_needs(self):
        port = free_port()
        said = self.run_until("is ready", "--config", self.write(), "--listen", f"127.0.0.1:{port}", "--demo", 5,
                              *self.sockets())
        self.assertEqual(0, self.exit)
        self.assertIn(f"listening for SMB clients at 127.0.0.1:{port}\n", said)
        self.assertIn("5 made-up sessions", said)
        self.assertIn("no user can log on over SMB", said)
        self.assertEqual([self.file.name], os.listdir(self.folder))  # its sockets went with it

    def test_somebody_who_is_not_root_can_start_it(self):
        self.folder.chmod(0o777)
        said = self.run_until("is ready", "--listen", f"127.0.0.1:{free_port()}", "--socket",
                              self.folder / "local.sock", user="games", group="games", extra_groups=[])
        self.assertEqual(0, self.exit)
        self.assertRegex(said, r"warning: \[server\] publish_socket \(the default\) cannot be "
                         r'"/run/netsession/publish.sock": .*; continuing without')

    def test_a_port_that_another_one_has_stops_the_start(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            port = other.getsockname()[1]
            result = daemon("--config", self.write(), "--listen", f"127.0.0.1:{port}", *self.sockets())
        self.assertEqual(1, result.exit)
        self.assertRegex(result.stderr, rf'error: --listen cannot be "127.0.0.1:{port}": another process already listens there\n\Z')

    def test_a_path_that_is_said_has_to_be_good(self):
        missing = self.folder / "missing" / "x"
        result = daemon("--config", self.write(), "--listen", "", "--socket", missing)
        self.assertEqual(1, result.exit)
        self.assertRegex(result.stderr, rf'error: --socket cannot be "{missing}": its folder does not exist\n\Z')

    def test_no_place_to_listen_at_is_refused(self):
        result = daemon("--config", self.write(), "--listen", "", "--socket", "", "--publish-socket", "")
        self.assertEqual(1, result.exit)
        self.assertIn("no address and no socket to listen at", result.stderr)

    def test_a_socket_of_a_dead_one_is_replaced(self):
        for name in ("local.sock", "publish.sock"):
            with socket.socket(socket.AF_UNIX) as dead:
                dead.bind(str(self.folder / name))
        self.run_until("is ready", "--config", self.write(), "--listen", "", *self.sockets())
        self.assertEqual(0, self.exit)

    def test_a_living_one_is_left_alone(self):
        with socket.socket(socket.AF_UNIX) as other:
            other.bind(str(self.folder / "local.sock"))
            other.listen()
            result = daemon("--config", self.write(), "--listen", "", *self.sockets())
            self.assertEqual(1, result.exit)
            self.assertIn("another process already listens there", result.stderr)
            self.assertTrue((self.folder / "local.sock").exists())

    def test_many_more_descriptors_are_used_than_a_shell_allows(self):
        limited = ("prlimit", "--nofile=64:4096")
        with Netsessiond(inside=limited) as server:
            limits = pathlib.Path(f"/proc/{server.pid}/limits").read_text()
            said = server.said
        self.assertRegex(limits, r"Max open files +4096 +4096 ")
        self.assertIn("warning: the system allows 4096 file descriptors, but max_connections, max_local_connections and "
                      "max_publishers need 12168: raise LimitNOFILE= or ulimit -n\n", said)

    def test_only_errors_are_said_where_that_is_wanted(self):
        with socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM) as told:
            told.bind(str(self.folder / "notify"))
            told.settimeout(20)
            process = subprocess.Popen([command.built("netsessiond"), "--user", "root", "--config",
                                        self.write("[server]", "log_level = error"), "--listen", "", "--demo", "1",
                                        *map(str, self.sockets())], stderr=subprocess.PIPE, text=True,
                                       env=command.environment({"NOTIFY_SOCKET": str(self.folder / "notify")}))
            told.recv(4096)
            process.send_signal(signal.SIGTERM)
            self.assertEqual(("", 0), (process.communicate(timeout=HANG_S)[1], process.returncode))


class FreshMachine(Folder):
    """In namespaces, where nobody has port 4450, nothing is in /run, and /etc is a copy."""

    ENTER = """
set -e
ip link set lo up
mount -t tmpfs tmpfs /run
mount --bind "$1/etc" "$2"
"$3" 2> "$1/said" > "$1/audit" &
for _ in $(seq 500); do ! grep -qs 'is ready' "$1/said" || break; sleep 0.02; done
shift 3
"$@"
kill $!
wait $!
"""

    def run_inside(self, *arguments):
        """Starts netsessiond without an option, and runs our command beside it. Returns what that said."""
        [place] = re.findall(r"(/\S*)/netsession/netsessiond\.conf, if it exists", daemon("--help").stdout)
        shutil.copytree(place, self.folder / "etc", symlinks=True, dirs_exist_ok=True)
        for name, line in (("passwd", "netsession:x:950:950::/:/usr/sbin/nologin\n"), ("group", "netsession:x:950:\n")):
            with open(self.folder / "etc" / name, "a", encoding="ascii") as users:  # as systemd-sysusers does
                users.write(line)
        done = subprocess.run(["unshare", "--mount", "--net", "sh", "-c", self.ENTER, "sh", self.folder, place,
                               command.built("netsessiond"), command.built("netsession"), *arguments], text=True,
                              capture_output=True, check=False, timeout=HANG_S,
                              env=command.environment({"NETSESSION_SOCKET": "/run/netsession/local.sock"}))
        self.assertEqual((0, ""), (done.returncode, done.stderr), (self.folder / "said").read_text())
        self.assertNotRegex((self.folder / "said").read_text(), COMPLAINT)
        return done.stdout

    def test_root_can_ask_at_once_and_it_is_logged(self):
        self.assertEqual([], json.loads(self.run_inside("list", "-o", "json"))["servers"][0]["sessions"])
        said = (self.folder / "said").read_text()
        for line in ("listening for SMB clients at 127.0.0.1:4450", "computer at /run/netsession/local.sock",
                     "publishers at /run/netsession/publish.sock"):
            self.assertIn(line, said)
        [line] = (self.folder / "audit").read_text().splitlines()
        self.assertEqual(("NetrSessionEnum", "root"), (json.loads(line)["operation"], json.loads(line)["caller"]))

    def test_the_configuration_of_the_computer_is_read_where_it_is_there(self):
        (self.folder / "etc" / "netsession").mkdir(parents=True)
        (self.folder / "etc" / "netsession" / "netsessiond.conf").write_text("[demo]\nsessions = 7\n")
        self.assertLess(4, len(json.loads(self.run_inside("list", "-o", "json"))["servers"][0]["sessions"]))


class Systemd(Folder):
    def setUp(self):
        super().setUp()
        self.told = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        self.addCleanup(self.told.close)
        self.told.settimeout(20)
        self.told.bind(str(self.folder / "notify"))
        self.process = None

    def start(self, *arguments, listening=(), env=None):
        """listening: (name, socket) to be handed over."""
        names = ":".join(name for name, _ in listening)
        program = ("import os, sys\n"
                   "sockets = list(map(int, sys.argv[1].split(',') if sys.argv[1] else []))\n"
                   "for n, fd in enumerate(sockets):\n"
                   "    os.dup2(fd, 3 + n)\n"
                   "if sockets:\n"
                   "    os.environ.update(LISTEN_PID=str(os.getpid()), LISTEN_FDS=str(len(sockets)))\n"
                   "os.execv(sys.argv[2], sys.argv[2:])\n")
        high = []
        for _, one in listening:
            fd = os.dup(one.fileno()) if one.fileno() > 20 else os.dup2(one.fileno(), 100 + len(high))
            self.addCleanup(os.close, fd)
            os.set_inheritable(fd, True)
            high.append(fd)
        environment = command.environment({"NOTIFY_SOCKET": str(self.folder / "notify"),
                                           **({"LISTEN_FDNAMES": names} if names else {}), **(env or {})})
        self.process = subprocess.Popen(
            [sys.executable, "-c", program, ",".join(map(str, high)), command.built("netsessiond"),
             "--user", "root", *map(str, arguments)], env=environment, pass_fds=high, text=True, stdout=subprocess.DEVNULL,
            stderr=subprocess.PIPE)
        self.addCleanup(self.end)

    def end(self):
        with contextlib.suppress(ProcessLookupError):
            self.process.kill()
        self.process.communicate()

    def hear(self):
        return self.told.recv(4096).decode().splitlines()

    def test_systemd_is_told_of_each_step(self):
        self.start("--config", self.write(), "--listen", "", "--publish-socket", "", "--socket", self.folder / "s")
        self.assertIn("READY=1", self.hear())
        self.process.send_signal(signal.SIGHUP)
        told = self.hear()
        self.assertEqual("RELOADING=1", told[0])
        self.assertRegex(told[1], r"\AMONOTONIC_USEC=\d+\Z")
        self.assertEqual(["READY=1", "STATUS=Serving"], self.hear())
        self.write("[nonsense]")
        self.process.send_signal(signal.SIGHUP)
        self.hear()
        self.assertEqual(["READY=1", "STATUS=Serving with the previous configuration: the new one is invalid"], self.hear())
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual("STOPPING=1", self.hear()[0])
        self.assertEqual(0, self.process.wait(20))

    def test_sockets_that_are_handed_over_go_before_the_configuration(self):
        users = self.private("users", "LAB:alice:Secret-1\n")
        with socket.create_server(("127.0.0.1", 0)) as smb, socket.socket(socket.AF_UNIX) as local:
            local.bind(str(self.folder / "theirs"))
            local.listen()
            self.start("--config", self.write("[auth]", f"ntlm_users = {users}", "[access]", "administrators = alice, root"),
                       "--listen", "127.0.0.1:1", "--socket", self.folder / "missing" / "x", "--publish-socket", "",
                       listening=[("smb", smb), ("local", local)])
            self.hear()
            credentials = self.private("credentials", "username = alice\npassword = Secret-1\ndomain = LAB\n")
            remote = command.run("list", "-o", "json", "-A", credentials, f"127.0.0.1:{smb.getsockname()[1]}")
            self.assertEqual(["alice"], [row["user"] for row in remote.sessions], remote)
            near = command.run("list", env={"NETSESSION_SOCKET": str(self.folder / "theirs")})
            self.assertEqual(0, near.exit, near)
        self.process.send_signal(signal.SIGTERM)
        self.assertEqual(0, self.process.wait(20))
        self.assertTrue((self.folder / "theirs").exists())  # systemd's, which listens on

    def test_a_socket_of_another_name_is_refused(self):
        with socket.create_server(("127.0.0.1", 0)) as other:
            self.start("--config", self.write(), listening=[("http", other)])
            self.assertEqual(1, self.process.wait(20))
        self.assertIn("FileDescriptorName= is smb, local or publish", self.process.stderr.read())

    def test_the_journal_gets_priorities(self):
        reading, writing = os.pipe()
        status = os.fstat(writing)
        process = subprocess.Popen([command.built("netsessiond"), "--config", self.write(), "--listen", "", "--socket", "",
                                    "--publish-socket", "", "--user", "root"], stderr=writing,
                                   env=command.environment({"JOURNAL_STREAM": f"{status.st_dev}:{status.st_ino}"}))
        os.close(writing)
        with open(reading) as said:
            self.assertEqual("<3>no address and no socket to listen at: set [server] listen or socket\n", said.read())
        self.assertEqual(1, process.wait(20))


class Reload(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Netsessiond(["alice", "bob"]))

    def status(self, user, **options):
        return listed(self.server, user, **options).json["servers"][0]["status"]

    def test_another_policy_is_taken_and_connections_stay(self):
        with sessions.held(self.server, [sessions.Wanted("alice")]) as [connection]:
            self.assertEqual(5, self.status("bob"))
            self.server.options["policy"] = "documented"
            self.assertIn("was reloaded", self.server.reload())
            result = listed(self.server, "bob")
            self.assertEqual((0, 10), (result.exit, result.json["servers"][0]["level"]))
            self.assertIn("alice", [row["user"] for row in result.sessions])
            connection.getSMBServer().echo()
            self.server.options["administrators"] = "bob"
            self.server.reload()
            self.assertEqual(502, listed(self.server, "bob").json["servers"][0]["level"])

    def test_users_and_passwords_are_read_anew(self):
        old = self.server.password("bob")
        self.server.options["policy"] = "documented"
        self.server.set_password("bob", "Another-1")
        self.server.set_password("eve", "Secret-1")
        self.server.write_users()
        self.assertEqual(1326, self.status("eve"))
        self.server.reload()
        self.assertEqual([0, 0, 1326], [self.status("bob"), self.status("eve"), self.status("bob", password=old)])

    def test_a_wrong_one_leaves_all_as_it_was(self):
        self.server.options |= {"policy": "documented", "max_connections": "many"}
        said = self.server.reload()
        self.assertRegex(said, rf'error: {self.server.configuration}:\d+: \[server\] max_connections cannot be "many"; '
                         "expected a number from 1 to 1000000; the configuration was not reloaded")
        self.assertEqual(5, self.status("bob"))
        del self.server.options["max_connections"]
        self.assertIn("was reloaded", self.server.reload())
        self.assertEqual(0, self.status("bob"))
        self.assertEqual(1, self.server.counters["reloads"])

    def test_where_it_listens_waits_for_the_next_start(self):
        self.server.options["max_sessions"] = 1000
        [said] = self.server.await_said(r"warning: .*", self.server.reload)
        self.assertEqual("warning: the change of [server] max_sessions takes effect when netsessiond restarts", said)

    def test_demo_sessions_come_and_go(self):
        for count in (20, 0):
            self.server.options["sessions"] = count
            self.server.reload()
            wait_until_equal(count, lambda: self.server.counters["sessions_now"])


class Keys(unittest.TestCase):
    """What the keys of the configuration do, seen from outside."""

    def test_rights_are_given_in_the_place_of_the_policys(self):
        with Netsessiond(["alice", "bob"], level_0="nobody", level_1="bob, server_operators", server_operators="alice") as server:
            levels = {user: [enumerate_status(server, user, level) for level in (0, 1, 502)] for user in ("alice", "bob", "root")}
        self.assertEqual({"alice": [5, 0, 0], "bob": [5, 0, 5], "root": [5, 5, 0]}, levels)

    def test_idle_connections_are_closed(self):
        with Netsessiond(["alice"], idle_timeout_s=1) as server, sessions.held(server, [sessions.Wanted("alice")]):
            started_at = time.monotonic()
            while server.counters["smb_connections_now"] > 0 and time.monotonic() - started_at < 20:
                time.sleep(0.1)
            self.assertLess(0.9, time.monotonic() - started_at)
            counters = server.counters
            self.assertEqual((1, 0, 0), tuple(counters[name] for name in ("smb_timed_out", "smb_connections_now",
                                                                          "sessions_now")))

    def test_an_answer_is_not_longer_than_is_said(self):
        with Netsessiond(max_answer_mib=1, sessions=20000) as server:
            self.assertEqual(8, sessions.enumerate_with_impacket(server, level=502).status)
            pages = command.run("list", "-l", "502", "-o", "json", "--page-bytes", "500000",
                                env={"NETSESSION_SOCKET": str(server.socket)})
            self.assertLess(19900, len(pages.sessions))

    def test_nobody_is_let_in_where_that_is_allowed_and_may_do_nothing(self):
        for anonymous, step in (("no", "SESSION_SETUP"), ("yes", "every level")):
            with Netsessiond(anonymous=anonymous, policy="documented") as server:
                result = command.run("list", "-N", address(server))
                self.assertEqual(3, result.exit)
                self.assertIn(f"access denied at {step} (5", result.stderr)

    def test_it_has_the_name_and_the_comment_that_are_said(self):
        with Netsessiond(netbios_name="FILES", comment="J\u00f6rg's files") as server, bound(server.socket) as dce:
            info = srvs.hNetrServerGetInfo(dce, 101)["InfoStruct"]["ServerInfo101"]
            self.assertEqual(("FILES\0", "J\u00f6rg's files\0"), (info["sv101_name"], info["sv101_comment"]))

    def test_encryption_is_for_nobody_or_for_everybody(self):
        for encryption, exits, sealed in (("off", (0, 3), False), ("offer", (0, 0), False), ("require", (0, 0), True)):
            with self.subTest(encryption), Netsessiond(encryption=encryption) as server:
                result, seen = watched(server)
                self.assertEqual((exits[0], sealed), (result.exit, all(seen[TO_SERVER][3:])), result)
                result, _ = watched(server, "--encrypt")
                self.assertEqual(exits[1], result.exit, result)


class End(unittest.TestCase):
    def test_nobody_comes_in_and_who_is_there_is_let_go(self):
        with Netsessiond(["alice"]) as server, socket.create_connection((server.host, server.port)) as idle:
            self.assertEqual(0, server.terminate())
            idle.settimeout(10)
            self.assertEqual(b"", idle.recv(1))
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection((server.host, server.port))
            self.assertRegex(server.said, r"notice: stopping, with \d+ open connections\n")

    def test_an_answer_under_way_is_given(self):
        """More than a socket holds, so that most of it has not been sent when the end begins. impacket takes 10.6 s for it
        on a busy machine, more than the daemon waits for by default."""
        with Netsessiond(["alice"], sessions=20000, drain_timeout_s=600) as server, bound(server.socket) as dce:
            sessions.begin_enumeration(dce, 502)
            server.await_said("stopping, with 1 open connections", lambda: server.signal(signal.SIGTERM))
            self.assertEqual(20000, len(sessions.end_enumeration(dce, 502).rows))
            self.assertEqual(0, server.wait())

    def test_who_reads_nothing_is_not_waited_for_longer_than_is_said(self):
        with Netsessiond(["alice"], sessions=20000, drain_timeout_s=1) as server, bound(server.socket) as dce:
            sessions.begin_enumeration(dce, 502)
            started_at = time.monotonic()
            self.assertEqual(0, server.terminate())
            self.assertLess(0.9, time.monotonic() - started_at)
            self.assertIn("closing 1 connections whose answers were not read", server.said)

    def test_a_second_signal_ends_it_at_once(self):
        with Netsessiond(["alice"], sessions=20000, drain_timeout_s=600) as server, bound(server.socket) as dce:
            sessions.begin_enumeration(dce, 502)
            server.await_said("stopping", lambda: server.signal(signal.SIGTERM))
            server.signal(signal.SIGINT)
            self.assertEqual(0, server.wait())


class Counters(unittest.TestCase):
    def test_they_count_what_callers_did(self):
        with Netsessiond(["alice"]) as server:
            listed(server)
            listed(server, "alice")
            listed(server, "alice", password="wrong")
            with sessions.held(server, [sessions.Wanted("alice")]):
                counters = server.counters
                self.assertEqual((1, 1), (counters["sessions_now"], counters["smb_connections_now"]))
                closed = command.run("close", "--yes", "-u", "alice", env={"NETSESSION_SOCKET": str(server.socket)})
                self.assertEqual(0, closed.exit, closed)
            expected = {"log_ons": 3, "log_ons_refused": 1, "enumerations": 2, "deletions": 1, "failed": 0,
                        "denied": 5, "smb_connections": 5, "sessions_now": 0, "audit_lost": 0}
            counters = server.counters
            self.assertEqual(expected, {name: counters[name] for name in expected})
            self.assertEqual(len(server.audit), counters["audit_lines"])
            self.assertLess(1000, counters["smb_bytes_in"])


class Audit(unittest.TestCase):
    def setUp(self):
        self.server = self.enterContext(Netsessiond(["alice"]))

    def lines(self, operation):
        return [line for line in self.server.audit if line["operation"] == operation]

    def test_each_question_is_told_with_who_and_from_where(self):
        command.run("list", "-l", "1", "-c", r"\\\\10.0.0.7", "-u", "bob", "-A", self.server.credentials_file("root"),
                    address(self.server))
        [line] = self.lines("NetrSessionEnum")
        self.assertRegex(line.pop("time"), rf"\A{TIME}\Z")
        self.assertEqual({"schema": 1, "operation": "NetrSessionEnum", "endpoint": "smb", "address": "127.0.0.1", "caller": "LABSRV\\root",
                          "level": 1, "client": r"\\\\10.0.0.7", "user": "bob", "entries": 0, "total": 0, "status": 2312,
                          "result": "NERR_ClientNameNotFound"}, line)

    def test_an_ipv6_address_has_one_spelling(self):
        asked = command.run("list", "-c", "0:0::1", "-A", self.server.credentials_file("root"),
                            address(self.server, "[::1]"), "-o", "json")
        self.assertEqual([r"\\[::1]"], [row["client"] for row in asked.sessions])
        [line] = self.lines("NetrSessionEnum")
        self.assertEqual(("[::1]", r"\\[::1]"), (line["address"], line["client"]))
        self.assertEqual({"[::1]"}, {line["address"] for line in self.lines("log-on")})

    def test_who_is_denied_is_told(self):
        self.assertEqual(5, listed(self.server, "alice").json["servers"][0]["status"])
        lines = self.lines("NetrSessionEnum")
        self.assertEqual([502, 2, 1, 10, 0], [line["level"] for line in lines])
        self.assertEqual({(r"LABSRV\alice", 5, "ERROR_ACCESS_DENIED")},
                         {(line["caller"], line["status"], line["result"]) for line in lines})

    def test_local_callers_are_told(self):
        command.run("list", "-l", "0", env={"NETSESSION_SOCKET": str(self.server.socket)},
                    inside=("setpriv", "--reuid=games", "--regid=games", "--init-groups"))
        [line] = self.lines("NetrSessionEnum")
        self.assertEqual(("local", "local", "games", 5), (line["endpoint"], line["address"], line["caller"], line["status"]))

    def test_log_ons_are_told_also_those_that_fail(self):
        listed(self.server)
        listed(self.server, "alice", password="guess-1")
        good, bad = self.lines("log-on")
        self.assertEqual((r"LABSRV\root", 0, "127.0.0.1"), (good["caller"], good["status"], good["address"]))
        self.assertEqual((None, 1326, "ERROR_LOGON_FAILURE"), (bad["caller"], bad["status"], bad["result"]))
        self.assertIn("alice", bad["user"])
        self.assertTrue(bad["detail"])

    def test_no_password_is_told_anywhere(self):
        listed(self.server, "alice", password="guess-1")
        listed(self.server, "root")
        self.server.reload()
        text = self.server.said + json.dumps(self.server.audit)
        for password in ("guess-1", self.server.password("alice"), self.server.password("root")):
            self.assertNotIn(password, text)

    def test_it_is_for_its_owner_and_group(self):
        self.assertEqual(0o640, (self.server.folder / self.server.log / "audit").stat().st_mode & 0o777)

    def test_it_follows_every_kind_of_rotation(self):
        """With and without a reload, and with a reload of a configuration that cannot be used."""
        path = self.server.folder / self.server.log / "audit"
        old = path.with_name("audit.1")
        said = ["log-on", "NetrSessionEnum"]

        def copy_and_truncate():
            old.write_text(path.read_text())
            os.truncate(path, 0)

        def rename_and_create():
            path.rename(old)
            path.touch(0o640)

        def spoil():
            self.server.options["policy"] = "unheard-of"
            self.assertIn("was not reloaded", self.server.reload())
            self.server.options["policy"] = "documented"
        for rotate in (lambda: path.rename(old), rename_and_create, copy_and_truncate, path.unlink):
            for reload in (lambda: None, self.server.reload, spoil):
                with self.subTest(rotate=rotate, reload=reload):
                    listed(self.server)
                    rotate()
                    reload()
                    listed(self.server)
                    self.assertEqual(said, [line["operation"] for line in self.server.audit][-2:])
                    self.assertLessEqual(len(self.server.audit), 4)  # and what was before is elsewhere
                    path.unlink()

    def test_a_disk_that_fills_up_tears_no_line(self):
        """The line that finds no room is lost as a whole, and the next one stands by itself."""
        folder = self.server.folder / "small"
        folder.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", "size=4k", "none", folder], check=True)
        self.addCleanup(subprocess.run, ["umount", folder], check=True)
        self.server.options["file"] = folder / "audit"
        self.server.reload()
        while self.server.counters["audit_lost"] == 0:
            listed(self.server)
        self.assertIn("cannot write to the audit log: No space left on device", self.server.said)
        subprocess.run(["mount", "-o", "remount,size=64k", folder], check=True)
        listed(self.server)
        lines = (folder / "audit").read_text().splitlines()
        self.assertEqual(["log-on", "NetrSessionEnum"], [json.loads(line)["operation"] for line in lines][-2:])
        self.server.options["file"] = self.server.folder / self.server.log / "audit"
        self.server.reload()

    def test_a_full_disk_is_told_once_and_ends_nothing(self):
        self.server.options["file"] = "/dev/full"
        self.server.restart()
        for _ in range(3):
            self.assertEqual(0, listed(self.server).exit)
        self.assertEqual(1, self.server.said.count("cannot write to the audit log: No space left on device"))
        self.assertEqual(6, self.server.counters["audit_lost"])
        self.server.options["file"] = self.server.folder / self.server.log / "audit"
        self.server.reload()
        self.assertEqual(0, listed(self.server).exit)
        self.assertEqual(2, len(self.server.audit))

    def test_a_pipe_that_nobody_empties_keeps_nobody_waiting(self):
        pipe = self.server.folder / "pipe"
        os.mkfifo(pipe)
        with open(os.open(pipe, os.O_RDONLY | os.O_NONBLOCK), "rb") as reader:
            self.server.options["file"] = pipe
            self.assertIn("was reloaded", self.server.reload())
            with bound(self.server.socket) as dce:
                for _ in range(1000):
                    sessions.enumerate_over(dce, 0)
            self.assertLess(0, self.server.counters["audit_lost"])
            for line in reader.read().splitlines()[:-1]:
                json.loads(line)

    def test_standard_output_takes_it_too(self):
        with Netsessiond(["alice"], file="-") as server:
            listed(server)
            self.assertRegex(server.said, rf'(?m)^{{"schema":1,"time":"{TIME}","operation":"NetrSessionEnum",.*}}$')


class Demonstration(unittest.TestCase):
    SCRIPT = command.REPOSITORY / "scripts" / "demo.py"

    def run_demo(self, *before, without=()):
        program = ("import runpy, sys\n"
                   f"sys.modules.update(dict.fromkeys({without!r}))\n"
                   f"sys.argv = ['demo.py', {str(command.built(''))!r}]\n"
                   f"runpy.run_path({str(self.SCRIPT)!r}, run_name='__main__')\n")
        done = subprocess.run([*before, "/usr/bin/python3", "-B", "-c", program], text=True, capture_output=True,
                              check=False, timeout=HANG_S)
        self.assertEqual(0, done.returncode, done)
        return done.stdout

    def test_make_run_shows_real_clients(self):
        said = self.run_demo()
        for user in ("alice", "bob", "carol", "dave"):
            self.assertEqual(3, len(re.findall(rf"(?m)^.*127\.0\.0\.1  {user} .*$", said)), said)
        self.assertRegex(said, r"Received [5-9] entries\.")

    def test_make_run_needs_neither_other_software_nor_root(self):
        said = self.run_demo("setpriv", "--reuid=games", "--regid=games", "--clear-groups", "env", "PATH=/nonexistent",
                             without=("impacket",))
        for user in ("alice", "bob"):
            self.assertEqual(2, len(re.findall(rf"(?m)^.*127\.0\.0\.1  {user} .*$", said)), said)
        self.assertNotIn("carol", said)


class Manual(unittest.TestCase):
    def page(self, form, suffix):
        file = self.enterContext(tempfile.NamedTemporaryFile("w", suffix=suffix))
        file.write(daemon("--describe", form).stdout)
        file.flush()
        return file.name

    def read(self, page):
        lint = subprocess.run(["mandoc", "-Tlint", "-Wwarning", page], text=True, capture_output=True, check=False)
        self.assertEqual("", lint.stdout + lint.stderr)
        groff = subprocess.run(["groff", "-ww", "-man", "-Tutf8", "-z", page], text=True, capture_output=True, check=False)
        self.assertEqual((0, "", ""), (groff.returncode, groff.stdout, groff.stderr))
        done = subprocess.run(["mandoc", "-Tutf8", page], text=True, capture_output=True, check=True)
        return re.sub(".\b", "", done.stdout)

    def test_that_of_the_program_names_all_options(self):
        text = self.read(self.page("man", ".8"))
        options = re.findall(r"^  (--\S+)", daemon("--help").stdout, re.MULTILINE)
        self.assertLess(5, len(options))
        for option in options:
            self.assertIn(option, text)

    def test_that_of_the_configuration_names_all_keys(self):
        text = self.read(self.page("man5", ".5"))
        keys = re.findall(r"^    (\w+) =", daemon("--help").stdout, re.MULTILINE)
        self.assertLess(30, len(keys))
        for key in keys:
            self.assertRegex(text, rf"\b{key} =")

    def test_another_form_is_refused(self):
        result = daemon("--describe", "man1")
        self.assertEqual((2, 'netsessiond: invalid value "man1" for --describe: expected man, bash, zsh, fish, man5 or sample\n'), (result.exit, result.stderr))


if __name__ == "__main__":
    tap.main()
