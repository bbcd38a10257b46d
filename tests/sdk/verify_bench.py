"""A gateway of its own for codes: one simulated modem, a clock that the test moves, and a phone that reads what arrives."""
import re

from gateway import ACCOUNT, TOKEN, Gateway, Sim, configuration, until

LINE = "+41790000001"


class CodeBench:
    def __init__(self, folder, extra=""):
        self.sim = Sim(folder / "sim", {"m1": {"number": LINE, "report_ms": 30}}).start()
        lines = [("m1", LINE, self.sim.link("m1"), "")]
        self.gateway = Gateway(lambda data: configuration(lines, data, extra), folder / "gateway", test_clock=True).start()
        self.gateway.wait_line_ready("m1")
        self.account, self.token = ACCOUNT, TOKEN

    def texts(self, to):
        """What the phone of this number has received, in order."""
        return [pdu["text"] for pdu in self.sim.pdus() if pdu["to"].lstrip("+") == to.lstrip("+")]

    def wait_text(self, to, count=1):
        return until(lambda: len(t := self.texts(to)) >= count and t[count - 1], 20, f"text {count} to {to}")

    def wait_code(self, to, count=1):
        """As a person reads it: the digits at the end of the text."""
        return re.search(r"(\w+)$", self.wait_text(to, count)).group(1)

    def client(self):
        client = self.gateway.client()
        client.verify.base_url = self.gateway.url
        return client

    def close(self):
        code = self.gateway.stop()
        self.sim.stop()
        assert code == 0, self.gateway.log_text()[-3000:]
