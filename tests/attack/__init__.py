"""`make attack`: whole programs under attack by clients, publishers and servers that send mutated messages.

    mutation.py   what is done to bytes and to the order of messages
    case.py       one attack: its random numbers and all bytes of its connections, so that a finding can be run again
    rpc.py        DCE/RPC: fragments, contexts, auth verifiers and calls of srvsvc and of netsessiond's own interface
    signed_rpc.py calls of users who have logged on by RPC, behind the check of its signatures
    smb.py        the SMB endpoint, before a log-on, in the middle of one, and behind the check of signatures
    kerberos.py   log-ons by tickets that are mutated before they are encrypted
    sockets.py    netsessiond's Unix sockets: programs of this computer and publishers, as root and as another user
    samba.py      netsession-samba's relay in front of Samba's own srvsvc
    servers.py    servers that mutate what a real one answers, with a signature that is right, before the command
    health.py     well-behaved clients, whose answers are compared all the time
    campaign.py   runs attacks until the time is over, and reports
    run.py        the command line behind `make attack`

tests/e2e/test_attack.py is the short form.

middle.py, behind `make attack-middle`, is another one: a man in the middle of exchanges, tests/fixtures/middle.py.
"""
