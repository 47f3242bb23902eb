#!/usr/bin/python3
# SPDX-License-Identifier: BSD-2-Clause
"""okta-auth-helper against the Okta stand-in: TAP.  Argument: the build directory."""
import json
import os
import subprocess
import sys
import time

if len(sys.argv) > 1:
    os.environ["HELPER"] = os.path.abspath(os.path.join(sys.argv[1], "okta-auth-helper"))

# pylint: disable=wrong-import-position
from helper import HELPER, Helper, drop_root
from hostile import Proxy
from okta import Okta
from tap import run

NATIVE = "0oanativelinuxlogin1"
okta = Okta()


def login(**over):
    return Helper(okta.url, ca_file=okta.ca, **over)


def fresh(**switches):
    okta.forget()
    okta.admin("DELETE", "/faults")
    okta.switches(**{"device_interval": 1, "device_expires_in": 600, "id_token": "fat",
                     "groups_claim_limit": 100, **switches})


def paths():
    return [r["path"].split("?")[0] for r in okta.requests()]


def fault(path, body=None, status=400, times=1, kind="status", **more):
    if body is not None:
        more["body"] = json.dumps(body)
    okta.fault(path=path, kind=kind, status=status, times=times, **more)


def oauth_error(error, text="", status=400, times=1, path="/v1/token"):
    fault(path, {"error": error, "error_description": text}, status, times)


def until(holds, seconds=10):
    end = time.monotonic() + seconds
    while not holds():
        assert time.monotonic() < end, "waited in vain"
        time.sleep(0.05)


def approval_gives_the_claims_of_who_approved():
    fresh()
    with login() as h:
        prompt = h.prompt()
        assert paths() == ["/oauth2/v1/device/authorize"] or \
            paths() == ["/oauth2/v1/device/authorize", "/oauth2/v1/keys"], paths()
        okta.approve(prompt)
        m = h.claims()
        ada = okta.admin("GET", "/users/ada@acme.example")
        assert m["sub"] == ada["id"] and m["iss"] == okta.url, m
        assert m["preferred_username"] == "ada@acme.example"
        assert m["has_groups"] == 1 and "linux-users" in m["groups"]
        assert h.end() == 0
    # keys and token are asked for by two processes, in whichever order
    assert paths()[0] == "/oauth2/v1/device/authorize", paths()
    assert sorted(paths()[1:]) == ["/oauth2/v1/keys", "/oauth2/v1/token"], paths()


def the_prompt_costs_one_request_and_no_discovery():
    fresh()
    # longer than a request may take: whoever waits for the keys comes to no prompt
    okta.fault(path="/keys", kind="delay", delay_ms=60000, times=-1)
    with login() as h:
        h.prompt()
        assert set(paths()) <= {"/oauth2/v1/device/authorize", "/oauth2/v1/keys"}, paths()


def the_prompt_has_a_qr_code_if_asked():
    fresh()
    with login(qr=1) as h:
        assert set(h.prompt()["qr"]) == set(" \n\u2580\u2584\u2588")
    with login() as h:
        assert h.prompt()["qr"] == ""


def a_denial_is_denied():
    fresh()
    with login() as h:
        okta.approve(h.prompt(), action="deny")
        assert h.failure()["code"] == "DENIED"


def a_suspended_person_is_not_let_in():
    fresh()
    with login() as h:
        prompt = h.prompt()
        okta.approve(prompt, "grace@acme.example")
        okta.admin("PATCH", "/users/grace@acme.example", {"status": "SUSPENDED"})
        try:
            assert h.failure()["code"] in ("DENIED", "EXPIRED", "NOT_ASSIGNED")
        finally:
            okta.admin("PATCH", "/users/grace@acme.example", {"status": "ACTIVE"})


def an_expired_code_ends_the_login():
    fresh(device_expires_in=3)
    with login() as h:
        h.prompt()
        assert h.failure()["code"] == "EXPIRED"
        assert time.monotonic() - h.began < 4.5
    fresh()
    with login() as h:
        h.prompt()
        oauth_error("expired_token", "The device code has expired.")
        assert h.failure()["code"] == "EXPIRED"


def the_callers_deadline_ends_the_login():
    for interval in [1, 30]:
        fresh(device_interval=interval)
        with login(deadline_s=3) as h:
            h.prompt()
            m = h.failure()
            assert m["code"] == "DEADLINE" and "nobody approved" in m["detail"], m
            # the next look would be after 30 s; tests/unit/test_oidc.c is exact
            assert time.monotonic() - h.began < 15


def slow_down_adds_five_seconds():
    fresh()
    with login() as h:
        prompt = h.prompt()
        oauth_error("slow_down")
        okta.approve(prompt)
        began = time.monotonic()
        h.claims()
        assert time.monotonic() - began > 6.5, time.monotonic() - began


def the_three_texts_of_access_denied_are_told_apart():
    for text, status, code in [
            ("User is not assigned to the client application.", 400, "NOT_ASSIGNED"),
            ("Policy evaluation failed for this request, please check the policy "
             "configurations.", 401, "POLICY"),
            ("The resource owner or authorization server denied the request.", 403, "DENIED"),
            ("The resource owner or authorization server denied the request.", 400, "DENIED")]:
        fresh()
        oauth_error("access_denied", text, status)
        with login() as h:
            h.prompt()
            assert h.failure()["code"] == code, text


def too_many_groups_is_named():
    fresh(groups_claim_limit=1)
    with login() as h:
        okta.approve(h.prompt())
        m = h.failure()
        assert m["code"] == "TOO_MANY_GROUPS" and "filter" in m["detail"], m


def an_unknown_kid_costs_one_more_fetch_and_is_refused():
    fresh()
    okta.admin("POST", "/token", {"kind": "wrong_kid", "times": 1})
    with login() as h:
        okta.approve(h.prompt())
        m = h.failure()
        assert m["code"] == "TOKEN" and "kid" in m["detail"], m
    assert paths().count("/oauth2/v1/keys") == 2, paths()


def keys_rotated_while_waiting_are_fetched_anew():
    fresh()
    with login() as h:
        prompt = h.prompt()
        until(lambda: "/oauth2/v1/keys" in paths())
        time.sleep(0.3)  # the answer's way
        okta.admin("POST", "/rotate", {"mode": "emergency", "server": "org"})
        okta.approve(prompt)
        h.claims()
    assert paths().count("/oauth2/v1/keys") == 2, paths()


def keys_that_were_out_of_order_are_fetched_again():
    fresh()
    okta.fault(path="/keys", kind="status", status=503, times=2)
    with login() as h:
        okta.approve(h.prompt())
        h.claims()


def every_bad_id_token_is_refused():
    for kind in ["other_key", "alg_none", "hs256", "no_signature", "tampered", "not_a_jwt",
                 "expired", "issued_in_future", "not_before", "no_exp", "wrong_aud",
                 "wrong_azp", "wrong_iss", "no_sub", "groups_string"]:
        fresh()
        okta.admin("POST", "/token", {"kind": kind, "times": 1})
        with login() as h:
            okta.approve(h.prompt())
            m = h.failure()
            assert m["code"] == "TOKEN" and m["detail"].startswith("token: "), (kind, m)


def groups_missing_in_a_thin_token_come_from_userinfo():
    fresh(id_token="thin")
    with login() as h:
        okta.approve(h.prompt())
        m = h.claims()
        assert "linux-users" in m["groups"] and m["preferred_username"] == "ada@acme.example"
    assert paths()[-1] == "/oauth2/v1/userinfo"


def userinfo_of_somebody_else_is_refused():
    fresh(id_token="thin")
    fault("/userinfo", {"sub": "00uSOMEBODYELSE00000", "groups": ["sudo"]}, 200)
    with login() as h:
        okta.approve(h.prompt())
        m = h.failure()
        assert m["code"] == "TOKEN" and m["detail"].startswith("userinfo: sub"), m


def a_group_name_locks_nobody_out():
    fresh(id_token="thin")
    ada = okta.admin("GET", "/users/ada@acme.example")
    names = ["linux-users", "", "a\nb", "x\0y", "\x0100gABC", "g" * 1021]
    fault("/userinfo", {"sub": ada["id"], "preferred_username": "ada@acme.example",
                        "groups": names}, 200)
    with login() as h:
        okta.approve(h.prompt())
        assert h.claims()["groups"] == ["linux-users", "a\nb"]


def a_userinfo_that_hangs_costs_no_login_that_does_without_it():
    fresh(id_token="thin")
    okta.fault(path="/userinfo", kind="delay", delay_ms=60000, times=-1)
    with login(groups_claim="none", deadline_s=45) as h:
        okta.approve(h.prompt())
        m = h.claims()
        assert not m["groups"] and m["preferred_username"] == "", m
    # whoever waits longer asks again after 20 s
    assert paths()[-1] == "/oauth2/v1/userinfo" and paths().count("/oauth2/v1/userinfo") == 1, paths()


def an_access_token_of_another_answer_is_not_used():
    fresh(id_token="thin")
    code = okta.oauth("device/authorize", client_id=NATIVE, scope="openid profile groups")
    okta.approve(code)
    tokens = okta.oauth("token", client_id=NATIVE, device_code=code["device_code"],
                        grant_type="urn:ietf:params:oauth:grant-type:device_code")
    fresh(id_token="thin")
    fault("/v1/token", {**tokens, "access_token": "canary"}, 200)
    with login() as h:
        h.prompt()
        m = h.failure()
        assert m["code"] == "TOKEN" and "at_hash" in m["detail"], m
    assert "/oauth2/v1/userinfo" not in paths()


def a_429_is_waited_out_by_the_servers_clock():
    fresh()
    okta.fault(path="/v1/token", kind="rate_limit", times=1, delay_ms=3000)
    with login() as h:
        okta.approve(h.prompt())
        began = time.monotonic()
        h.claims()
        assert 2.5 < time.monotonic() - began < 8
    assert paths().count("/oauth2/v1/token") == 2


def a_429_before_the_prompt_fails_at_once():
    fresh()
    oauth_error("too_many_user_codes", "Too many user codes generated.", 429,
                path="/device/authorize")
    with login() as h:
        assert h.failure()["code"] == "RATE_LIMITED"


def stumbles_of_the_server_are_outlived():
    for kind in [{"kind": "status", "status": 503}, {"kind": "drop"}, {"kind": "garbage"},
                 {"kind": "truncate"}, {"kind": "html", "status": 502}]:
        fresh()
        with login() as h:
            prompt = h.prompt()
            okta.fault(path="/v1/token", times=1, **kind)
            # a code whose tokens were lost on the way is used up
            until(lambda: okta.admin("GET", "/faults")[0]["times"] == 0)
            okta.approve(prompt)
            assert h.claims()["type"] == 3, kind


def a_code_page_on_another_host_is_not_shown():
    for name in ["verification_uri", "verification_uri_complete"]:
        for bad in ["https://evil.example/activate", okta.url + "@evil.example/activate",
                    okta.url + "1/activate", okta.url.replace("https", "http") + "/activate",
                    okta.url + "/act ivate"]:
            fresh()
            body = {"device_code": "d", "user_code": "ABCDEFGH", "expires_in": 600,
                    "interval": 1, "verification_uri": okta.url + "/activate",
                    "verification_uri_complete": okta.url + "/activate?user_code=ABCDEFGH"}
            body[name] = bad
            fault("/device/authorize", body, 200)
            with login() as h:
                m = h.failure()
                assert m["code"] == "ANSWER" and name in m["detail"], (bad, m)


def a_client_that_must_prove_possession_does():
    fresh()
    with login(client_id="0oanativedpoplogin01") as h:
        okta.approve(h.prompt())
        assert h.claims()["preferred_username"] == "ada@acme.example"
    fresh(id_token="thin")
    with login(client_id="0oanativedpoplogin01") as h:
        okta.approve(h.prompt())
        assert "linux-users" in h.claims()["groups"]


def a_confidential_client_uses_its_secret():
    fresh()
    with login(client_id="0oanativesecretlogi1", client_secret=okta.secret()) as h:
        okta.approve(h.prompt())
        h.claims()
    assert okta.requests()[0]["auth"].lower().startswith("basic"), okta.requests()[0]
    with login(client_id="0oanativesecretlogi1", client_secret="canary-wrong-secret") as h:
        m = h.failure()
        assert m["code"] == "CLIENT" and "canary" not in m["detail"], m


def an_unknown_client_is_named_as_ours_to_fix():
    fresh()
    with login(client_id="0oaNOSUCHCLIENT00000") as h:
        m = h.failure()
        assert m["code"] == "CLIENT" and "client_id" in m["detail"], m


def a_custom_authorization_server_works():
    fresh()
    with login(issuer=okta.url + "/oauth2/default", scopes="openid profile",
               groups_claim="none") as h:
        okta.approve(h.prompt())
        m = h.claims()
        assert m["iss"] == okta.url + "/oauth2/default" and m["has_groups"] == 0


def an_issuer_elsewhere_is_refused_without_a_request():
    fresh()
    for issuer in ["https://evil.example", okta.url + "/", okta.url + "/oauth2/",
                   okta.url + "/oauth2/a/b", okta.url + ".evil.example/oauth2/default"]:
        with login(issuer=issuer) as h:
            m = h.failure()
            assert m["code"] == "CLIENT" and "issuer" in m["detail"], m
    assert not paths()


def a_hang_up_ends_it_within_two_seconds_wherever_it_is():
    fresh(device_interval=5)
    with login() as h:  # between two polls
        h.prompt()
        time.sleep(0.5)
        assert h.hang_up() < 2
    fresh()
    okta.fault(path="/device/authorize", kind="delay", delay_ms=8000, times=1)
    with login() as h:  # before the prompt
        time.sleep(0.5)
        assert h.hang_up() < 2
    fresh()
    okta.fault(path="/v1/token", kind="delay", delay_ms=8000, times=1)
    with login() as h:  # in the middle of a poll
        h.prompt()
        time.sleep(1.5)
        assert h.hang_up() < 2
    fresh()
    okta.fault(path="/keys", kind="slow", delay_ms=8000, times=1)
    with login() as h:  # while the keys dribble in
        h.prompt()
        time.sleep(0.3)
        assert h.hang_up() < 2


def polling_stops_with_the_hang_up():
    fresh()
    with login() as h:
        h.prompt()
        time.sleep(1.3)
        h.hang_up()
    before = len(paths())
    time.sleep(2.2)
    assert len(paths()) == before


def the_environment_has_no_say():
    fresh()
    proxy = Proxy()
    log = "/tmp/okta-net-keylog-%d" % os.getpid()
    env = {n: proxy.url for n in ["https_proxy", "HTTPS_PROXY", "ALL_PROXY", "all_proxy"]}
    env.update(SSLKEYLOGFILE=log, OPENSSL_CONF="/nonexistent", SSL_CERT_FILE="/nonexistent",
               SSL_CERT_DIR="/nonexistent", CURL_CA_BUNDLE="/nonexistent", HOME="/nonexistent",
               OPENSSL_MODULES="/nonexistent")
    with login(env=env) as h:
        okta.approve(h.prompt())
        h.claims()
    proxy.close()
    assert not proxy.asked and not os.path.exists(log)


def the_configured_proxy_is_used():
    fresh()
    proxy = Proxy()
    with login(proxy=proxy.url) as h:
        okta.approve(h.prompt())
        h.claims()
    proxy.close()
    assert proxy.asked and proxy.asked[0].startswith(b"CONNECT localhost:")
    assert all(b"Authorization" not in head for head in proxy.asked)


def it_refuses_arguments_root_and_other_descriptors():
    r = subprocess.run([HELPER, "x"], capture_output=True, check=False, preexec_fn=drop_root)
    assert r.returncode == 1 and b"no arguments" in r.stderr
    r = subprocess.run([HELPER], stdin=subprocess.DEVNULL, capture_output=True, check=False,
                       preexec_fn=drop_root)
    assert r.returncode == 1 and b"descriptor 0" in r.stderr
    if os.geteuid() == 0:
        r = subprocess.run([HELPER], stdin=subprocess.DEVNULL, capture_output=True, check=False)
        assert r.returncode == 1 and b"root" in r.stderr


def it_gives_up_cores_files_and_debuggers():
    fresh(device_interval=5)
    with login() as h:
        h.prompt()
        base = f"/proc/{h.proc.pid}/"
        with open(base + "limits", encoding="ascii") as f:
            limits = f.read()
        for name in ["Max core file size", "Max file size"]:
            line = [x for x in limits.splitlines() if x.startswith(name)][0]
            assert line.split()[-3:-1] == ["0", "0"], line
        with open(base + "status", encoding="ascii") as f:
            status = dict(x.split(":\t") for x in f.read().splitlines() if ":\t" in x)
        assert status["NoNewPrivs"] == "1" and status["Umask"] == "0077"
        assert os.stat(base + "mem").st_uid == 0, "dumpable"


def no_secret_is_in_arguments_or_environment():
    fresh(device_interval=5)
    secret = okta.secret()
    with login(client_id="0oanativesecretlogi1", client_secret=secret) as h:
        h.prompt()
        for name in ["cmdline", "environ"]:
            with open(f"/proc/{h.proc.pid}/{name}", "rb") as f:
                assert secret.encode() not in f.read()


TESTS = [
    approval_gives_the_claims_of_who_approved,
    the_prompt_costs_one_request_and_no_discovery,
    the_prompt_has_a_qr_code_if_asked,
    a_denial_is_denied,
    a_suspended_person_is_not_let_in,
    an_expired_code_ends_the_login,
    the_callers_deadline_ends_the_login,
    slow_down_adds_five_seconds,
    the_three_texts_of_access_denied_are_told_apart,
    too_many_groups_is_named,
    an_unknown_kid_costs_one_more_fetch_and_is_refused,
    keys_rotated_while_waiting_are_fetched_anew,
    keys_that_were_out_of_order_are_fetched_again,
    every_bad_id_token_is_refused,
    groups_missing_in_a_thin_token_come_from_userinfo,
    userinfo_of_somebody_else_is_refused,
    a_userinfo_that_hangs_costs_no_login_that_does_without_it,
    a_group_name_locks_nobody_out,
    an_access_token_of_another_answer_is_not_used,
    a_429_is_waited_out_by_the_servers_clock,
    a_429_before_the_prompt_fails_at_once,
    stumbles_of_the_server_are_outlived,
    a_code_page_on_another_host_is_not_shown,
    a_client_that_must_prove_possession_does,
    a_confidential_client_uses_its_secret,
    an_unknown_client_is_named_as_ours_to_fix,
    a_custom_authorization_server_works,
    an_issuer_elsewhere_is_refused_without_a_request,
    a_hang_up_ends_it_within_two_seconds_wherever_it_is,
    polling_stops_with_the_hang_up,
    the_environment_has_no_say,
    the_configured_proxy_is_used,
    it_refuses_arguments_root_and_other_descriptors,
    it_gives_up_cores_files_and_debuggers,
    no_secret_is_in_arguments_or_environment,
]

try:
    run(TESTS)
finally:
    okta.close()
