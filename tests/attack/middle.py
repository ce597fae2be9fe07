"""A man in the middle of real peers, the long form: python3 -m attack.middle BUILD [--seconds N] [--seed N] [WORD]...

Tries the whole catalogue of fixtures.middle_attacks, in an order that the seed gives, between each pair of peers; with
--seconds, of each pair as much as fits into so many seconds. WORD: only pairs with one of these in their names. Prints
how many attacks of each kind were tried, and how many had no effect; ends with 1 where something did not hold."""
import argparse
import contextlib
import itertools
import os
import pathlib
import random
import sys
import time

AT_A_TIME = 200  # attacks, then the server is looked at
INTEGRITY = 5


def scenes():
    """(name, context manager of a scene, attacks that apply) of each pair of peers."""
    from fixtures import middle
    from fixtures.middle_strangers import impacket_calls, rpcclient_calls
    from impacket import smb3structs
    dialects = {"2.0.2": smb3structs.SMB2_DIALECT_002, "2.1": smb3structs.SMB2_DIALECT_21, "3.0": smb3structs.SMB2_DIALECT_30}
    ours = middle.netsessiond_with_rows
    for how in ("list", "encrypted", "del"):
        yield f"our client, netsessiond, {how}", ours, lambda server, h=how: middle.our_client_and_netsessiond(server, h), None
    for by, how in (("tickets", "list"), ("tickets", "encrypted"), ("password", "list")):
        yield (f"our client, netsessiond, Kerberos by {by}, {how}", middle.netsessiond_in_a_domain,
               lambda server, b=by, h=how: middle.our_client_and_netsessiond_by_kerberos(server, h, b), None)
    for dialect, how in itertools.product(middle.SAMBA_NAMES, ("list", "encrypted")):
        if dialect >= "3" or how == "list":
            yield (f"our client, smbd, {dialect}, {how}", contextlib.nullcontext,
                   lambda _, d=dialect, h=how: middle.our_client_and_samba(d, h), None)
    for (name, dialect), how in itertools.product(dialects.items(), ("list", "del")):
        yield f"impacket, netsessiond, {name}, {how}", ours, lambda server, n=name, d=dialect, h=how: \
            middle.strangers_and_netsessiond(server, f"impacket, {n}", impacket_calls(
                server.domain, d, middle.OF_USER, middle.CLIENTS[0]), h), middle.concerns_the_server
    yield "impacket signed by RPC, netsessiond", ours, lambda server: middle.strangers_and_netsessiond(
        server, "impacket, signed by RPC", impacket_calls(server.domain, dialects["2.1"], middle.OF_USER, middle.CLIENTS[0],
                                                          rpc_level=INTEGRITY), "del"), None
    for dialect, name in middle.SAMBA_NAMES.items():
        yield f"rpcclient, netsessiond, {dialect}", ours, lambda server, d=dialect, n=name: middle.strangers_and_netsessiond(
            server, f"rpcclient, {d}", rpcclient_calls(server, n, middle.OF_USER, middle.CLIENTS[0])), middle.concerns_the_server


def attack(scene, applies, options, tally):
    """Tries what there is, or what there is time for. Returns what our client did not detect."""
    attacks = [one for one in scene.catalogue() if applies is None or applies(one)]
    random.Random(options.seed).shuffle(attacks)
    ends_at, undetected = time.monotonic() + (options.seconds or float("inf")), []
    for begin in range(0, len(attacks), AT_A_TIME):
        if time.monotonic() > ends_at:
            break
        outcomes = scene.attack(attacks[begin:begin + AT_A_TIME])
        tally.take(scene, outcomes)
        undetected += scene.undetected(outcomes)
    return undetected


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("build", type=pathlib.Path)
    parser.add_argument("--seconds", type=int)
    parser.add_argument("--seed", type=int, default=14)
    parser.add_argument("words", nargs="*")
    options = parser.parse_intermixed_args()
    tests = pathlib.Path(__file__).resolve().parents[1]
    os.environ |= {"NETSESSION_BUILD": str(options.build.resolve()), "ASAN_OPTIONS": "detect_leaks=1:fast_unwind_on_malloc=0",
                   "LSAN_OPTIONS": f"print_suppressions=0:suppressions={tests / 'lsan.supp'}",
                   "UBSAN_OPTIONS": "halt_on_error=1:print_stacktrace=1"}
    from fixtures import middle
    tally, is_good = middle.Tally(), True
    for name, serve, set_scene, applies in scenes():
        if options.words and not any(word in name for word in options.words):
            continue
        try:
            with serve() as server, set_scene(server) as scene:
                faults = [f"not detected: {place}" for place in attack(scene, applies, options, tally)]
        except AssertionError as error:
            faults = [str(error)]
        is_good = is_good and not faults
        print("\n    ".join([f"{name}: {'FAILED' if faults else 'good'}", *faults]), flush=True)
    print("\n".join([f"seed {options.seed}", *tally.lines()]))
    return 0 if is_good else 1


if __name__ == "__main__":
    sys.exit(main())
