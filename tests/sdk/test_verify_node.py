"""Runs tests/sdk/node/verify.test.js: Verify v2 and the Content API with the SDK for Node; each of its tests counts as one here."""
import pytest

import node_suite
from verify_bench import LINE, CodeBench


@pytest.fixture(scope="module")
def node_run(tmp_path_factory):
    bench = CodeBench(tmp_path_factory.mktemp("verify-node"))
    with node_suite.answering(lambda query: bench.wait_text(query["to"], int(query["n"]))) as phone:
        outcome = node_suite.run("verify", bench.gateway, bench.account, bench.token, seconds=180, FROM=LINE, PHONE=phone)
    bench.close()
    return outcome


@pytest.mark.parametrize("name", node_suite.names("verify"))
def test_node(node_run, name):
    node_run.assert_passed(name)
