"""Fixtures of the system tests: a bench of simulated modems, an application, and gateways on them."""
import itertools

import pytest

from gateway import Application, Gateway, Sim, configuration


class Rig:
    """Simulated modems m1..mN with lines of the same name, an application, and the gateways a test starts on them."""

    def __init__(self, folder, modems=1, slot=False, keys=None, extra=""):
        self.folder = folder
        self.app = Application()
        self.names = [f"m{n}" for n in range(1, modems + 1)]
        self.numbers = {name: f"+4179000{n:04d}" for n, name in enumerate(self.names, 1)}
        settings = {name: {"number": self.numbers[name], "report_ms": 30, **(keys or {})} for name in self.names}
        self.sim = Sim(folder / "sim", settings).start()
        self.slot = slot
        self.extra = extra
        self.counter = itertools.count()
        self.gateways = []

    def lines(self):
        slot = f"sim:{self.sim.socket}:" if self.slot else ""
        return [(name, self.numbers[name], self.sim.link(name), slot + name if slot else "") for name in self.names]

    def gateway(self, data_of=None, **kwargs):
        """A new gateway, on new data or on those of another."""
        folder = data_of.folder if data_of else self.folder / f"gateway{next(self.counter)}"
        gateway = Gateway(lambda data: configuration(self.lines(), data, self.extra), folder, **kwargs)
        self.gateways.append(gateway)
        return gateway

    def advance(self, gateway, ms):
        """Moves the gateway's clock while no command runs: a modem lives in real time, and an answer on its way would come too late."""
        for name in self.names:
            self.sim.wait(name, "quiet")
        gateway.advance(ms)

    def inbound_to(self, client, path, answer=(200, "<Response/>", "text/xml")):
        self.app.answers[path] = answer
        for number in client.incoming_phone_numbers.list():
            client.incoming_phone_numbers(number.sid).update(sms_url=self.app.url(path), sms_method="POST")

    def pdus(self, text):
        return [pdu for pdu in self.sim.pdus() if pdu.get("text") == text]

    def close(self):
        for gateway in self.gateways:
            if gateway.process and gateway.process.poll() is None:
                gateway.kill()
        self.sim.stop()
        self.app.close()


@pytest.fixture
def rig(tmp_path):
    rigs = []

    def make(**kwargs):
        rigs.append(Rig(tmp_path, **kwargs))
        return rigs[-1]

    yield make
    for made in rigs:
        made.close()
