"""STOP and START through the whole gateway: a handset writes, the application is refused, an operator lists and imports."""
import json

import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from gateway import ANSWER_S, until


def refused(bench, to, **sender):
    with pytest.raises(TwilioRestException) as error:
        bench.client.messages.create(to=to, body="hello", **sender)
    return error.value.code


def api(bench, method, path, **options):
    return requests.request(method, bench.gateway.url + path, auth=(bench.client.username, bench.client.password), timeout=ANSWER_S, **options)


def root(bench):
    return f"/2010-04-01/Accounts/{bench.client.username}/OptOuts"


def leave(bench, number, word="STOP"):
    bench.inject(number, word)
    until(lambda: any(number in line for line in bench.gateway.cli("optouts", "list").splitlines()), what="the row")


def test_stop_start(bench):
    alice = "+41790077001"
    bench.route_inbound("/optout", (200, "<Response/>", "text/xml"))
    leave(bench, alice)
    assert refused(bench, alice, from_=bench.ward) == 21610
    hook = bench.app.wait(lambda r: r["path"] == "/optout" and r["form"].get("From") == alice)[0]
    assert hook["form"]["Body"] == "STOP" and hook["form"]["OptOutType"] == "STOP"
    until(lambda: [m for m in bench.client.messages.list(to=alice) if m.direction == "outbound-reply"], what="the confirmation")
    assert "START" in bench.client.messages.list(to=alice)[0].body
    bench.inject(alice, "start")
    until(lambda: alice not in bench.gateway.cli("optouts", "list"), what="no row")
    assert bench.client.messages.create(to=alice, from_=bench.ward, body="again").sid
    hook = bench.app.wait(lambda r: r["path"] == "/optout" and r["form"].get("Body") == "start")[0]
    assert hook["form"]["OptOutType"] == "START"


def test_other_texts_have_no_type(bench):
    bench.route_inbound("/optout2", (200, "<Response/>", "text/xml"))
    bench.inject("+41790077002", "do not stop")
    form = bench.app.wait(lambda r: r["path"] == "/optout2" and r["form"].get("From") == "+41790077002")[0]["form"]
    assert "OptOutType" not in form


def test_resource(bench):
    bob = "+41790077003"
    made = api(bench, "POST", root(bench) + ".json", data={"Number": bob, "From": bench.plant})
    assert made.status_code == 201, made.text
    row = made.json()
    assert (row["number"], row["from"], row["messaging_service_sid"], row["source"]) == (bob, bench.plant, None, "api")
    assert refused(bench, bob, from_=bench.plant) == 21610
    listed = api(bench, "GET", root(bench) + ".json", params={"Number": bob}).json()
    assert [r["sid"] for r in listed["opt_outs"]] == [row["sid"]] and listed["next_page_uri"] is None
    assert api(bench, "GET", f"{root(bench)}/{row['sid']}.json").json() == row
    assert api(bench, "DELETE", f"{root(bench)}/{row['sid']}.json").status_code == 204
    assert api(bench, "GET", f"{root(bench)}/{row['sid']}.json").status_code == 404
    assert bench.client.messages.create(to=bob, from_=bench.plant, body="back").sid


def test_pages(bench):
    numbers = [f"+4179007710{n}" for n in range(5)]
    for number in numbers:
        assert api(bench, "POST", root(bench), data={"Number": number, "From": bench.plant}).status_code == 201
    seen, path = [], root(bench) + ".json?PageSize=2"
    while path:
        page = api(bench, "GET", path).json()
        seen += [r["number"] for r in page["opt_outs"]]
        path = page["next_page_uri"]
    assert [n for n in seen if n in numbers] == numbers[::-1]


@pytest.mark.parametrize("form, code", [
    ({"Number": "x", "From": "+41790000002"}, 21211),
    ({"Number": "+41790077004"}, 21603),
    ({"Number": "+41790077004", "From": "+41790000099"}, 21606),
    ({"Number": "+41790077004", "MessagingServiceSid": "MG" + "0" * 32}, 21701),
])
def test_refusals(bench, form, code):
    answer = api(bench, "POST", root(bench), data=form)
    assert answer.status_code == 400 and answer.json()["code"] == code


def test_consents_in_bulk(bench):
    carol, items = "+41790077005", []
    for number, status in ((carol, "opt-out"), ("nobody", "opt-out"), (carol, "perhaps")):
        items.append(json.dumps({"contact_id": number, "correlation_id": "c1", "sender_id": bench.plant, "status": status}))
    answer = api(bench, "POST", "/v1/Consents/Bulk", data={"Items": items})
    assert answer.status_code == 201, answer.text
    assert [item["error_code"] for item in answer.json()["items"]] == [0, 20001, 20001]
    assert refused(bench, carol, from_=bench.plant) == 21610
    back = json.dumps({"contact_id": carol, "sender_id": bench.plant, "status": "re-opt-in"})
    assert api(bench, "POST", "/v1/Consents/Bulk", data={"Items": back}).status_code == 201
    assert bench.client.messages.create(to=carol, from_=bench.plant, body="back").sid


def test_operator(bench):
    dora = "+41790077006"
    bench.gateway.cli("optouts", "add", bench.plant, dora)
    assert refused(bench, dora, from_=bench.plant) == 21610
    line = next(line for line in bench.gateway.cli("optouts", "list").splitlines() if dora in line)
    assert line.split()[0] == bench.plant and line.split()[3] == "operator"
    bench.gateway.cli("optouts", "remove", bench.plant, dora)
    assert bench.client.messages.create(to=dora, from_=bench.plant, body="back").sid
    assert bench.gateway.cli("optouts", "add", "nobody", dora, check=False)


def test_import(bench, tmp_path):
    numbers = ["+41790077008", "+41790077009"]
    file = tmp_path / "out.txt"
    file.write_text(f"# who left\n{bench.plant},{numbers[0]}\n\n{bench.plant} {numbers[1]} 2027-01-01T00:00:00.000Z keyword\n")
    bench.gateway.cli("optouts", "import", str(file))
    assert all(refused(bench, number, from_=bench.plant) == 21610 for number in numbers)
    file.write_text(f"{bench.plant} nobody\n{bench.plant}\n{bench.plant} +41790077010\n")
    answer = bench.gateway.cli("optouts", "import", str(file), check=False)
    assert answer.returncode == 1 and f"{file}:1: not imported" in answer.stderr and f"{file}:2: not imported" in answer.stderr
    assert refused(bench, "+41790077010", from_=bench.plant) == 21610
