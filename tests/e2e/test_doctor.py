"""`netsession doctor` against real Samba servers of several configurations: what it finds is how they were set up."""
import unittest

from lab import command, frames, odd_servers, tap
from lab.cli import address
from lab.ports import free_port
from lab.raw_smb import NOT_SUPPORTED
from lab.relay import CUT, TO_CLIENT, TO_SERVER, Relay
from lab.samba import SambaServer
from lab.tampering import on


def examine(server, *arguments, of=None, user="root"):
    """Returns {step: finding} and the whole object."""
    result = command.run("doctor", "-o", "json", "-A", server.credentials_file(user), *arguments,
                         of or address(server))
    return {finding["step"]: finding for finding in result.json["findings"]}, result


class Doctor(unittest.TestCase):
    def check(self, findings, **expected):
        for step, (verdict, text) in expected.items():
            step = step.replace("_", " ").replace("log on", "log-on")
            self.assertEqual(verdict, findings[step]["verdict"], findings[step])
            self.assertRegex(findings[step]["text"], text)

    def test_an_ordinary_server(self):
        with SambaServer() as server:
            findings, result = examine(server)
            self.check(findings, name=("good", r"\A127\.0\.0\.1\Z"), port=("good", str(server.port)),
                       dialects=("good", r"\A3\.1\.1, 3\.0\.2, 3\.0, 2\.1, 2\.0\.2\Z"),
                       signing=("notice", "offered by the server, AES-128-GMAC"),
                       encryption=("good", r"\AAES-128-GCM\Z"), mechanisms=("good", "NTLM"), log_on=("good", "."),
                       share=("good", "."), pipe=("good", "."), level_502=("notice", "124"),
                       level_1=("good", "sessions"), level_0=("good", "sessions"))
            self.assertEqual((0, 0, None), (result.exit, result.json["status"], result.json["error"]))

            findings, result = examine(server, user="mail")
            self.check(findings, pipe=("good", "."), level_1=("bad", r"\(5"), level_0=("bad", r"\(5"))
            self.assertEqual((3, 5), (result.exit, result.json["status"]))

            people = command.run("doctor", "-A", server.credentials_file("root"), address(server))
            self.assertRegex(people.stdout, r"(?m)^ok    dialects    3\.1\.1, 3\.0\.2, 3\.0, 2\.1, 2\.0\.2$")
            self.assertTrue(people.stdout.endswith(f"Sessions of {address(server)} can be listed.\n"))

            wrong = command.run("doctor", "-o", "json", "-A", server.credentials_file("root", "wrong"), address(server))
            last = wrong.json["findings"][-1]
            self.assertEqual(("log-on", "bad", 1326, 3), (last["step"], last["verdict"], last["status"], wrong.exit))

    def test_an_old_server_that_wants_signatures(self):
        with SambaServer({"server max protocol": "SMB2_10", "server signing": "mandatory"}) as server:
            findings, result = examine(server)
            self.check(findings, dialects=("notice", r"\A2\.1, 2\.0\.2\Z"),
                       signing=("good", "required by the server, HMAC-SHA256"), encryption=("notice", "not offered"))
            self.assertIn("3.1.1", findings["dialects"]["advice"])
            self.assertEqual(0, result.exit)

    def test_a_server_of_one_dialect(self):
        with SambaServer({"server min protocol": "SMB3_00", "server max protocol": "SMB3_02"}) as server:
            findings, _ = examine(server)
            self.check(findings, dialects=("notice", r"\A3\.0\.2, 3\.0\Z"), encryption=("good", r"\AAES-128-CCM\Z"),
                       signing=("notice", "AES-128-CMAC"))

    def test_a_pipe_that_no_call_has_reached_is_not_open(self):
        def cut(direction, message, _):
            is_call = direction == TO_SERVER and frames.command(message) == frames.IOCTL
            is_late = direction == TO_SERVER and relay.connections > 7  # the port, five dialects, the log-on
            return CUT if is_call or is_late else message
        with SambaServer() as server, Relay(server.host, server.port, tamper=cut) as relay:
            findings, _ = examine(server, of=address(relay))
        self.check(findings, log_on=("good", "."), share=("good", "."), level_502=("bad", "at NEGOTIATE"),
                   level_0=("bad", "at NEGOTIATE"))
        self.assertNotIn("pipe", findings)

    def test_a_refused_mechanism_is_explained_without_sending_the_reader_to_doctor(self):
        def refuse(message):
            return message[:8] + NOT_SUPPORTED.to_bytes(4, "little") + message[12:]
        with SambaServer() as server, Relay(server.host, server.port, tamper=on(TO_CLIENT, frames.SESSION_SETUP, refuse)) as relay:
            findings, result = examine(server, of=address(relay))  # command.run() looks for a program that names itself
            self.check(findings, log_on=("bad", "Kerberos alone, or NTLM alone: compare the mechanisms"))
            self.assertEqual((3, 50), (result.exit, result.json["status"]))

    def test_what_is_no_server_ends_at_its_step(self):
        with SambaServer() as server, odd_servers.closes_at_once() as deaf, odd_servers.silent() as silent:
            for of, step, status in (("a,b", "name", 2351), ("nowhere.invalid", "name", 53),
                                     (f"127.0.0.1:{free_port()}", "port", 53), (address(deaf), "port", 64),
                                     (address(silent), "port", 1460)):
                findings, result = examine(server, "--timeout", "1", of=of)
                last = list(findings.values())[-1]
                self.assertEqual((step, "bad", status), (last["step"], last["verdict"], last["status"]), result)
                self.assertEqual((3, status), (result.exit, result.json["status"]))


if __name__ == "__main__":
    tap.main()
