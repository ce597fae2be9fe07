"""A log-on with a name and a password talks to that server and to nobody else: no DNS, no KDC, no NetBIOS.

strace(1) shows what the command asks of the kernel. (With the wrong function of GSSAPI the password would be tried with
Kerberos too, at the KDC of whatever realm /etc/krb5.conf names.)
"""
import re
import subprocess
import tempfile
import unittest

from lab import command, tap
from lab.cli import address
from lab.samba import SambaServer

CALL = re.compile(r"\b(?P<name>connect|bind|sendto|sendmsg|sendmmsg)\((?P<socket>\d+), (?P<arguments>.*)")
PLACE = re.compile(r"sin6?_port=htons\((?P<port>\d+)\).*?(?:inet_addr\(|inet_pton\(AF_INET6, )\"(?P<host>[^\"]+)\"")

# A realm that is configured, and whose KDC must not be asked.
KRB5_CONF = """\
[libdefaults]
    default_realm = ELSEWHERE.EXAMPLE
    dns_lookup_kdc = true
[realms]
    ELSEWHERE.EXAMPLE = {
        kdc = 127.0.0.1:10088
    }
"""


class OtherPackets(unittest.TestCase):
    @classmethod
    def setUpClass(cls):
        cls.server = cls.enterClassContext(SambaServer())

    def traced(self, *arguments, code=0):
        """Runs the command below strace. Returns [(call, host or None, port or None)] of what leaves the process,
        but for what goes to where a socket is connected to, and for Unix sockets and netlink, by which libc asks
        this machine itself."""
        with tempfile.NamedTemporaryFile("r") as trace, tempfile.NamedTemporaryFile("w") as krb5_conf:
            krb5_conf.write(KRB5_CONF)
            krb5_conf.flush()
            done = subprocess.run(
                ["strace", "--follow-forks", "--trace=network", f"--output={trace.name}", command.built(), "list",
                 *arguments], env=command.environment({"KRB5_CONFIG": krb5_conf.name}), text=True,
                capture_output=True, check=False)
            lines = trace.read().splitlines()
        self.assertEqual(code, done.returncode, done.stderr)
        calls = []
        for line in lines:
            call, place = CALL.search(line), PLACE.search(line)
            is_to_where_it_is_connected = call and call["name"] == "sendto" and ", NULL, 0" in line
            if call and not is_to_where_it_is_connected and not any(
                    local in line for local in ("AF_UNIX", "AF_NETLINK", "nlmsg_")):
                calls.append((call["name"], place and place["host"], place and int(place["port"])))
        self.assertTrue(calls)
        return calls

    def test_an_address_is_connected_to_once_and_that_is_all(self):
        for user, code in (("root", 0), ("mail", 3)):
            with self.subTest(user):
                calls = self.traced("-A", self.server.credentials_file(user), address(self.server), code=code)
                self.assertEqual([("connect", "127.0.0.1", self.server.port)], calls)

    def test_a_wrong_password_is_tried_nowhere_else(self):
        calls = self.traced("-A", self.server.credentials_file("root", "wrong"), address(self.server), code=3)
        self.assertEqual([("connect", "127.0.0.1", self.server.port)], calls)

    def test_a_name_of_this_machine_is_looked_up_without_the_network(self):
        calls = self.traced("-A", self.server.credentials_file("root"), address(self.server, "localhost"))
        self.assertIn(calls[-1], [("connect", host, self.server.port) for host in ("127.0.0.1", "::1")])
        for name, host, port in calls:
            self.assertEqual("connect", name)
            self.assertIn(host, ("127.0.0.1", "::1"))
            self.assertIn(port, (self.server.port, 0))  # 0: how libc asks for the route to an address; sends nothing


if __name__ == "__main__":
    tap.main()
