"""Runs a program on a pseudo-terminal of its own.

terminal.py ROWS COLUMNS PROGRAM ARGUMENT...

What it shows goes to stdout; what comes on stdin is typed. Lines "ROWS COLUMNS" on descriptor 3 resize the terminal. At the end
one JSON line on stderr: the exit code, and whether the terminal is in the state in which it was before the program. SIGTERM kills
the program.
"""

import fcntl
import json
import os
import pty
import select
import signal
import struct
import sys
import termios


def resize(terminal, rows, columns):
    fcntl.ioctl(terminal, termios.TIOCSWINSZ, struct.pack("HHHH", rows, columns, 0, 0))


def pump(terminal):
    open_inputs = [terminal, 0, 3]
    while terminal in open_inputs:
        for ready in select.select(open_inputs, [], [])[0]:
            try:
                data = os.read(ready, 65536)
            except OSError:  # nobody holds the other side any more
                data = b""
            if not data:
                open_inputs.remove(ready)
            elif ready == terminal:
                os.write(1, data)
            elif ready == 0:
                os.write(terminal, data)
            else:
                for line in data.decode().splitlines():
                    resize(terminal, *map(int, line.split()))


def main():
    rows, columns, *command = sys.argv[1:]
    terminal, inner = pty.openpty()
    resize(terminal, int(rows), int(columns))
    before = termios.tcgetattr(inner)
    child = os.fork()
    if child == 0:
        os.close(terminal)
        os.close(3)
        os.login_tty(inner) if hasattr(os, "login_tty") else login(inner)
        os.execvp(command[0], command)
    signal.signal(signal.SIGTERM, lambda *_: os.kill(child, signal.SIGKILL))
    watched = os.dup(inner)
    os.close(inner)
    # The inner side stays open and therefore never reports the end. The process of the child
    # reports it.
    reader = os.fork()
    if reader == 0:
        os.close(watched)
        pump(terminal)
        os._exit(0)
    _, status = os.waitpid(child, 0)
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    after = termios.tcgetattr(watched)
    os.close(watched)
    os.waitpid(reader, 0)
    print(json.dumps({"code": os.waitstatus_to_exitcode(status), "isRestored": before == after}), file=sys.stderr)


def login(inner):
    os.setsid()
    fcntl.ioctl(inner, termios.TIOCSCTTY, 0)
    for descriptor in range(3):
        os.dup2(inner, descriptor)


main()
