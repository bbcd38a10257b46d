"""cellpost send -f and messages --sids: a file goes out once, whatever is interrupted in between."""
import csv
import io
import subprocess

import pytest

from gateway import BUILD, PATIENCE, SERVICE, Gateway, configuration, until

FROM = "+41790000099"


@pytest.fixture
def lab(tmp_path):
    gateway = Gateway(
        lambda data: configuration([], data)
        + f"[class otp]\npriority = 9\n[line lab]\nnumber = {FROM}\ncarrier = loopback\nstatus_reports = no\nqueue_max = 1000000\n"
        + f"[service pool]\nsid = {SERVICE}\nlines = lab\n",
        tmp_path / "lab",
    ).start()
    yield gateway
    assert gateway.stop() == 0


def command(gateway, *words):
    return [str(BUILD / "host/ctl/cellpost"), "-c", str(gateway.file), *map(str, words)]


def run(gateway, *words, text=None):
    done = subprocess.run(command(gateway, *words), input=text, capture_output=True, timeout=120 * PATIENCE)
    return done.returncode, done.stdout.decode(), done.stderr.decode()


def results(text):
    return list(csv.DictReader(io.StringIO(text)))


def many(tmp_path, count):
    file = tmp_path / "many.csv"
    file.write_text("to,body\n" + "".join(f"+4178{n:07d},number {n}\n" for n in range(count)))
    return file


def bodies(gateway):
    return [m.body for m in gateway.client().messages.list(page_size=1000)]


def test_rows_and_columns(lab, tmp_path):
    file = tmp_path / "some.csv"
    file.write_bytes(
        b"\xef\xbb\xbfbody,to,service,class,send_at\r\n"
        b'"Gr\xc3\xbcezi, ""you""\r\nthere",+41791112233,,otp,\r\n'
        b"plain,+41791112234," + SERVICE.encode() + b",,\r\n"
        b"wrong,12,,,\r\n"
        b"late,+41791112235," + SERVICE.encode() + b",,2000-01-01\r\n"
        b",+41791112236,,,"
    )
    code, out, err = run(lab, "send", "-f", file)
    rows = results(out)
    assert code == 1 and err == ""
    assert [(row["row"], row["to"], row["status"]) for row in rows] == [
        ("1", "+41791112233", "queued"), ("2", "+41791112234", "accepted"), ("3", "12", "refused"), ("4", "+41791112235", "refused"),
        ("5", "+41791112236", "refused"),
    ]
    assert [row["error"].split(":")[0] for row in rows] == ["", "", "21211", "35114", "21602"]
    first = lab.client().messages(rows[0]["sid"]).fetch()
    assert first.body == 'Grüezi, "you"\r\nthere' and first.from_ == FROM
    assert "priority=9" in lab.cli("show", first.sid)


def test_from_stdin_and_its_sender(lab):
    code, out, _ = run(lab, "send", "--from", SERVICE, "-f", "-", text=b"to,body\n+41791112233,hello\n")
    assert code == 0
    assert lab.client().messages(results(out)[0]["sid"]).fetch().messaging_service_sid == SERVICE


@pytest.mark.parametrize(
    "text,why",
    [
        (b"", "1: the file is empty"),
        (b"to,text\n", "1: the columns are"),
        (b"to,to,body\n", "1: this column stands twice: to"),
        (b"to\n1\n", "1: a header row"),
        (b"to,body\n+41791112233,fine\n+41791112233\n", "3: not as many fields"),
        (b"to,body\n+41791112233,fine\n+41791112233,\xff\n", "3: not UTF-8"),
        (b'to,body\n+41791112233,fine\n+41791112233,"open\n', "3: a quote that is not closed"),
    ],
)
def test_a_file_with_a_fault_sends_nothing(lab, text, why):
    code, out, err = run(lab, "send", "-f", "-", text=text)
    assert (code, out) == (2, "") and why in err
    assert bodies(lab) == []


def test_the_same_file_again_sends_nothing_twice(lab, tmp_path):
    file = many(tmp_path, 100)
    code, out, _ = run(lab, "send", "-f", file)
    assert code == 0 and len(results(out)) == 100
    code, again, _ = run(lab, "send", "-f", file)
    assert code == 0
    assert [row["sid"] for row in results(again)] == [row["sid"] for row in results(out)]
    assert len(bodies(lab)) == 100
    file.write_text(file.read_text() + "+41791112233,one more\n")  # another file
    assert run(lab, "send", "-f", file)[0] == 0
    assert len(bodies(lab)) == 201


def interrupted(lab, file, after, kill):
    """Kills what `kill` says once `after` rows are printed; the rows that were."""
    # without a buffer: communicate() would not see what readline() took into one
    process = subprocess.Popen(command(lab, "send", "-f", file), stdout=subprocess.PIPE, stderr=subprocess.PIPE, bufsize=0)
    lines = [process.stdout.readline() for _ in range(after)]
    kill(process)
    out, err = process.communicate(timeout=60 * PATIENCE)
    return (b"".join(lines) + out).decode(), err.decode(), process.returncode


def test_the_command_is_killed(lab, tmp_path):
    file = many(tmp_path, 2000)
    out, _, _ = interrupted(lab, file, 300, lambda process: process.kill())
    part = [line.split(",") for line in out.splitlines()[1:-1]]
    assert 250 < len(part) < 2000
    code, again, _ = run(lab, "send", "-f", file)
    rows = results(again)
    assert code == 0 and len(rows) == 2000
    assert [row["sid"] for row in rows][: len(part)] == [words[2] for words in part]
    assert sorted(bodies(lab)) == sorted(f"number {n}" for n in range(2000))


def test_the_daemon_is_killed(lab, tmp_path):
    file = many(tmp_path, 2000)
    out, err, code = interrupted(lab, file, 300, lambda process: lab.kill())
    assert code == 1 and "the same file again" in err
    assert "no answer" in results(out)[-1]["error"]
    lab.start()
    code, again, _ = run(lab, "send", "-f", file)
    assert code == 0 and len(results(again)) == 2000
    assert sorted(bodies(lab)) == sorted(f"number {n}" for n in range(2000))


def test_a_full_queue_is_waited_for(tmp_path):
    gateway = Gateway(
        lambda data: configuration([], data) + f"[line lab]\nnumber = {FROM}\ncarrier = loopback\nstatus_reports = no\nrate = 20\nqueue_max = 10\n",
        tmp_path / "lab",
    ).start()
    code, out, err = run(gateway, "send", "-f", many(tmp_path, 40))
    assert code == 0 and len(results(out)) == 40, err
    assert len(bodies(gateway)) == 40
    assert gateway.stop() == 0


def test_statuses(lab, tmp_path):
    _, out, _ = run(lab, "send", "-f", many(tmp_path, 30))
    sids = [row["sid"] for row in results(out)]
    client = lab.client()
    until(lambda: all(client.messages(sid).fetch().status == "sent" for sid in sids), what="all sent")
    code, out, _ = run(lab, "messages", "--sids", "-", text="\r\n".join(sids).encode())
    assert (code, out) == (0, "".join(f"{sid} sent\n" for sid in sids))
    gone = "SM" + "0" * 32
    code, out, _ = run(lab, "messages", "--sids", "-", text=f"{gone}\n\nnonsense\n{sids[0]}\n".encode())
    assert (code, out) == (1, f"{gone} unknown\nnonsense unknown\n{sids[0]} sent\n")
