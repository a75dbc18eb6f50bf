"""Stands in for the worker inside the window's system: connects its standard streams with the real worker outside."""

import os
import socket
import sys
import threading

connection = socket.socket(socket.AF_UNIX)
os.chdir(os.environ["BLENDER_OUT"])
connection.connect("worker.socket")


def send() -> None:
    """Pass requests on; the end of the input ends the worker."""
    while data := os.read(0, 1 << 16):
        connection.sendall(data)
    connection.shutdown(socket.SHUT_WR)


threading.Thread(target=send, daemon=True).start()
while replies := connection.recv(1 << 16):
    sys.stdout.buffer.write(replies)
    sys.stdout.buffer.flush()
os._exit(0)
