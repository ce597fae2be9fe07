"""What is attacked, with its good clients and with accounts for attackers."""
import contextlib

from lab.netsession_samba import NetsessionSamba
from lab.netsessiond import Netsessiond
from lab.samba import SambaServer

from . import kerberos, samba, servers, signed_rpc, smb, sockets
from .campaign import Campaign
from .health import RelayHealth, ServiceHealth
from .rpc import RECORDED

OPERATOR = "oscar"  # may list and close sessions
ATTACKERS = ("mallory", OPERATOR)
GUESSED = tuple(f"victim{number}" for number in range(40))  # whose passwords attackers know, and mutate
SAMBA_ATTACKERS = ("mail", "backup")
BOUNDS = {"max_connections_per_address": 100000, "max_unauthenticated_connections": 100000,
          "max_unauthenticated_connections_per_address": 100000, "max_publishers": 100, "refresh_timeout_ms": 50,
          "log_on_timeout_s": 5, "idle_timeout_s": 86400, "max_answer_mib": 64}


class Target:
    """A server, as attacks see it. attackers: users whose passwords they know."""

    def __init__(self, server, attackers, relay=None, openings=None):
        self.server, self.host, self.port, self.domain = server, server.host, server.port, server.domain
        self.credentials = server.credentials_file(server.administrator)
        self.attackers, self.relay, self.openings, self.password = attackers, relay, openings, server.password

    def source(self, case):
        """An address of the attackers' own: refused log-ons slow down what comes from theirs, not from others'."""
        return f"127.66.{case.chance.randrange(256)}.{case.chance.randrange(1, 255)}"

    def guessed(self, case):
        """A user whose log-ons are mutated, which slows down the log-ons of that user."""
        return case.chance.choice(GUESSED)


class WithKeytab(Netsessiond):
    """netsessiond that takes tickets, too; attackers know its key."""

    def _start(self):
        self.key = kerberos.new_key()
        for name, data in (("keytab", kerberos.keytab(self.key)),
                           ("krb5.conf", f"[libdefaults]\ndefault_realm = {kerberos.REALM}\n".encode())):
            path = self.folder / name
            path.touch(0o600 if name == "keytab" else 0o644)
            path.write_bytes(data)
        self.options |= {"mechanisms": "kerberos,ntlm", "keytab": self.folder / "keytab"}
        self._inside = "env", f"KRB5_CONFIG={self.folder}/krb5.conf", f"KRB5RCACHEDIR={self.folder}"
        super()._start()


@contextlib.contextmanager
def netsessiond(seed):
    """A Campaign against a netsessiond."""
    attacks = {"before_log_on": smb.before_log_on, "in_log_on": smb.in_log_on, "kerberos": kerberos.log_ons,
               "after_log_on": smb.after_log_on, "signed_rpc": signed_rpc.signed_calls, "local": sockets.local, "publish": sockets.publish}
    with WithKeytab((*ServiceHealth.USERS, *ATTACKERS, *GUESSED), policy="documented", publishers="root",
                    server_operators=OPERATOR, **BOUNDS) as server, ServiceHealth(server) as health:
        target = Target(server, ATTACKERS)
        target.key = server.key
        yield Campaign(target, attacks, health, seed, [*RECORDED, *smb.CLIENTS])


@contextlib.contextmanager
def netsession_samba(seed):
    """A Campaign against netsession-samba beside an smbd."""
    attacks = {"at_the_socket": samba.at_the_socket, "over_smb": samba.over_smb}
    with SambaServer(relayed=True) as server:
        openings = [samba.record_opening(server, user) for user in (SAMBA_ATTACKERS[0], server.administrator)]
        with NetsessionSamba(server) as relay, RelayHealth(server, relay) as health:
            yield Campaign(Target(server, SAMBA_ATTACKERS, relay, openings), attacks, health, seed, [*RECORDED, *smb.CLIENTS])


@contextlib.contextmanager
def netsession(seed):
    """A Campaign of servers against the netsession command."""
    attacks = {"list": servers.list_sessions, "watch": servers.watch, "close": servers.close, "doctor": servers.doctor,
               "local": servers.local}
    with Netsessiond(ServiceHealth.USERS, policy="documented", publishers="root", **BOUNDS) as server, \
            ServiceHealth(server) as health:
        yield Campaign(Target(server, ()), attacks, health, seed, [*RECORDED, *smb.LOG_ONS])


TARGETS = {"netsession": netsession, "netsessiond": netsessiond, "netsession-samba": netsession_samba}
