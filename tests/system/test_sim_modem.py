"""What modemsim promises to the tests that use it: a module's behaviour by the clauses of TS 27.005, and faults that strike where they
are told to."""
import errno
import fcntl
import os
import termios
import time

import pytest

from simctl import ModemSim, Port, SimError, until

OTHER = "+41791112233"
HELLO = "2100" + "0B911497112132F3" + "0000" + "05E8329BFD06"  # SUBMIT with a report asked for
QUIET = "0100" + "0B911497112132F3" + "0000" + "05E8329BFD06"  # without


@pytest.fixture
def sim(tmp_path):
    with ModemSim(tmp_path, ["m1", "m2"]) as running:
        yield running


@pytest.fixture
def port(sim):
    with Port(sim.link()) as opened:
        assert opened.at("ATE0").endswith("OK\r\n")
        assert opened.at("AT+CMEE=1") == "\r\nOK\r\n"
        yield opened


# ---- V.250 ----

def test_echo_is_on_at_first(sim):
    with Port(sim.link()) as port:
        assert port.at("AT") == "AT\r\r\nOK\r\n"


def test_chained_commands_stop_at_the_first_error(sim, port):
    assert port.at("AT+CSQ;+NOSUCH;+CGMM") == "\r\n+CSQ: 20,99\r\n\r\nERROR\r\n"
    assert sim.stats()["commands"].get("+CGMM") is None


def test_noise_before_at_is_skipped(port):
    assert port.at("\x1b\0xyAT") == "\r\nOK\r\n"


def test_numeric_results(port):
    port.write("ATV0\r")
    assert port.read_until("0\r") == "0\r"
    port.write("AT+NOSUCH\r")
    assert port.read_until("4\r") == "4\r"


@pytest.mark.parametrize("cmee, answer", [(0, "ERROR"), (1, "+CME ERROR: 10"), (2, "+CME ERROR: SIM not inserted")])
def test_error_forms(sim, port, cmee, answer):
    sim.cmd("sim", "m1", "absent")
    port.read_until("+CPIN: NOT INSERTED\r\n")
    port.at(f"AT+CMEE={cmee}")
    assert port.at("AT+CIMI") == f"\r\n{answer}\r\n"


def test_typing_ahead_is_counted_and_answered_in_turn(sim, port):
    sim.cmd("delay", "m1", "+CSQ", 100)
    port.write("AT+CSQ\rAT+CGMM\r")
    assert port.read_until("Generic\r\n\r\nOK\r\n") == "\r\n+CSQ: 20,99\r\n\r\nOK\r\n\r\nGeneric\r\n\r\nOK\r\n"
    assert sim.stats()["violation"] == 1
    assert [e["detail"] for e in sim.journal() if e["event"] == "violation"] == ["+CSQ"]


def test_typing_ahead_may_abort(sim, port):
    sim.cmd("set", "m1", abort_on_input="on", latency_ms=60000)
    port.write("AT+CMGS=18\r")
    port.read_until("> ")
    port.write(f"00{QUIET}\x1aA")
    assert port.read_until("ERROR\r\n") == "\r\nERROR\r\n"
    assert len(sim.pdus()) == 1


# ---- SIM ----

def test_wrong_pins_lead_to_the_puk(tmp_path):
    with ModemSim(tmp_path, ["m1,pin=1234"]) as sim, Port(sim.link()) as port:
        port.at("ATE0")
        port.at("AT+CMEE=1")
        assert "SIM PIN\r\n" in port.at("AT+CPIN?")
        assert "311" in port.at("AT+CPMS?") and ": 11" in port.at("AT+CIMI")
        for left in (2, 1, 0):
            assert "+CME ERROR" in port.at("AT+CPIN=0000")
            assert f"SIM PIN,{left}," in port.at("AT+CPINR")
        assert "SIM PUK\r\n" in port.at("AT+CPIN?")
        assert port.at("AT+CPIN=12345678,5555").endswith("OK\r\n")
        sim.wait("m1", "registered")
        assert sim.stats()["pin_wrong"] == 3


def test_registration_urcs(sim, port):
    port.at("AT+CREG=2")
    sim.cmd("creg", "m1", 2)
    assert port.read_until("2,\"1A2B\",\"0101CAFE\",7\r\n")
    sim.cmd("creg", "m1", 5)
    assert "+CREG: 5," in port.read_until(",7\r\n")
    assert port.at("AT+CFUN=4") == "\r\nOK\r\n"
    assert port.read_until("+CREG: 0\r\n")
    assert "331" in port.send_pdu(QUIET)


# ---- sending ----

def test_reference_counts_wraps_and_is_journaled(sim, port):
    sim.cmd("mr", "m1", 255)
    assert port.send_pdu(QUIET) == "\r\n+CMGS: 255\r\n\r\nOK\r\n"
    assert port.send_pdu(QUIET) == "\r\n+CMGS: 0\r\n\r\nOK\r\n"
    first = sim.pdus()[0]
    assert (first["to"], first["text"], first["mr"], first["srr"], first["pdu"]) == (OTHER, "hello", 255, False, QUIET)


def test_escape_sends_nothing(sim, port):
    port.write("AT+CMGS=18\r")
    assert port.read_until("> ") == "\r\n> "
    port.write("0001\x1b")
    assert port.read_until("OK\r\n") == "\r\nOK\r\n"
    assert sim.stats()["escape"] == 1 and not sim.pdus()


def test_wrong_length_is_refused(sim, port):
    port.write("AT+CMGS=17\r")
    port.read_until("> ")
    port.write(f"00{QUIET}\x1a")
    assert port.read_until("304\r\n") == "\r\n+CMS ERROR: 304\r\n"
    assert not sim.pdus()


def test_report_follows_or_overtakes(sim, port):
    port.at("AT+CNMI=2,1,0,1,0")
    assert port.send_pdu(HELLO) == "\r\n+CMGS: 1\r\n\r\nOK\r\n"
    assert port.read_until("00\r\n").startswith("\r\n+CDS: 25\r\n")
    sim.cmd("set", "m1", report_before_cmgs="on", report_st="0x46", latency_ms=30)
    got = port.send_pdu(HELLO)
    assert got.index("+CDS:") < got.index("+CMGS: 2") and "46\r\n" in got


def test_text_mode_sends(sim, port):
    port.at("AT+CMGF=1")
    port.write(f'AT+CMGS="{OTHER}"\r')
    port.read_until("> ")
    port.write("plain text\x1a")
    assert "+CMGS: 1" in port.read_until("OK\r\n")
    assert sim.pdus()[0]["text"] == "plain text"


def test_written_messages_are_sent_from_the_store(sim, port):
    port.write("AT+CMGW=18\r")
    port.read_until("> ")
    port.write(f"00{QUIET}\x1a")
    assert "+CMGW: 1" in port.read_until("OK\r\n")
    assert "+CMGR: 2,,18" in port.at("AT+CMGR=1")
    assert "+CMSS: 1" in port.at("AT+CMSS=1")
    assert "+CMGR: 3,,18" in port.at("AT+CMGR=1")


# ---- receiving ----

def test_stored_message(sim, port):
    port.at('AT+CPMS="ME","ME","ME"')
    port.at("AT+CNMI=2,1,0,0,0")
    sim.inject("m1", OTHER, "Grüezi")
    assert port.read_until("1\r\n") == '\r\n+CMTI: "ME",1\r\n'
    assert "+CMGR: 0,," in port.at("AT+CMGR=1")
    assert "+CMGL: 1,1,," in port.at("AT+CMGL=4")
    assert port.at("AT+CMGD=1") == "\r\nOK\r\n"
    assert port.at("AT+CMGR=1") == "\r\n+CMS ERROR: 321\r\n"
    sim.wait("m1", "empty")


def test_full_store_holds_back_until_there_is_room(sim, port):
    sim.cmd("set", "m1", sm_size=2, full_urc="+SMS FULL")
    port.at("AT+CNMI=2,1,0,0,0")
    for i in range(3):
        sim.inject("m1", OTHER, f"message {i}")
    assert port.read_until("FULL\r\n").endswith("+SMS FULL\r\n")
    assert sim.state()["queued"] == 1
    assert port.at("AT+CMGD=1") == "\r\nOK\r\n"
    assert port.read_until("1\r\n") == '\r\n+CMTI: "SM",1\r\n'


def direct(port):
    """The three line ends of a +CMT: before it, after its head, after its PDU."""
    got = "".join(port.read_until("\r\n") for _ in range(3))
    assert got.startswith("\r\n+CMT: ,")


def test_direct_message_needs_cnma(sim, port):
    port.at("AT+CSMS=1")
    port.at("AT+CNMI=2,2,0,1,0")
    sim.inject("m1", OTHER, "one")
    sim.inject("m1", OTHER, "two")
    direct(port)
    assert port.quiet(0.05), "the second waits for the acknowledgement of the first"
    assert port.at("AT+CNMA") == "\r\nOK\r\n"
    direct(port)
    assert port.at("AT+CNMA") == "\r\nOK\r\n"
    assert port.at("AT+CNMA") == "\r\n+CMS ERROR: 340\r\n"


def test_missing_cnma_turns_routing_off_and_the_message_comes_again(sim, port):
    sim.cmd("set", "m1", cnma_ms=60, redeliver_ms=60)
    port.at("AT+CSMS=1")
    port.at("AT+CNMI=2,2,0,1,0")
    sim.inject("m1", OTHER, "again")
    sim.wait("m1", "ack_timeout", 1)
    assert sim.state()["cnmi"] == [2, 0, 0, 0, 0]
    sim.wait("m1", "mt", 2)
    assert [m["mem"] for m in sim.messages()] == ["SM"]


def test_mode_0_buffers_indications(sim, port):
    port.at("AT+CNMI=0,1,0,0,0")
    sim.inject("m1", OTHER, "kept")
    assert port.quiet(0.05)
    assert port.at("AT+CNMI=2,1,0,0,0") == "\r\nOK\r\n"
    assert port.read_until("1\r\n") == '\r\n+CMTI: "SM",1\r\n'


def test_flash_message_is_not_stored(sim, port):
    port.at("AT+CNMI=2,1,0,0,0")
    sim.inject("m1", OTHER, "now", "class0")
    direct(port)
    assert not sim.messages()


def test_reports_lie_in_their_own_store(sim, port):
    port.at("AT+CNMI=2,1,0,2,0")
    sim.cmd("report", "m1", mr=77, to=OTHER, st=0)
    assert port.read_until("1\r\n") == '\r\n+CDSI: "SR",1\r\n'
    assert "+CMS ERROR: 321" in port.at("AT+CMGR=1")
    assert "064D0B91" in port.at('AT+CPMS="SR";+CMGR=1;+CMGD=1;+CPMS="SM"')
    sim.wait("m1", "empty")


def test_loop_between_two_modems(sim, port):
    sim.cmd("set", "m2", number=OTHER)
    port.send_pdu(QUIET)
    sim.wait("m2", "mt", 1)
    with Port(sim.link("m2")) as other:
        other.at("AT+CMGF=1")
        got = other.at("AT+CMGR=1")
        assert '"+41790000001"' in got and "hello" in got


def test_parts_come_in_the_order_asked(sim, port):
    assert sim.cmd("inject-multipart", "m1", **{"from": OTHER, "text": "x" * 400, "ref": 9, "order": "3,1,2", "dup": 1}) == "3"
    headers = [m["pdu"][len("07911497009099F9440B911497112132F30000") + 14 + 2:][:12] for m in sim.messages()]
    assert headers == ["050003090303", "050003090301", "050003090301", "050003090302"]


# ---- faults ----

def test_hold_and_release(sim, port):
    sim.cmd("hold", "m1", "+CMGS")
    port.write("AT+CMGS=18\r")
    port.read_until("> ")
    port.write(f"00{QUIET}\x1a")
    sim.wait("m1", "held", "+CMGS")
    assert len(sim.pdus()) == 1 and port.quiet(0.05)
    sim.cmd("release", "m1", "+CMGS")
    assert port.read_until("OK\r\n") == "\r\n+CMGS: 1\r\n\r\nOK\r\n"


def test_release_ends_a_delay_too(sim, port):
    sim.cmd("delay", "m1", "+CSQ", 60000)
    port.write("AT+CSQ\r")
    sim.wait("m1", "running")
    sim.cmd("release", "m1")
    assert port.read_until("OK\r\n") == "\r\n+CSQ: 20,99\r\n\r\nOK\r\n"


@pytest.mark.parametrize("verb, accepted, answer", [
    (["error", "m1", "+CMGS", "+CMS ERROR: 500"], 0, "\r\n+CMS ERROR: 500\r\n"),
    (["error-after", "m1", "+CMGS", "+CMS ERROR: 332"], 1, "\r\n+CMS ERROR: 332\r\n"),
    (["answer", "m1", "+CMGS", "\r\nOK\r\n"], 0, "\r\nOK\r\n"),
    (["drop", "m1", "+CMGS"], 1, None),
    (["swallow", "m1", "+CMGS"], 0, None),
])
def test_results_can_lie(sim, port, verb, accepted, answer):
    sim.cmd(*verb)
    port.write("AT+CMGS=18\r")
    port.read_until("> ")
    port.write(f"00{QUIET}\x1a")
    if answer is None:
        sim.wait("m1", "quiet")
        assert port.quiet(0.05)
    else:
        assert port.read_until("OK\r\n", "500\r\n", "332\r\n") == answer
    assert len(sim.pdus()) == accepted
    assert "+CMGS: " in port.send_pdu(QUIET), "the rule was for one time"


def test_prompt_can_fail(sim, port):
    sim.cmd("error", "m1", "prompt", "ERROR")
    assert port.at("AT+CMGS=18") == "\r\nERROR\r\n"
    sim.cmd("drop", "m1", "prompt")
    port.write("AT+CMGS=18\r")
    assert port.quiet(0.05)
    assert port.at("AT") == "\r\nOK\r\n"


def test_urc_at_every_byte_of_an_answer(sim, port):
    whole = port.at("AT+CSQ")
    for byte in range(len(whole) + 1):
        sim.cmd("urc-at", "m1", byte, "RING")
        port.write("AT+CSQ\r")
        got = "".join(port.read_until(c) for c in whole[:byte] + "\r\nRING\r\n" + whole[byte:])
        assert got == whole[:byte] + "\r\nRING\r\n" + whole[byte:]


def test_torn_answers(sim, port):
    whole = port.at("AT+CSQ")
    sim.cmd("tear", "m1", "+CSQ", "RING", 5)
    assert port.at("AT+CSQ") == whole[:5] + "\r\nRING\r\n" + whole[5:]
    sim.cmd("lose", "m1", "+CSQ", 5)
    assert port.at("AT+CSQ") == "\r\n+CSQ: \r\n\r\nOK\r\n"
    assert port.at("AT+CSQ") == whole


def test_one_form_of_a_command(sim, port):
    sim.cmd("error", "m1", "+CREG=", "ERROR")
    assert port.at("AT+CREG=?") == "\r\n+CREG: (0-2)\r\n\r\nOK\r\n"
    assert "OK" in port.at("AT+CREG?")
    assert port.at("AT+CREG=0") == "\r\nERROR\r\n"
    sim.cmd("error", "m1", "+CREG?", "ERROR")
    assert "OK" in port.at("AT+CREG=0")
    assert port.at("AT+CREG?") == "\r\nERROR\r\n"


def test_urc_inside_a_urc(sim, port):
    port.at("AT+CNMI=2,2,0,0,0")
    sim.cmd("urc-in-urc", "m1", 3, "RING", "line")
    sim.cmd("inject", "m1", f"from={OTHER}", "text=hi")
    got = port.read_until("+CMT: ,21\r\n") + port.read_until("\r\nRING\r\n")
    assert got == "\r\n+CMT: ,21\r\n\r\nRING\r\n"
    assert port.read_until("\r\n").startswith("0791")


@pytest.mark.parametrize("kind, answer", [(0, "\r\n+CMS ERROR: 321\r\n"), (1, "\r\nOK\r\n"), (2, "\r\n+CMGR: 0,,0\r\n" + "F" * 352 + "\r\n\r\nOK\r\n")])
def test_empty_places(sim, port, kind, answer):
    sim.cmd("set", "m1", f"empty_place={kind}")
    assert port.at("AT+CMGR=1") == answer


@pytest.mark.parametrize("runs_on", ["on", "off"])
def test_tty_goes_while_a_command_runs(sim, runs_on):
    sim.cmd("set", "m1", f"runs_on={runs_on}", "keep_when_closed=on")
    sim.cmd("hold", "m1", "+CMGS")
    with Port(sim.link()) as port:
        port.write("AT+CMGS=18\r")
        port.read_until("> ")
        port.write(f"00{QUIET}\x1a")
        sim.wait("m1", "held", "+CMGS")
        sim.cmd("vanish", "m1")
    sim.cmd("return", "m1")
    with Port(sim.link()) as port:
        sim.cmd("release", "m1")
        if runs_on == "on":
            assert "+CMGS: " in port.read_until("OK\r\n")
        assert "+CMGS: " not in port.at("AT")


def test_fragments(sim, port):
    sim.cmd("fragment", "m1", 1, 200)
    assert port.at("AT+CSQ") == "\r\n+CSQ: 20,99\r\n\r\nOK\r\n"


@pytest.mark.parametrize("level", ["resync", "reopen", "cfun", "power"])
def test_hangs_are_cured_at_their_level(sim, level):
    def write(port, text):
        """Returns when the simulator has read it all: nothing of it is left for what the modem is after the next step."""
        rx = sim.stats()["rx"]
        port.write(text)
        until(lambda: sim.stats()["rx"] == rx + len(text), what="what was written is read")

    def answers(port, wanted):
        tx = sim.stats()["tx"]
        write(port, "AT\r")
        return "OK" in port.read_until("OK\r\n") if wanted else sim.stats()["tx"] > tx

    sim.cmd("hang", "m1", level)
    with Port(sim.link()) as port:
        assert not answers(port, False)
        write(port, "\x1b")
        assert answers(port, level == "resync") == (level == "resync")
    sim.wait("m1", "closed")
    with Port(sim.link()) as port:
        assert answers(port, level in ("resync", "reopen")) == (level in ("resync", "reopen"))
        write(port, "AT+CFUN=1,1\r")
        if level == "power":
            sim.cmd("power", "m1", "cycle")
        sim.wait("m1", "boot", 2)
        assert port.read_until("SMS DONE\r\n")
        assert answers(port, True)


def test_vanish_in_the_middle_of_a_pdu_and_return_elsewhere(sim, port):
    before = os.readlink(sim.link())
    sim.cmd("vanish-at", "m1", "pdu-byte", 10)
    port.write("AT+CMGS=18\r")
    port.read_until("> ")
    port.write(f"00{QUIET}\x1a")
    sim.wait("m1", "vanished")
    try:
        assert os.read(port.fd, 100) == b""
    except OSError as gone:
        assert gone.errno == errno.EIO
    assert not os.path.lexists(sim.link()) and not sim.pdus()
    sim.cmd("return", "m1")
    assert os.readlink(sim.link()) != before, "the dead client still holds the old one"
    with Port(sim.link()) as again:
        assert again.at("AT").endswith("OK\r\n")


def test_reboot_after_acceptance_loses_the_result_and_the_settings(sim, port):
    port.at("AT+CNMI=2,1,0,2,0")
    sim.cmd("reboot-at", "m1", "accepted")
    port.write("AT+CMGS=18\r")
    port.read_until("> ")
    port.write(f"00{QUIET}\x1a")
    assert port.read_until("SMS DONE\r\n") == "\r\nRDY\r\n\r\n+CFUN: 1\r\n\r\n+CPIN: READY\r\n\r\nSMS DONE\r\n"
    assert len(sim.pdus()) == 1 and sim.state()["cnmi"] == [2, 0, 0, 0, 0]
    assert port.at("AT").startswith("AT\r"), "echo is back"


def test_power(tmp_path):
    with ModemSim(tmp_path, ["m1,usb=on"]) as sim:
        sim.cmd("power", "m1", "off")
        sim.wait("m1", "vanished")
        sim.inject("m1", OTHER, "while off")
        sim.cmd("power", "m1", "on")
        sim.wait("m1", "registered")
        with Port(sim.link()) as port:
            assert port.at("AT").endswith("OK\r\n")
        sim.wait("m1", "mt", 1)
        assert len(sim.messages()) == 1


def test_a_closed_port_loses_output_and_exclusive_use_ends(sim, port):
    port.at("AT+CNMI=2,1,0,0,0")
    fcntl.ioctl(port.fd, termios.TIOCEXCL)
    port.close()
    sim.wait("m1", "closed")
    sim.inject("m1", OTHER, "unheard")
    with Port(sim.link()) as again:
        assert again.at("AT") == "\r\nOK\r\n"


# ---- the line's speed ----

def test_line_speed(tmp_path):
    with ModemSim(tmp_path, ["m1"], baud=9600) as sim, Port(sim.link()) as port:
        port.at("ATE0")

        def took_s():
            begin = time.monotonic()
            assert port.at("AT+CESQ") == answer
            return time.monotonic() - begin

        answer = port.at("AT+CESQ")
        wire_s = (len("AT+CESQ\r") + len(answer)) / 960
        # Never sooner than the line; as for how late, a busy machine only adds.
        least_s = min(took_s() for _ in range(5))
        assert wire_s <= least_s
        until(lambda: took_s() < wire_s + 0.05, what="an answer at the line's speed")


# ---- the control socket ----

def test_errors_of_the_control_socket(sim):
    for line in (["nonsense"], ["stats", "m9"], ["creg", "m1", "99"], ["set", "m1", "nokey=1"], ["wait", "m1", "nothing", "5"],
                 ["set", "m1", "profile=none"], ["inject", "m1", "text=" + "x" * 161]):
        with pytest.raises(SimError):
            sim.cmd(*line)
    with pytest.raises(SimError, match="timeout, at 0"):
        sim.cmd("wait", "m1", "pdu", 1, 10)
    assert "inject M" in sim.cmd("help")


def test_a_waiting_client_does_not_hold_up_another(sim, port):
    waiting = sim.connect()
    waiting.send("wait", "m1", "pdu", 1, 5000)
    assert sim.stats()["pdu"] == 0
    port.send_pdu(QUIET)
    assert waiting.receive() == "1"
    waiting.close()
