"""The HTTP server alone (constant.c) under load.c: what requests, handshakes and connections cost."""
import json
import socket
import ssl
import subprocess

from gateway import BUILD


def rss_anon_kb(pid):
    with open(f"/proc/{pid}/status") as status:
        return next(int(line.split()[1]) for line in status if line.startswith("RssAnon"))


def load(*options):
    done = subprocess.run([str(BUILD / "tests/load"), *map(str, options)], capture_output=True, text=True, timeout=120)
    if done.returncode != 0:
        raise AssertionError(done.stderr)
    return json.loads(done.stdout)


def tell(what, told):
    print(f"  {what}: {told['rate']:.0f}/s, p50 {told['p50_us']} us, p99 {told['p99_us']} us")


def kept(port, count, secure):
    """count connections, through TLS or not, that have had one answer each."""
    context = ssl.create_default_context()
    context.check_hostname, context.verify_mode = False, ssl.CERT_NONE
    sockets = []
    for _ in range(count):
        sock = socket.create_connection(("127.0.0.1", port))
        sock = context.wrap_socket(sock) if secure else sock
        sock.sendall(b"GET / HTTP/1.1\r\nHost: x\r\n\r\n")
        sock.recv(4096)
        sockets.append(sock)
    return sockets


def http(folder):
    """The memory of 1,000 connections; 64 kept connections; then a new connection for each request, resumed and not."""
    folder.mkdir(parents=True, exist_ok=True)
    with subprocess.Popen([str(BUILD / "tests/constant"), str(folder / "tls")], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as server:
        plain, secure = map(int, server.stdout.readline().split())
        print("http: a constant answer; requests over 64 kept connections; load generator on the same machine")
        for name, port, is_secure in (("plain", plain, False), ("TLS", secure, True)):
            before = rss_anon_kb(server.pid)
            sockets = kept(port, 1000, is_secure)
            print(f"  1,000 {name} connections: {(rss_anon_kb(server.pid) - before) / 1000:.1f} kB each")
            for sock in sockets:
                sock.close()
        tell("requests", load("-p", plain, "-n", 200000))
        tell("requests through TLS", load("-p", secure, "-T", "-n", 100000))
        tell("full handshakes, 8 at once", load("-p", secure, "-T", "-F", "-c", 8, "-n", 500))
        tell("resumed handshakes, 8 at once", load("-p", secure, "-T", "-F", "-R", "-c", 8, "-n", 3000))
        server.stdin.close()
