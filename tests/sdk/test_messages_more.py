"""Scheduling, feedback, keys and media through the unmodified SDK for Python and the daemon, whose clocks the test moves."""
import datetime
import urllib.parse
import urllib.request

import pytest
from twilio.base.exceptions import TwilioRestException

from gateway import ACCOUNT, SERVICE, TOKEN, Application, Gateway, configuration, until

TO, FROM, FULL = "+41791112233", "+41790000099", "+41790000098"
HOUR = 3_600_000


def lab_configuration(data, extra=""):
    return configuration([], data) + extra + (
        f"[line lab]\nnumber = {FROM}\ncarrier = loopback\n[service pool]\nsid = {SERVICE}\nlines = lab\n"
    )


class Lab:
    def __init__(self, folder):
        self.app = Application()
        self.gateway = Gateway(lambda data: lab_configuration(data, "schedule_without_service = yes\n"), folder, test_clock=True).start()
        self.client = self.gateway.client()
        self.skew = datetime.timedelta()

    def now(self):
        return datetime.datetime.now(datetime.timezone.utc) + self.skew

    def advance(self, ms):
        self.gateway.advance(ms)
        self.skew += datetime.timedelta(milliseconds=ms)

    def restart(self):
        self.gateway.kill()
        self.skew = datetime.timedelta()
        self.gateway.start()
        self.client = self.gateway.client()

    def schedule(self, seconds, **more):
        return self.client.messages.create(
            to=TO, messaging_service_sid=SERVICE, body="later", schedule_type="fixed",
            send_at=self.now() + datetime.timedelta(seconds=seconds), status_callback=self.app.url("/status"), **more,
        )

    def calls(self, sid):
        """The statuses told, in order; one whose answer a kill has cut off comes again under its token."""
        calls = self.app.wait(lambda r: r["form"].get("MessageSid") == sid)
        return [status for status, _ in dict.fromkeys((r["form"]["MessageStatus"], r["headers"]["I-Twilio-Idempotency-Token"]) for r in calls)]

    def status(self, sid):
        return self.client.messages(sid).fetch().status


@pytest.fixture
def lab(tmp_path):
    lab = Lab(tmp_path / "lab")
    yield lab
    assert lab.gateway.stop() == 0
    lab.app.close()


def refusal(call, *args, **kwargs):
    with pytest.raises(TwilioRestException) as error:
        call(*args, **kwargs)
    return error.value


def test_scheduled_leaves_at_its_time(lab):
    message = lab.schedule(3600)
    assert message.status == "scheduled" and message.from_ is None and message.date_sent is None
    lab.advance(HOUR - 60_000)
    assert lab.status(message.sid) == "scheduled"
    lab.advance(60_000)
    until(lambda: lab.status(message.sid) == "delivered", what="delivered")
    lab.app.wait(lambda r: r["form"].get("MessageStatus") == "delivered")
    assert lab.app.statuses(message.sid) == ["queued", "sent", "delivered"]
    sent = lab.client.messages(message.sid).fetch().date_sent
    assert sent - message.date_created >= datetime.timedelta(hours=1) - datetime.timedelta(seconds=1)


def test_scheduled_is_canceled_for_good(lab):
    message = lab.schedule(3600)
    assert lab.client.messages(message.sid).update(status="canceled").status == "canceled"
    lab.app.wait(lambda r: r["form"].get("MessageStatus") == "canceled")
    lab.advance(2 * HOUR)
    other = lab.client.messages.create(to=TO, from_=FROM, body="now")
    until(lambda: lab.status(other.sid) == "delivered", what="delivered")
    assert lab.status(message.sid) == "canceled"


def test_refusals_of_scheduling(lab):
    assert refusal(lab.schedule, 200).code == 35114
    assert refusal(lab.schedule, 36 * 24 * 3600).code == 35114
    assert refusal(lab.client.messages.create, to=TO, messaging_service_sid=SERVICE, body="x", schedule_type="fixed").code == 35111
    alone = lab.client.messages.create(to=TO, from_=FROM, body="x", schedule_type="fixed", send_at=lab.now() + datetime.timedelta(hours=1))
    assert alone.status == "scheduled" and alone.from_ == FROM


def test_scheduled_survives_a_kill(lab):
    message = lab.schedule(3600)
    lab.restart()
    assert lab.status(message.sid) == "scheduled"
    lab.advance(HOUR)
    until(lambda: lab.status(message.sid) == "delivered", what="delivered")
    lab.restart()
    assert lab.status(message.sid) == "delivered"
    lab.advance(HOUR)  # back to when the calls were made: what the kill left of them is due
    lab.app.wait(lambda r: r["form"].get("MessageStatus") == "delivered")
    assert lab.calls(message.sid) == ["queued", "sent", "delivered"]


def test_feedback(lab):
    message = lab.client.messages.create(to=TO, from_=FROM, body="clicked?", provide_feedback=True)
    first = lab.client.messages(message.sid).feedback.create()
    assert (first.outcome, first.message_sid, first.account_sid) == ("confirmed", message.sid, ACCOUNT)
    second = lab.client.messages(message.sid).feedback.create(outcome="unconfirmed")
    assert second.outcome == "unconfirmed" and second.date_created == first.date_created
    fetched = lab.client.messages(message.sid).fetch()
    assert fetched.subresource_uris["feedback"] == second.uri
    assert refusal(lab.client.messages("SM" + "0" * 32).feedback.create).status == 404


def test_media(lab):
    message = lab.client.messages.create(to=TO, from_=FROM, body="text only")
    media = lab.client.messages(message.sid).media
    assert media.list(date_created_after=datetime.datetime(2020, 1, 1)) == []
    one = lab.client.messages(message.sid).media("ME" + "0" * 32)
    assert refusal(one.fetch).status == 404
    assert refusal(one.delete).status == 404


def keyed(lab, key, **form):
    """A POST with an idempotency key: (status, sid or code)."""
    import base64
    import json

    request = urllib.request.Request(
        f"{lab.gateway.url}/2010-04-01/Accounts/{ACCOUNT}/Messages.json", urllib.parse.urlencode(form).encode(),
        {"Idempotency-Key": key, "Authorization": "Basic " + base64.b64encode(f"{ACCOUNT}:{TOKEN}".encode()).decode()},
    )
    try:
        with urllib.request.urlopen(request) as answer:
            return answer.status, json.load(answer)["sid"]
    except urllib.error.HTTPError as error:
        return error.code, json.load(error)["code"]


def test_a_key_over_a_kill_and_a_delete(lab):
    form = dict(To=TO, From=FROM, Body="once")
    status, sid = keyed(lab, "k", **form)
    assert status == 201
    lab.restart()
    assert keyed(lab, "k", **form) == (201, sid)
    assert keyed(lab, "k", **dict(form, Body="twice")) == (409, 20409)
    lab.advance(11 * HOUR)  # the kill may have left it unsure, or without its report
    until(lambda: lab.status(sid) in ("sent", "delivered", "undelivered"), what="final")
    assert lab.client.messages(sid).delete()
    assert keyed(lab, "k", **form) == (409, 20409)
    assert lab.client.messages.list() == []


def test_pages_are_stable_under_inserts_and_a_restart(lab):
    first = [lab.client.messages.create(to=TO, from_=FROM, body=f"n{i}").sid for i in range(9)]
    page = lab.client.messages.page(page_size=4)
    seen = [m.sid for m in page]
    for _ in range(3):
        lab.client.messages.create(to=TO, from_=FROM, body="between")
    lab.restart()
    uri = page._payload["next_page_uri"]
    while uri:
        page = lab.client.messages.get_page(lab.gateway.url + uri)
        seen += [m.sid for m in page]
        lab.client.messages.create(to=TO, from_=FROM, body="between")
        lab.restart()
        uri = page._payload["next_page_uri"]
    assert seen == list(reversed(first))


PACE = f"""[line lab]
number = {FROM}
carrier = loopback
rate = 2
[line full]
number = {FULL}
carrier = loopback
queue_max = 3
[simulate never]
line = full
outcome = retry
"""


def test_a_line_has_its_pace_and_its_end(tmp_path):
    gateway = Gateway(lambda data: configuration([], data) + PACE, tmp_path / "pace").start()
    client = gateway.client()
    sids = [client.messages.create(to=f"+4179111223{i}", from_=FROM, body="x").sid for i in range(3)]
    for i in range(3):
        client.messages.create(to=f"+4179111223{i}", from_=FULL, body="x")
    assert refusal(client.messages.create, to=TO, from_=FULL, body="x").code == 21611
    until(lambda: all(client.messages(sid).fetch().status == "delivered" for sid in sids), what="all delivered")
    times = []
    for sid in sids:
        times += [line.split()[0] for line in gateway.cli("show", sid).splitlines() if " in_flight " in line]
    times = sorted(datetime.datetime.fromisoformat(t.replace("Z", "+00:00")) for t in times)
    assert len(times) == 3
    assert all(later - earlier >= datetime.timedelta(milliseconds=490) for earlier, later in zip(times, times[1:])), times
    assert gateway.stop() == 0
