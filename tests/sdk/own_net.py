"""own_net.py FILE=TARGET... -- COMMAND...: inside `unshare -Urnm`: brings up the loopback interface, lays each FILE over TARGET and becomes
COMMAND. So a test has a port 443 and an /etc/hosts of its own, without being root and without touching the machine's."""
import fcntl
import os
import socket
import struct
import subprocess
import sys

SIOCGIFFLAGS, SIOCSIFFLAGS, IFF_UP = 0x8913, 0x8914, 1


def loopback_up():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as sock:
        request = fcntl.ioctl(sock, SIOCGIFFLAGS, struct.pack("16sh14x", b"lo", 0))
        flags = struct.unpack("16sh14x", request)[1]
        fcntl.ioctl(sock, SIOCSIFFLAGS, struct.pack("16sh14x", b"lo", flags | IFF_UP))


def main():
    split = sys.argv.index("--")
    loopback_up()
    for pair in sys.argv[1:split]:
        file, target = pair.split("=", 1)
        subprocess.run(["mount", "--bind", file, target], check=True)
    os.execvp(sys.argv[split + 1], sys.argv[split + 1:])


if __name__ == "__main__":
    main()
