"""Lookups through the unmodified SDK."""
import pytest
import requests
from twilio.base.exceptions import TwilioRestException

from gateway import ANSWER_S


def look_up(bench, number, **options):
    return bench.client.lookups.v1.phone_numbers(number).fetch(**options)


def test_first_version(bench):
    number = look_up(bench, "+14159929960")
    assert (number.phone_number, number.national_format, number.country_code) == ("+14159929960", "(415) 992-9960", "US")
    number = look_up(bench, "079 111 22 33", country_code="CH", type=["carrier"])
    assert number.phone_number == "+41791112233" and number.carrier["type"] == "mobile"
    with pytest.raises(TwilioRestException) as error:
        look_up(bench, "+1415")
    assert (error.value.status, error.value.code) == (404, 20404)


def second(bench, number, **query):
    """Debian's SDK is older than v2; node/cellpost.test.js asks through one that knows it."""
    answer = requests.get(f"{bench.gateway.url}/v2/PhoneNumbers/{number}", params=query, auth=(bench.client.username, bench.client.password), timeout=ANSWER_S)
    assert answer.status_code == 200, answer.text
    return answer.json()


def test_second_version(bench):
    number = second(bench, "+447772000001", Fields="line_type_intelligence")
    assert (number["valid"], number["country_code"], number["calling_country_code"]) == (True, "GB", "44")
    assert number["national_format"] == "07772 000001" and number["line_type_intelligence"]["type"] == "mobile" and number["sim_swap"] is None
    assert second(bench, "044 668 18 00", CountryCode="CH")["phone_number"] == "+41446681800"
    for text, error in (("+141599299600", "TOO_LONG"), ("+1415", "TOO_SHORT"), ("+9991234567", "INVALID_COUNTRY_CODE"), ("Info.ch", "NOT_A_NUMBER")):
        number = second(bench, text)
        assert (number["valid"], number["validation_errors"], number["country_code"]) == (False, [error], None)
