"""A scheduled message against SIGKILL: the daemon is killed before each system call with an effect of its release and its sending. After a
restart it is still scheduled, or it was released; in the end it has left exactly once, or is UNSURE and was settled as that. Never twice,
never before its time."""
import collections
import datetime

from gateway import SERVICE, until
from test_kill import effects_of, killed_at, restart, settle, told

TO = "+41791112233"
HOUR = 3_600_000


def schedule(bench, gateway, text):
    at = datetime.datetime.now(datetime.timezone.utc) + datetime.timedelta(milliseconds=gateway.skew + HOUR)
    message = gateway.client().messages.create(
        to=TO, messaging_service_sid=SERVICE, body=text, schedule_type="fixed", send_at=at, status_callback=bench.app.url("/status")
    )
    assert message.status == "scheduled"
    return message.sid


def release(bench, gateway, sid):
    """Moves the clock to the message's time, and waits until it is sent or the daemon ended. No reports: the modem's clock stays behind."""
    gateway.cli("advance", HOUR, check=False)
    gateway.skew += HOUR
    until(lambda: gateway.process.poll() is not None or told(gateway, f"sid={sid} kind=hook .*status=sent done"), 15, "sent or killed")


def start(gateway):
    gateway.start()
    gateway.skew = 0
    gateway.wait_line_ready("m1")


def test_kill_at_every_effect_of_a_release(rig):
    bench = rig(keys={"latency_ms": 5, "reports": "off"})
    gateway = bench.gateway(test_clock=True)
    start(gateway)
    release(bench, gateway, schedule(bench, gateway, "warm up"))
    sid = schedule(bench, gateway, "undisturbed")
    assert bench.pdus("undisturbed") == []
    points = effects_of(lambda: release(bench, gateway, sid), gateway)
    assert len(points) >= 12, points
    outcomes = collections.Counter()
    for number, point in enumerate(points):
        text = f"later {number} at {point[0]} {point[1]}"
        sid = schedule(bench, gateway, text)
        dead = killed_at(gateway, point, lambda: release(bench, gateway, sid))
        gateway.kill()
        after = restart(bench, gateway)
        client = after.client()
        status = client.messages(sid).fetch().status
        if status == "scheduled":
            assert bench.pdus(text) == [], f"{text}: sent before it was released"
            after.advance(gateway.skew + 1000)
        message = settle(bench, after, client, sid, ("sent", "undelivered", "failed"), gateway.skew)
        count = len(bench.pdus(text))
        if message.status == "sent":
            assert count == 1, f"{text}: sent, {count} PDUs"
        else:
            assert message.status == "undelivered" and int(message.error_code) == 30008 and count <= 1, f"{text}: {message.status}"
        outcomes[f"{status}, then {message.status}"] += 1
        outcomes["killed" if dead else "survived"] += 1
        assert after.stop() == 0
        start(gateway)
    print(f"release: {len(points)} kill points, {dict(outcomes)}")
