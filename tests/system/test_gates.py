"""Where today's gateways fail, seen from outside: the daemon, real SQLite, a pty, the simulated modem. Hours pass by moving the daemon's clocks
(cellpostd-testclock), never by waiting."""
import re
import threading

import pytest
import requests

from gateway import ACCOUNT, SERVICE, TOKEN, until

TO = "+41791112233"


def start(rig, **kwargs):
    gateway_keys = {"test_clock": kwargs.pop("test_clock", True)}
    bench = rig(**kwargs)
    gateway = bench.gateway(**gateway_keys).start()
    gateway.wait_line_ready(*bench.names)
    return bench, gateway, gateway.client()


def status_is(client, sid, *wanted):
    message = client.messages(sid).fetch()
    return message.status in wanted and message


# ---- gate 1: a late or missing +CMGS ----


@pytest.mark.parametrize("seconds", [19, 25, 61, 75, 119])
def test_late_cmgs_is_sent_once(rig, seconds):
    bench, gateway, client = start(rig)
    bench.sim.do("hold m1 +CMGS")
    message = client.messages.create(to=TO, from_=bench.numbers["m1"], body="late")
    bench.sim.do("wait m1 pdu 1 10000")
    gateway.advance(seconds * 1000)
    assert client.messages(message.sid).fetch().status == "sending"
    bench.sim.do("release m1 +CMGS")
    until(lambda: status_is(client, message.sid, "delivered"), 10)
    assert len(bench.pdus("late")) == 1


def test_cmgs_that_never_comes_is_unsure_and_held(rig):
    bench, gateway, client = start(rig, keys={"reports": "off"})
    bench.sim.do("drop m1 +CMGS 1")
    message = client.messages.create(to=TO, from_=bench.numbers["m1"], body="never", validity_period=3600, status_callback=bench.app.url("/s"))
    bench.sim.do("wait m1 pdu 1 10000")
    gateway.advance(181_000)
    until(lambda: "unsure" in gateway.cli("show", message.sid), 10, "UNSURE in the history")
    assert client.messages(message.sid).fetch().status == "sending"
    assert bench.app.statuses(message.sid) == []
    gateway.wait_line_ready("m1")
    other = client.messages.create(to="+41791119999", from_=bench.numbers["m1"], body="next")  # the line goes on
    until(lambda: status_is(client, other.sid, "sent"), 10)
    gateway.advance(3_700_000)
    done = until(lambda: status_is(client, message.sid, "undelivered"), 10)
    assert int(done.error_code) == 30008
    bench.app.wait(lambda r: r["form"].get("MessageSid") == message.sid)
    assert bench.app.statuses(message.sid) == ["undelivered"]
    assert len(bench.pdus("never")) == 1


def test_unsure_is_settled_by_its_report(rig):
    bench, gateway, client = start(rig)
    bench.sim.do("drop m1 +CMGS 1")
    message = client.messages.create(to=TO, from_=bench.numbers["m1"], body="proof", status_callback=bench.app.url("/s"))
    bench.sim.do("wait m1 pdu 1 10000")
    gateway.advance(181_000)
    until(lambda: status_is(client, message.sid, "delivered"), 15)
    assert len(bench.pdus("proof")) == 1
    bench.app.wait(lambda r: r["form"].get("MessageSid") == message.sid, count=2)
    assert bench.app.statuses(message.sid) == ["sent", "delivered"]


def test_unsure_alarm_is_resent_once(rig):
    extra = "[class alarm]\nunsure = resend\npriority = 9\n"
    bench, gateway, client = start(rig, keys={"reports": "off"}, extra=extra)
    bench.sim.do("drop m1 +CMGS 1")
    form = {"To": TO, "From": bench.numbers["m1"], "Body": "fire", "Tags": '{"class":"alarm"}'}  # SDK 7 knows no Tags
    answer = requests.post(f"{gateway.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json", data=form, auth=(ACCOUNT, TOKEN), timeout=10)
    sid = answer.json()["sid"]
    bench.sim.do("wait m1 pdu 1 10000")
    gateway.advance(181_000)
    until(lambda: status_is(client, sid, "sent"), 15)
    assert len(bench.pdus("fire")) == 2
    assert "duplicate" in gateway.cli("show", sid)


def test_operator_settles_unsure(rig):
    bench, gateway, client = start(rig, keys={"reports": "off"})
    bench.sim.do("drop m1 +CMGS 1")
    message = client.messages.create(to=TO, from_=bench.numbers["m1"], body="ask me")
    bench.sim.do("wait m1 pdu 1 10000")
    gateway.advance(181_000)
    until(lambda: "unsure" in gateway.cli("messages"), 10)
    gateway.cli("settle", message.sid, "sent")
    until(lambda: status_is(client, message.sid, "sent"), 5)
    assert "not UNSURE" in gateway.cli("settle", message.sid, "failed", check=False).stderr


# ---- gate 4: the tty vanishes, URCs anywhere ----


def test_tty_vanishes_in_the_pdu_and_returns_elsewhere(rig):
    bench, gateway, client = start(rig)
    bench.sim.do("vanish-at m1 pdu-byte 40")
    message = client.messages.create(to=TO, from_=bench.numbers["m1"], body="pulled out")
    bench.sim.wait("m1", "vanished")
    until(lambda: re.search(r"line=m1 .*state=(\w+)", gateway.cli("lines")).group(1) not in ("ready", "busy"), 10, "line noticed")
    bench.sim.do("return m1")
    # The Ctrl-Z may have left our side before the plug was pulled: then the outcome is unknown and no second copy goes out.
    settled = lambda: status_is(client, message.sid, "delivered") or "unsure" in gateway.cli("show", message.sid)  # noqa: E731
    until(lambda: settled() or bench.advance(gateway, 5_000), 30, "delivered or unsure")
    done = client.messages(message.sid).fetch()
    copies = len(bench.pdus("pulled out"))
    assert (done.status, copies) in (("delivered", 1), ("sending", 0)), (done.status, copies)
    other = client.messages.create(to="+41791110000", from_=bench.numbers["m1"], body="after")
    until(lambda: status_is(client, other.sid, "delivered") or bench.advance(gateway, 1000), 20)


@pytest.mark.parametrize("urc", ["RING", "^RSSI:17", '+CMTI: "ME",9'])
def test_urc_at_every_byte_of_a_send(rig, urc):
    """Also in the middle of a word: a torn result is no result, so such a send may end by its report or its deadline; never twice."""
    bench, gateway, client = start(rig, keys={"report_ms": 5})
    for byte in range(64):  # the prompt, the result, and well into the report that is read next
        bench.sim.cmd("urc-at", "m1", byte, urc)
        text = f"urc {byte}"
        message = client.messages.create(to=TO, from_=bench.numbers["m1"], body=text)
        try:
            until(lambda: status_is(client, message.sid, "sent", "delivered"), 2)
        except AssertionError:  # a prompt or an OK was torn
            until(lambda: status_is(client, message.sid, "sent", "delivered") or bench.advance(gateway, 500), 20, f"{urc} at byte {byte}")
        assert len(bench.pdus(text)) == 1


# ---- gate 5: SIM ----


def test_wrong_pin_costs_one_try_ever(rig):
    bench = rig(keys={"pin": "1234", "pin_tries": 3})
    gateway = bench.gateway(test_clock=True)
    gateway.file.write_text(gateway.file.read_text().replace("modem = m1\n[service", "modem = m1\npin = 9999\n[service"))
    assert "pin = 9999" in gateway.file.read_text()
    gateway.start()
    until(lambda: "state=stopped" in gateway.cli("lines"), 20, "line stopped")
    assert "PIN" in gateway.cli("lines")
    assert bench.sim.stats("m1")["pin_wrong"] == 1
    gateway.stop()
    gateway.start()
    until(lambda: "state=stopped" in gateway.cli("lines"), 20, "line stopped again")
    gateway.advance(3_600_000)
    assert bench.sim.stats("m1")["pin_wrong"] == 1


def test_right_pin_is_entered(rig):
    bench = rig(keys={"pin": "1234", "pin_tries": 3})
    gateway = bench.gateway(test_clock=True)
    gateway.file.write_text(gateway.file.read_text().replace("modem = m1\n[service", "modem = m1\npin = 1234\n[service"))
    gateway.start()
    gateway.wait_line_ready("m1")


def test_full_storage_drains(rig):
    bench, gateway, client = start(rig, test_clock=False)
    bench.inbound_to(client, "/in")
    bench.sim.do("store m1 ME size 3")
    for n in range(8):
        bench.sim.inject("m1", "+41795550000", f"fill {n}")
    bench.app.wait(lambda r: r["form"].get("Body", "").startswith("fill"), count=8, seconds=30)
    until(lambda: bench.sim.stored("m1") == 0, 10)
    assert sorted(r["form"]["Body"] for r in bench.app.requests) == [f"fill {n}" for n in range(8)]


def test_mr_wraps(rig):
    bench, gateway, client = start(rig, test_clock=False)
    bench.sim.do("mr m1 254")
    sids = [client.messages.create(to=f"+4179111{n:04d}", from_=bench.numbers["m1"], body=f"mr {n}").sid for n in range(5)]
    for sid in sids:
        until(lambda: status_is(client, sid, "delivered"), 15, sid)


def test_report_before_cmgs(rig):
    bench, gateway, client = start(rig, test_clock=False)
    bench.sim.do("set m1 report_before_cmgs=on")
    message = client.messages.create(to=TO, from_=bench.numbers["m1"], body="early report")
    until(lambda: status_is(client, message.sid, "delivered"), 15)


def test_other_sim_stops_the_line(rig):
    bench, gateway, client = start(rig)
    gateway.stop()
    bench.sim.do("set m1 iccid=8941000000000000099")
    gateway.start()
    until(lambda: "state=stopped" in gateway.cli("lines"), 20, "line stopped")
    message = client_of(gateway).messages.create(to=TO, from_=bench.numbers["m1"], body="not from here")
    assert message.status == "queued" and bench.pdus("not from here") == []


def client_of(gateway):
    return gateway.client()


# ---- gate 6: the webhook's endpoint ----


def test_endpoint_down_for_an_hour(rig):
    bench, gateway, client = start(rig)
    bench.inbound_to(client, "/in", (503, "down", "text/plain"))
    for n in range(3):
        bench.sim.inject("m1", f"+4179555000{n}", f"wait {n}")
    bench.app.wait(lambda r: r["path"] == "/in", count=3)
    for _ in range(12):
        gateway.advance(300_000)
    bench.app.answers["/in"] = (200, "<Response/>", "text/xml")
    # A jump while a request is under way can end it as late; then the next try is waited for.
    until(lambda: "hooks_waiting 0" in gateway.cli("status") or gateway.advance(600_000), 20, "all webhooks answered")
    for n in range(3):
        tries = [r for r in bench.app.requests if r["form"]["Body"] == f"wait {n}"]
        assert len(tries) >= 2 and len({r["headers"]["I-Twilio-Idempotency-Token"] for r in tries}) == 1


def test_recorded_2xx_is_never_repeated(rig):
    bench, gateway, client = start(rig)
    bench.inbound_to(client, "/in")
    bench.sim.inject("m1", "+41795550000", "once")
    bench.app.wait(lambda r: r["path"] == "/in")
    until(lambda: "hooks_waiting 0" in gateway.cli("status"), 10)
    gateway.kill()
    gateway.start()
    gateway.advance(7_200_000)
    bench.sim.inject("m1", "+41795550000", "second")
    bench.app.wait(lambda r: r["form"].get("Body") == "second")
    assert [r["form"]["Body"] for r in bench.app.requests] == ["once", "second"]


def test_mute_endpoint_delays_no_other(rig):
    bench, gateway, client = start(rig, test_clock=False)
    gate = threading.Event()

    def mute(request):
        gate.wait(30)
        return 200, "", "text/xml"

    bench.app.answers["/mute"] = mute
    try:
        for n in range(20):
            client.messages.create(to=f"+4179111{n:04d}", from_=bench.numbers["m1"], body=f"m {n}", status_callback=bench.app.url("/mute"))
        other = client.messages.create(to=TO, from_=bench.numbers["m1"], body="quick", status_callback=bench.app.url("/quick").replace("127.0.0.1", "localhost"))
        bench.app.wait(lambda r: r["path"] == "/quick", count=2, seconds=12)
        assert bench.app.statuses(other.sid) == ["sent", "delivered"]
    finally:
        gate.set()


# ---- gate 7: nothing stalls another ----


def test_bad_number_stalls_nobody(rig):
    bench, gateway, client = start(rig, test_clock=False)
    bench.sim.do('error m1 +CMGS "+CMS ERROR: 41" 1')  # transient: the message waits for its retry
    bad = client.messages.create(to="+41790000000", from_=bench.numbers["m1"], body="bad")
    until(lambda: "retry" in gateway.cli("show", bad.sid), 10)
    others = [client.messages.create(to=f"+4179222{n:04d}", from_=bench.numbers["m1"], body=f"ok {n}").sid for n in range(5)]
    for sid in others:
        until(lambda: status_is(client, sid, "delivered"), 10, sid)
    assert bench.sim.pdus("m1")[0]["text"] == "ok 0"


def test_sim_without_credit_leaves_a_pool_to_the_other(rig):
    bench, gateway, client = start(rig, modems=2, test_clock=False, keys={"latency_ms": 100})
    bench.sim.do('error m1 +CMGS "+CMS ERROR: 29" 0')
    sids = [client.messages.create(to=f"+4179555{n:04d}", messaging_service_sid=SERVICE, body=f"p {n}").sid for n in range(10)]
    for sid in sids:
        until(lambda: status_is(client, sid, "delivered"), 20, sid)
    tired = next(line for line in gateway.cli("lines").splitlines() if "line=m1" in line)
    assert "no jobs for" in tired and "29" in tired


def test_one_refused_message_does_not_cost_the_line(rig):
    """"Unknown error" may be the modem's fault: it is reset, once. Then it is the message's."""
    bench, gateway, client = start(rig, slot=True)
    bench.sim.do('error m1 +CMGS "+CMS ERROR: 500" 0')
    bad = client.messages.create(to="+41790000000", from_=bench.numbers["m1"], body="refused")
    until(lambda: bench.advance(gateway, 1000) or gateway.cli("show", bad.sid).count(" retry ") >= 6, 30)
    assert "event=modem.state modem=m1 from=resetting" in gateway.log_text()
    assert gateway.log_text().count("to=resetting") == 1 and "to=resting" not in gateway.log_text()
    bench.sim.do("clear-faults m1")
    other = client.messages.create(to=TO, from_=bench.numbers["m1"], body="fine")
    until(lambda: status_is(client, other.sid, "delivered"), 10)


def test_hung_line_holds_nothing_of_its_pool(rig):
    bench, gateway, client = start(rig, modems=2, test_clock=False)
    bench.sim.do("hold m1 +CMGS 1")
    held = client.messages.create(to=TO, from_=bench.numbers["m1"], body="held")
    sids = [client.messages.create(to=f"+4179555{n:04d}", messaging_service_sid=SERVICE, body=f"h {n}").sid for n in range(12)]
    for sid in sids:
        until(lambda: status_is(client, sid, "delivered"), 20, sid)
    assert status_is(client, held.sid, "sending")


def test_permanent_error_fails_the_message(rig):
    bench, gateway, client = start(rig, test_clock=False)
    bench.sim.do('error m1 +CMGS "+CMS ERROR: 1" 1')
    bad = client.messages.create(to=TO, from_=bench.numbers["m1"], body="unassigned", status_callback=bench.app.url("/s"))
    done = until(lambda: status_is(client, bad.sid, "failed"), 10)
    assert int(done.error_code) == 30005
    hook = bench.app.wait(lambda r: r["form"].get("MessageSid") == bad.sid)[0]
    assert (hook["form"]["MessageStatus"], hook["form"]["ErrorCode"]) == ("failed", "30005")


def test_dead_modem_stalls_no_other(rig):
    bench, gateway, client = start(rig, modems=2, test_clock=False)
    bench.sim.do("hang m1 power")
    stuck = client.messages.create(to=TO, from_=bench.numbers["m1"], body="stuck")
    sids = [client.messages.create(to=f"+4179333{n:04d}", from_=bench.numbers["m2"], body=f"free {n}").sid for n in range(5)]
    for sid in sids:
        until(lambda: status_is(client, sid, "delivered"), 10, sid)
    assert status_is(client, stuck.sid, "queued", "sending")


# ---- a hung modem heals by itself ----


@pytest.mark.parametrize("cure", ["cfun", "power"])
def test_hung_modem_heals(rig, cure):
    bench, gateway, client = start(rig, slot=True)
    bench.sim.do(f"hang m1 {cure}")
    message = client.messages.create(to=TO, from_=bench.numbers["m1"], body="heal")
    def healed():
        bench.advance(gateway, 2_000)
        return status_is(client, message.sid, "delivered")
    until(healed, 60, f"healed by {cure}")
    assert len(bench.pdus("heal")) == 1


def test_spontaneous_reboot_reinitialises(rig):
    bench, gateway, client = start(rig)
    bench.sim.do("reboot m1")
    message = client.messages.create(to=TO, from_=bench.numbers["m1"], body="after reboot")
    until(lambda: status_is(client, message.sid, "delivered") or bench.advance(gateway, 1000), 30)
    assert len(bench.pdus("after reboot")) == 1
