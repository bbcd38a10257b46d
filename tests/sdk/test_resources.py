"""Small resources of api v2010 through the unmodified SDK: applications, usage, balance, and the empty lists of voice."""
import datetime

import pytest
from twilio.base.exceptions import TwilioRestException

from gateway import until


def refusal(call, *args, **kwargs):
    with pytest.raises(TwilioRestException) as error:
        call(*args, **kwargs)
    return error.value


def test_application_lives_and_dies(bench):
    made = bench.client.applications.create(friendly_name="ward", sms_url=bench.app.url("/a"), message_status_callback=bench.app.url("/b"))
    assert made.sid.startswith("AP") and made.sms_method == "POST" and made.voice_caller_id_lookup is False
    assert isinstance(made.date_created, datetime.datetime)
    changed = bench.client.applications(made.sid).update(sms_method="GET", voice_caller_id_lookup=True)
    assert (changed.sms_method, changed.friendly_name, changed.voice_caller_id_lookup) == ("GET", "ward", True)
    assert [a.sid for a in bench.client.applications.list(friendly_name="ward")] == [made.sid]
    assert bench.client.applications(made.sid).delete() is True
    assert refusal(bench.client.applications(made.sid).fetch).code == 20404


def test_a_line_given_to_an_application(bench):
    bench.app.answers["/application"] = (200, "<Response/>", "text/xml")
    made = bench.client.applications.create(
        friendly_name="inbox", sms_url=bench.app.url("/application"), message_status_callback=bench.app.url("/application-status")
    )
    line = bench.client.incoming_phone_numbers.list(phone_number=bench.ward)[0]
    given = bench.client.incoming_phone_numbers(line.sid).update(sms_application_sid=made.sid)
    assert given.sms_application_sid == made.sid
    try:
        bench.inject("+41790088001", "to the application")
        hook = bench.app.wait(lambda r: r["path"] == "/application" and r["form"].get("Body") == "to the application")[0]
        assert (hook["form"]["FromCountry"], hook["form"]["ToCountry"]) == ("CH", "CH")
        message = bench.client.messages.create(to="+41791112233", from_=bench.ward, body="its status goes there")
        bench.app.wait(lambda r: r["path"] == "/application-status" and r["form"].get("MessageSid") == message.sid)
    finally:
        bench.client.applications(made.sid).delete()
    assert not bench.client.incoming_phone_numbers(line.sid).fetch().sms_application_sid
    assert refusal(bench.client.incoming_phone_numbers(line.sid).update, sms_application_sid=made.sid).code == 21218


def outbound(records, **dates):
    record = records.list(category="sms-outbound", **dates)[0]
    assert (record.count_unit, record.usage_unit, float(record.price)) == ("messages", "segments", 0)
    return int(record.count), int(record.usage)


def wait_quiet(bench):
    """Until nothing is on its way that an earlier test has sent and not waited for."""
    until(lambda: " queued 0 sending 0 " in bench.gateway.cli("status"), 30, "nothing on its way")


def within_one_day(read):
    """The day (UTC) and what read() gives of it; once more if midnight came between."""
    today = lambda: datetime.datetime.now(datetime.timezone.utc).date()
    day, values = today(), read()
    return (day, values) if day == today() else (today(), read())


def test_usage_counts_what_left(bench):
    wait_quiet(bench)
    records = bench.client.usage.records
    before = outbound(records)
    message = bench.client.messages.create(to="+41791112233", from_=bench.ward, body="u" * 161)
    until(lambda: bench.client.messages(message.sid).fetch().status == "delivered", what="delivered")
    bench.client.messages(message.sid).delete()
    after = outbound(records)
    assert (after[0] - before[0], after[1] - before[1]) == (1, 2)
    assert outbound(records.all_time) == after
    today, shown = within_one_day(lambda: (outbound(records.today), outbound(records.this_month)))
    assert shown == (outbound(records, start_date=today, end_date=today), outbound(records, start_date=today.replace(day=1), end_date=today))
    days = records.daily.list(category="sms-outbound", start_date=today - datetime.timedelta(days=3), end_date=today)
    assert (sum(int(day.count) for day in days), sum(int(day.usage) for day in days)) == after
    assert days[0].end_date == today and days[0].category == "sms-outbound"
    assert bench.client.usage.records.monthly.list(limit=1) and bench.client.usage.records.yearly.list(limit=1)
    assert bench.client.usage.records.yesterday.list() and bench.client.usage.records.last_month.list()
    assert bench.client.usage.triggers.list() == []


def test_balance(bench):
    balance = bench.client.balance.fetch()
    assert (balance.balance, balance.currency) == ("0.00", "USD")


def test_lists_of_what_is_not_there(bench):
    c = bench.client
    for resource in (
        c.calls, c.conferences, c.queues, c.recordings, c.transcriptions, c.addresses, c.connect_apps, c.authorized_connect_apps,
        c.outgoing_caller_ids, c.short_codes, c.sip.domains, c.sip.credential_lists, c.sip.ip_access_control_lists,
        c.available_phone_numbers, c.available_phone_numbers("CH").local, c.available_phone_numbers("CH").mobile,
        c.available_phone_numbers("US").toll_free, c.incoming_phone_numbers.local, c.incoming_phone_numbers.toll_free,
    ):
        assert resource.list() == []
    error = refusal(c.calls.create, to="+41791112233", from_=bench.ward, url="http://x.test/")
    assert (error.status, error.code) == (404, 20404)
    assert refusal(c.queues.create, friendly_name="q").code == 20404
    assert refusal(c.calls("CA" + "0" * 32).fetch).code == 20404
