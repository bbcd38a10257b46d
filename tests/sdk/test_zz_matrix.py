"""The sum of a whole run, so it runs last: no route without an answer that was checked, and how much both SDKs have called."""
import pathlib

import pytest

import routes
from proxy import RECORD

HERE = pathlib.Path(__file__).parent
# Routes that are there to refuse: what an SMS gateway has not. They must have answered, never with 2xx.
REFUSING = {
    "empties_refuse", "old_messages", "media_fetch", "numbers_delete", "service_codes_add", "service_channels_add", "service_senders_none",
    "verify_limits_create",
}
ENOUGH = 150


@pytest.fixture(autouse=True)
def whole_run(request):
    ran = {item.path.name for item in request.session.items}
    missing = {file.name for file in HERE.glob("test_*.py")} - ran
    if missing or request.config.option.keyword or request.config.option.deselect:
        pytest.skip(f"only part of the suite was chosen, without {sorted(missing)}")


def test_every_route_was_answered_and_checked():
    good = {(method, route) for _, method, route, status in RECORD.calls if status < 300}
    bad = {(method, route) for _, method, route, status in RECORD.calls if status >= 400}
    table = routes.routes()
    assert len(table) > 100, "the tables of the daemon could not be read"
    refusing = {route for route, handler in table.items() if handler in REFUSING}
    missing = sorted(set(table) - refusing - good) + sorted(refusing - bad)
    assert not missing, f"{len(missing)} routes without a checked answer: {missing}"
    assert not refusing & good


def test_enough_calls_of_both_sdks():
    calls = {key[:3] for key in RECORD.calls if key[0] in ("python", "node")}
    print(f"{len(calls)} calls (SDK, method, route)")
    assert len(calls) >= ENOUGH
