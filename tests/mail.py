"""A mail server for the loopback: takes letters by SMTP, keeps them, and refuses on demand.

It speaks as much of RFC 5321 as a client needs to hand a letter over. `replies` are what it answers
to RCPT or to the end of DATA instead of 250, one a letter.
"""

import email
import email.policy
import socketserver
import threading
from dataclasses import dataclass, field
from email.message import EmailMessage
from typing import Self

LINE_MAX = 8192


@dataclass(slots=True)
class Kept:
    """One letter as it came, and the addresses of its envelope."""

    sender: str
    recipients: list[str]
    raw: bytes

    @property
    def message(self) -> EmailMessage:
        return email.message_from_bytes(self.raw, policy=email.policy.default)


@dataclass(slots=True)
class Replies:
    """What is answered next; 250 when nothing is left."""

    to_recipient: list[bytes] = field(default_factory=list)
    to_data: list[bytes] = field(default_factory=list)


class Session(socketserver.StreamRequestHandler):
    """One client's connection, which may bring several letters."""

    timeout = 10
    server: "Listener"

    def handle(self) -> None:
        self._say(b"220 sink")
        sender, recipients = "", list[str]()
        while line := self.rfile.readline(LINE_MAX):
            word = line[:4].upper()
            if word == b"MAIL":
                sender, recipients = _address(line), []
            elif word == b"RCPT":
                recipients.append(_address(line))
            elif word == b"DATA":
                self._take(sender, recipients)
                continue
            self._say(_next(self.server.replies.to_recipient) if word == b"RCPT" else b"250 ok")

    def _take(self, sender: str, recipients: list[str]) -> None:
        self._say(b"354 go on")
        lines = []
        while (line := self.rfile.readline(LINE_MAX)) not in {b".\r\n", b""}:
            lines.append(line.removeprefix(b".") if line.startswith(b"..") else line)
        reply = _next(self.server.replies.to_data)
        if reply.startswith(b"250"):
            self.server.kept.append(Kept(sender, recipients, b"".join(lines)))
        self._say(reply)

    def _say(self, line: bytes) -> None:
        self.wfile.write(line + b"\r\n")


class Listener(socketserver.ThreadingTCPServer):
    """The listening socket, with what was kept and what is answered."""

    daemon_threads = True

    def __init__(self) -> None:
        super().__init__(("127.0.0.1", 0), Session)
        self.kept: list[Kept] = []
        self.replies = Replies()


class MailServer:
    """Listens on a free port of the loopback while it is entered."""

    def __init__(self) -> None:
        self._server = Listener()
        self.kept, self.replies = self._server.kept, self._server.replies
        self._thread = threading.Thread(
            target=self._server.serve_forever, kwargs={"poll_interval": 0.05}
        )

    @property
    def port(self) -> int:
        return int(self._server.server_address[1])

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._server.shutdown()
        self._thread.join()
        self._server.server_close()


def _address(line: bytes) -> str:
    return line.partition(b"<")[2].partition(b">")[0].decode()


def _next(replies: list[bytes]) -> bytes:
    return replies.pop(0) if replies else b"250 ok"
