"""A gateway of its own for codes: one simulated modem, a clock that the test moves, and a phone that reads what arrives."""
import json
import re

from gateway import ACCOUNT, TOKEN, Gateway, Sim, configuration, until

VECTORS = __import__("pathlib").Path(__file__).resolve().parents[1] / "vectors" / "openapi"
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


def check_resource(file, schema, resource):
    """Every key that the published OpenAPI data has, of the type it has there; and no other."""
    properties = json.loads((VECTORS / file).read_text())["schemas"][schema]
    kinds = {"string": str, "integer": int, "boolean": bool, "array": list, "object": dict}
    assert set(resource) == set(properties)
    for key, value in resource.items():
        rule = properties[key]
        if value is None:
            assert rule.get("nullable"), f"{schema}.{key} is null"
            continue
        if "type" in rule:
            assert type(value) is kinds[rule["type"]], f"{schema}.{key} is {value!r}"
        if "pattern" in rule:
            assert re.search(rule["pattern"], value), f"{schema}.{key} is {value!r}"
        if rule.get("format") == "date-time":
            assert re.fullmatch(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ", value), f"{schema}.{key} is {value!r}"
