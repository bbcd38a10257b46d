"""One gateway with three simulated modems for the SDK suites: ward and plant are up; ship is off the network.

Every gateway of these suites is reached through proxy.py, which checks each answer; the test that ran when one was wrong fails."""
import pathlib
import sys

import pytest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "system"))
import gateway as gateway_module  # noqa: E402
from gateway import Application, Gateway, Sim, configuration  # noqa: E402
from proxy import RECORD, Proxy  # noqa: E402


def address(gateway):
    """In place of Gateway.url: that of its proxy, made when it is first asked for."""
    if not hasattr(gateway, "proxy"):
        gateway.proxy = Proxy(gateway)
    return gateway.proxy.url


DIRECT = gateway_module.Gateway.url


@pytest.hookimpl(tryfirst=True)
def pytest_runtest_setup():
    """For the tests of this folder alone: one run may hold those of tests/system too."""
    gateway_module.Gateway.url = property(address)


@pytest.hookimpl(trylast=True)
def pytest_runtest_teardown():
    gateway_module.Gateway.url = DIRECT


@pytest.fixture(autouse=True)
def every_answer_is_as_published():
    yield
    wrong = sorted(set(RECORD.take_wrong()))
    assert not wrong, "\n".join(wrong)


class Bench:
    ward, plant, ship = "+41790000001", "+41790000002", "+41790000003"

    def __init__(self, folder):
        self.app = Application()
        self.sim = Sim(
            folder / "sim",
            {
                "m1": {"number": self.ward, "report_ms": 30},
                "m2": {"number": self.plant, "report_ms": 30},
                "m3": {"number": self.ship, "report_ms": 30},
            },
        ).start()
        self.sim.do("creg m3 2")
        lines = [(name, number, self.sim.link(name), "") for name, number in
                 (("m1", self.ward), ("m2", self.plant), ("m3", self.ship))]
        self.gateway = Gateway(lambda data: configuration(lines[:2], data) + self.ship_section(lines[2]), folder / "gateway").start()
        self.gateway.wait_line_ready("m1", "m2")
        self.client = self.gateway.client()

    @staticmethod
    def ship_section(line):
        name, number, port, _ = line
        return f"[modem {name}]\nport = pty:{port}\n[line {name}]\nnumber = {number}\nmodem = {name}\nrate = 0\n"

    def sim_pdu(self, match):
        return next(pdu for pdu in self.sim.pdus() if match(pdu))

    def route_inbound(self, path, answer):
        self.app.answers[path] = answer
        number = self.client.incoming_phone_numbers.list(phone_number=self.ward)[0]
        self.client.incoming_phone_numbers(number.sid).update(sms_url=self.app.url(path), sms_method="POST", sms_fallback_url="")

    def inject(self, sender, text):
        self.sim.inject("m1", sender, text)

    def inject_multipart(self, sender, text, order):
        self.sim.inject_multipart("m1", sender, text, order)

    def close(self):
        code = self.gateway.stop()
        self.sim.stop()
        self.app.close()
        assert code == 0, self.gateway.log_text()[-3000:]


@pytest.fixture(scope="session")
def bench(tmp_path_factory):
    bench = Bench(tmp_path_factory.mktemp("sdk"))
    yield bench
    bench.close()


def pytest_terminal_summary(terminalreporter):
    """What was called, by language: each (method, route) once."""
    calls = {key[:3] for key in RECORD.calls}
    if calls:
        languages = sorted({language for language, _, _ in calls})
        counts = ", ".join(f"{name} {sum(1 for call in calls if call[0] == name)}" for name in languages)
        total = sum(1 for call in calls if call[0] in ("python", "node"))
        terminalreporter.write_line(f"calls (method and route): {counts}; {total} by the SDKs; {sum(RECORD.calls.values())} answers checked")
