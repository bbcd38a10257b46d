"""Messaging services over the API: made, filled, used and deleted by the unmodified SDKs for Python and Node."""
import contextlib

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

import node_suite
from gateway import ACCOUNT, ANSWER_S, SERVICE, TOKEN, until
from schema import assert_resource


def refusal(call, *args, **kwargs):
    with pytest.raises(TwilioRestException) as error:
        call(*args, **kwargs)
    return error.value.status, error.value.code


@contextlib.contextmanager
def service(bench, *numbers, **options):
    made = bench.client.messaging.services.create(friendly_name="sdk", **options)
    context = bench.client.messaging.services(made.sid)
    for number in numbers:
        context.phone_numbers.create(phone_number_sid=bench.client.incoming_phone_numbers.list(phone_number=number)[0].sid)
    yield context
    assert context.delete() is True


def sent(bench, sid):
    return until(lambda: (m := bench.client.messages(sid).fetch()).status == "delivered" and m, 15, f"{sid} delivered")


@pytest.fixture(autouse=True)
def messaging(bench):
    bench.client.messaging.base_url = bench.gateway.url


def test_life(bench):
    services = bench.client.messaging.services
    made = services.create(friendly_name="Alerts", status_callback="http://127.0.0.1:1/s", validity_period=600, sticky_sender=False)
    assert made.sid.startswith("MG") and made.friendly_name == "Alerts"
    assert made.validity_period == 600 and made.sticky_sender is False and made.smart_encoding is True
    assert made.date_created is not None and made.url == f"{bench.gateway.url}/v1/Services/{made.sid}"
    changed = services(made.sid).update(friendly_name="Other", area_code_geomatch=False, use_inbound_webhook_on_number=True)
    assert changed.friendly_name == "Other" and changed.area_code_geomatch is False and changed.validity_period == 600
    assert services(made.sid).fetch().use_inbound_webhook_on_number is True
    assert made.sid in [s.sid for s in services.list()]
    assert services(made.sid).delete() is True
    assert refusal(services(made.sid).fetch) == (404, 20404)
    assert refusal(services.create, friendly_name="x", validity_period=36001) == (400, 20001)
    assert refusal(services(SERVICE).update, friendly_name="x") == (409, 20409)
    assert services(SERVICE).fetch().friendly_name == "pool"


def test_answers_fit_the_schema(bench):
    auth = (ACCOUNT, TOKEN)
    root = bench.gateway.url + "/v1/Services"
    with service(bench, bench.plant) as context:
        context.alpha_senders.create(alpha_sender="Acme")
        one = f"{root}/{context._solution['sid']}"
        assert_resource("messaging.v1.service", requests.get(one, auth=auth, timeout=ANSWER_S).json())
        for tail, key, schema in (("PhoneNumbers", "phone_numbers", "phone_number"), ("AlphaSenders", "alpha_senders", "alpha_sender"),
                                  ("DestinationAlphaSenders", "alpha_senders", "destination_alpha_sender"),
                                  ("ShortCodes", "short_codes", None), ("ChannelSenders", "senders", None)):
            body = requests.get(f"{one}/{tail}", auth=auth, timeout=ANSWER_S).json()
            assert set(body) == {"meta", key} and body["meta"]["key"] == key
            assert set(body["meta"]) == {"page", "page_size", "first_page_url", "previous_page_url", "next_page_url", "key", "url"}
            for resource in body[key]:
                assert_resource(f"messaging.v1.service.{schema}", resource)
            assert len(body[key]) == (0 if schema is None else 1)
        assert_resource("messaging.v1.usecase", requests.get(f"{root}/Usecases", auth=auth, timeout=ANSWER_S).json())


def test_pages_lead_back_to_us(bench):
    services = bench.client.messaging.services
    made = [services.create(friendly_name=f"page {n}").sid for n in range(5)]
    walked = [s.sid for s in services.stream(page_size=2)]
    assert walked[:5] == made[::-1] and len(walked) == len(set(walked))
    first = services.page(page_size=2)
    assert [s.sid for s in first.next_page().previous_page()] == [s.sid for s in first]
    for sid in made:
        services(sid).delete()


def test_numbers(bench):
    with service(bench, bench.ward) as one, service(bench) as other:
        number = one.phone_numbers.list()[0]
        assert number.phone_number == bench.ward and number.country_code == "CH" and number.capabilities == ["SMS"]
        assert one.phone_numbers(number.sid).fetch().sid == number.sid
        assert refusal(one.phone_numbers.create, phone_number_sid=number.sid) == (409, 21710)
        assert refusal(other.phone_numbers.create, phone_number_sid=number.sid) == (409, 21712)
        assert refusal(other.phone_numbers.create, phone_number_sid="PN" + 32 * "0") == (400, 21421)
        assert one.phone_numbers(number.sid).delete() is True
        assert one.phone_numbers.list() == []
        other.phone_numbers.create(phone_number_sid=number.sid)


def test_send_and_status_callback(bench):
    create = bench.client.messages.create
    with service(bench, status_callback=bench.app.url("/svc-status")) as context:
        sid = context._solution["sid"]
        assert refusal(create, to="+41791119001", messaging_service_sid=sid, body="x") == (400, 21704)
        context.alpha_senders.create(alpha_sender="Acme")
        assert refusal(create, to="+41791119001", messaging_service_sid=sid, body="x") == (400, 21703)
        context.phone_numbers.create(phone_number_sid=bench.client.incoming_phone_numbers.list(phone_number=bench.plant)[0].sid)
        message = create(to="+41791119001", messaging_service_sid=sid, body="by service")
        assert message.status == "accepted" and message.messaging_service_sid == sid
        assert sent(bench, message.sid).from_ == bench.plant
        hooks = bench.app.wait(lambda r: r["path"] == "/svc-status" and r["form"].get("MessageStatus") == "delivered")
        assert hooks[0]["form"]["MessagingServiceSid"] == sid and hooks[0]["form"]["MessageSid"] == message.sid
    assert refusal(create, to="+41791119001", messaging_service_sid=sid, body="x") == (400, 21701)
    assert bench.client.messages(message.sid).fetch().messaging_service_sid == sid


def test_inbound(bench):
    bench.app.answers["/svc-in"] = (200, "<Response/>", "text/xml")
    bench.route_inbound("/svc-number", (200, "<Response/>", "text/xml"))
    with service(bench, bench.ward, inbound_request_url=bench.app.url("/svc-in")) as context:
        bench.inject("+41791119002", "to the service")
        hook = bench.app.wait(lambda r: r["form"].get("Body") == "to the service")[0]
        assert hook["path"] == "/svc-in" and hook["form"]["MessagingServiceSid"] == context._solution["sid"]
        context.update(use_inbound_webhook_on_number=True)
        bench.inject("+41791119002", "to the number")
        hook = bench.app.wait(lambda r: r["form"].get("Body") == "to the number")[0]
        assert hook["path"] == "/svc-number" and hook["form"]["MessagingServiceSid"] == context._solution["sid"]


def test_sticky(bench):
    with service(bench, bench.ward, bench.plant) as context:
        known = {}
        for turn in range(3):
            for n in range(4):
                to = f"+4179111910{n}"
                message = bench.client.messages.create(to=to, messaging_service_sid=context._solution["sid"], body=f"turn {turn}")
                assert known.setdefault(to, from_ := sent(bench, message.sid).from_) == from_
        assert set(known.values()) == {bench.ward, bench.plant}


def test_node(bench):
    node_suite.run("services", bench.gateway, SERVICE=SERVICE, FROM=bench.plant).assert_all()
