"""The demo's story, told as it happens; see scripts/demo. Exit 0 only if every step was seen."""
import json
import pathlib
import shlex
import signal
import subprocess
import sys
import tempfile
import threading

ROOT = pathlib.Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT / "tests" / "system"))
from twilio.request_validator import RequestValidator  # noqa: E402

from board import QUICK, Board  # noqa: E402
from gateway import ACCOUNT, SERVICE, TOKEN, Application, Gateway, Sim, configuration, until  # noqa: E402

LINE, PHONE = "+41790000001", "+41791234567"

POLL_S = 0.2  # within the gateway's default rate for an account


def say(text):
    print(text, flush=True)


def announced(app, *answer):
    """Answers a webhook so, and prints it as it comes, with the SDK's own verdict on its signature."""

    def on_request(request):
        good = RequestValidator(TOKEN).validate(request["url"], request["form"], request["headers"].get("X-Twilio-Signature", ""))
        form = request["form"]
        what = form.get("MessageStatus") or f"{form['From']} says {form['Body']!r}"
        say(f"   webhook {request['path']:<8} {what:<40} signature {'valid' if good else 'WRONG'}")
        app.all_signed = app.all_signed and good
        return answer

    return on_request


def curl_line(gateway):
    return (
        f"curl -sS -u {ACCOUNT}:{TOKEN} --data-urlencode To={PHONE} --data-urlencode From={LINE} -d Body=Hi "
        f"{gateway.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json"
    )


def story(gateway, sim, app):
    client = gateway.client()
    app.all_signed = True
    app.answers["/status"] = announced(app, 200, "", "text/xml")
    app.answers["/sms"] = announced(app, 200, "<Response><Message>Noted, thank you</Message></Response>", "text/xml")

    say("1. The application sends an SMS through the Twilio SDK")
    message = client.messages.create(to=PHONE, from_=LINE, body="Boiler 3: pressure high", status_callback=app.url("/status"))
    say(f"   created {message.sid} status {message.status}")
    app.wait(lambda r: r["path"] == "/status", count=2)
    say(f"   the modem took: {sim.pdus()[-1]['text']!r}")
    say(f"   fetched: {client.messages(message.sid).fetch().status}")

    say("2. The phone answers; the application replies with TwiML")
    number = client.incoming_phone_numbers.list(phone_number=LINE)[0]
    client.incoming_phone_numbers(number.sid).update(sms_url=app.url("/sms"))
    sim.inject("m1", PHONE, "On my way")
    app.wait(lambda r: r["path"] == "/sms")
    reply = until(lambda: [m for m in client.messages.list(to=PHONE) if m.direction == "outbound-reply"], what="the reply", pause_s=POLL_S)[0]
    until(lambda: client.messages(reply.sid).fetch().status == "delivered", what="the reply delivered", pause_s=POLL_S)
    say(f"   reply {reply.sid} {reply.body!r} delivered")

    say("3. What the gateway remembers of the first message (cellpost show)")
    for line in gateway.cli("show", message.sid).splitlines():
        say("   " + line)

    say("4. The same by curl")
    say("   " + curl_line(gateway))
    answer = json.loads(subprocess.run(shlex.split(curl_line(gateway)), check=True, capture_output=True).stdout)
    say(f"   {answer['sid']} status {answer['status']}")
    until(lambda: client.messages(answer["sid"]).fetch().status == "delivered", what="curl's message delivered", pause_s=POLL_S)

    say("5. The modem's power is a board's (cellpost board, cellpost lines)")
    for verb in (["board", "north"], ["lines"]):
        for line in gateway.cli(*verb).splitlines():
            say("   " + line)
    if not app.all_signed:
        raise AssertionError("a webhook's signature is wrong")


def stay(gateway):
    stopped = threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stopped.set())
    say("")
    say(f"The API is up at {gateway.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    say("  " + curl_line(gateway))
    say(f"  messaging service {SERVICE}; this account and token are the demo's own, in a folder that goes away with it")
    say("Ctrl-C stops.")
    stopped.wait()


def main():
    with tempfile.TemporaryDirectory(prefix="cellpost-demo-") as folder:
        folder = pathlib.Path(folder)
        app = Application()
        board = Board(folder, "north").start()
        keys = {"number": LINE, "latency_ms": 300, "report_ms": 500, "board": board.bus, "slot": 0}
        sim = Sim(folder / "sim", {"m1": keys}).start()
        lines = [("m1", LINE, sim.link("m1"), "north:0\n" + QUICK)]
        gateway = Gateway(lambda data: configuration(lines, data, board.section(), limited=True), folder / "gateway")
        try:
            gateway.start()
            say("a simulated modem board switches the modem on ...")
            gateway.wait_line_ready("m1", seconds=60)
            say(f"cellpostd is up at {gateway.url}, line {LINE} on a simulated modem")
            story(gateway, sim, app)
            if "--once" not in sys.argv:
                stay(gateway)
            code = gateway.stop()
        finally:
            gateway.remove()
            sim.stop()
            board.stop()
            app.close()
        say("stopped cleanly" if code == 0 else f"cellpostd ended with {code}")
        return code


if __name__ == "__main__":
    sys.exit(main())
