"""Samba's own security mechanisms, one line an order, for peers that a test scripts. Runs as a program of its own
(python3-samba), inside a domain controller's namespace where it has to know the domain's accounts:

    client MECHANISM SERVICE HOST USER DOMAIN PASSWORD    "begun"; "-" for USER: the caller's tickets
    server MECHANISM SMB_CONF                             "begun"
    update HEX                                            "more HEX" or "done HEX"; "failed WORDS"
    sign HEX / verify HEX SIGNATURE                       HEX / "yes" or "no"
    key                                                   HEX

MECHANISM is one of Samba's names: spnego, ntlmssp, gssapi_krb5."""
import os
import sys


def begin_client(mechanism, service, host, user, domain, password):
    from samba import credentials, gensec, param
    lp = param.LoadParm()
    lp.load_default()
    who = credentials.Credentials()
    if user == "-":
        who.set_kerberos_state(credentials.MUST_USE_KERBEROS)
        who.set_named_ccache(os.environ["KRB5CCNAME"], credentials.SPECIFIED, lp)
    else:
        who.guess(lp)
        who.set_username(user)
        who.set_domain(domain)
        who.set_password(password)
        who.set_kerberos_state(credentials.DONT_USE_KERBEROS)
    made = gensec.Security.start_client({"lp_ctx": lp, "target_hostname": host})
    made.set_credentials(who)
    made.set_target_service(service)
    made.set_target_hostname(host)
    return mechanism, made, who, lp


def begin_server(mechanism, smb_conf):
    from samba import auth, credentials, gensec, param, samdb
    lp = param.LoadParm(smb_conf)
    machine = credentials.Credentials()
    machine.guess(lp)
    machine.set_machine_account(lp)
    system = auth.system_session()
    accounts = samdb.SamDB(lp=lp, session_info=system)
    context = auth.AuthContext(lp_ctx=lp, ldb=accounts, methods=["sam_ignoredomain"])
    made = gensec.Security.start_server({"lp_ctx": lp, "target_hostname": "dc1"}, context)
    made.set_credentials(machine)
    return mechanism, made, machine, context, lp, accounts, system


class Peer:
    def __init__(self):
        self._context, self._kept = None, []

    def answer(self, words):
        from samba import gensec
        order, arguments = words[0], words[1:]
        if order in ("client", "server"):
            begin = begin_client if order == "client" else begin_server
            # python3-samba's contexts borrow all that they are made of, texts too: it has to live as long.
            mechanism, self._context, *made_of = begin(*arguments)
            self._kept = [made_of, arguments]
            self._context.want_feature(gensec.FEATURE_SIGN | gensec.FEATURE_SESSION_KEY)
            self._context.start_mech_by_name(mechanism)
            return "begun"
        if order == "update":
            done, token = self._context.update(bytes.fromhex(arguments[0] if arguments else ""))
            return f"{'done' if done else 'more'} {(token or b'').hex()}"
        if order == "sign":
            data = bytes.fromhex(arguments[0])
            return self._context.sign_packet(data, data).hex()
        if order == "verify":
            data, signature = map(bytes.fromhex, arguments)
            try:
                self._context.check_packet(data, data, signature)
            except Exception:  # python3-samba has no type of its own for it
                return "no"
            return "yes"
        return self._context.session_key().hex()


def main():
    peer = Peer()
    for line in sys.stdin:
        try:
            print(peer.answer(line.split()), flush=True)
        except Exception as error:  # told to the test, which knows what it awaits
            print("failed", " ".join(str(error).split()), flush=True)


if __name__ == "__main__":
    main()
