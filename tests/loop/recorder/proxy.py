"""The proxy: hands calls on to the server and answers back to the client, and has them recorded.

    POST /_recorder/write {"folder": …, "bucket": …, "category": …}
        writes the trail so far as files, with a bucket into that, too, with signed digests
    GET /_recorder/denied
        the denied calls: service, operation, message
    GET /_recorder/lost
        the calls that no record could be made of, which must be none
"""

import http.client
import json
import sys
import traceback
import urllib.parse
import uuid
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

from . import answer as answers
from . import call as calls
from . import delivery, digests, stand_in
from .behalf import OnBehalf
from .event_history import EventHistory, Refused
from .identity import Callers
from .journal import Journal
from .record import Recorder

HOP_BY_HOP = {"connection", "content-length", "date", "server", "transfer-encoding"}


class Desk:
    """All that a run's records are made with."""

    def __init__(self, server, account):
        self.server, self.account = urllib.parse.urlsplit(server), account
        self.journal = Journal()
        self.callers = Callers(account)
        self.recorder = Recorder(account, self.callers)
        self.behalf = OnBehalf(self.recorder, self.journal)
        self.history = EventHistory(self.journal)
        self.lost = []
        self._signer = None

    @property
    def signer(self):
        """Made when first asked for: a key pair takes a second."""
        self._signer = self._signer or digests.Signer()
        return self._signer

    def write(self, folder, bucket=None, category=None):
        """The trail so far, or its events of one category, in a folder and, if one is named, in a new bucket of the
        server; the number of records."""
        records = [one for one in self.journal.records() if category in (None, one["eventCategory"])]
        files = delivery.write(records, folder, self.account)
        if bucket:
            digests.deliver(files, folder, bucket, self.account, self.signer, self.server.geturl())
        return len(records)

    def note(self, call, answer, user_agent):
        """Records a call; one that cannot be recorded must not hide a denial, so it is told, and fails the run."""
        try:
            record = self.recorder.record(call, answer, user_agent)
            if record is None:
                return
            self.journal.add(record)
            if "errorCode" not in record and "sessionContext" in record["userIdentity"]:
                self.behalf.follow(call, record["userIdentity"])
        except Exception:  # the client has its answer all the same
            self.lost.append(f"{call.service}:{call.operation}")
            print(f"no record of {call.service}:{call.operation}", file=sys.stderr)
            traceback.print_exc()


class Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    desk = None

    def log_message(self, *_):
        """Quiet: the records are the log."""

    def handle_call(self):
        request = calls.Request(self.command, urllib.parse.urlsplit(self.path), self.headers, self._body())
        if request.url.path.startswith("/_recorder/"):
            return self._control(request)
        target = self.headers.get("X-Amz-Target") or ""
        if target.endswith("CloudTrail_20131101.LookupEvents"):
            return self._event_history(request)
        if target.endswith("CloudTrail_20131101.ListPublicKeys"):
            return self._reply_json(200, self.desk.signer.public_keys())
        call = calls.read(request, self.desk.account)
        answer = stand_in.answer(call, self._ask_server(request.body))
        if call is not None:
            self.desk.note(call, answer, self.headers.get("User-Agent") or "")
        self._reply(answer)

    do_GET = do_POST = do_PUT = do_DELETE = do_HEAD = do_PATCH = handle_call

    def _body(self):
        if "chunked" in (self.headers.get("Transfer-Encoding") or "").lower():
            return b"".join(iter(self._chunk, b""))
        return self.rfile.read(int(self.headers.get("Content-Length") or 0))

    def _chunk(self):
        size = int(self.rfile.readline().split(b";")[0], 16)
        content = self.rfile.read(size)
        self.rfile.readline()
        return content

    def _ask_server(self, body):
        """The request as it came: its signature covers headers and path."""
        headers = {name: value for name, value in self.headers.items() if name.lower() != "transfer-encoding"}
        if body:
            headers["Content-Length"] = str(len(body))
        connection = http.client.HTTPConnection(self.desk.server.hostname, self.desk.server.port, timeout=120)
        try:
            connection.request(self.command, self.path, body=body or None, headers=headers)
            response = connection.getresponse()
            return answers.Answer(response.status, dict(response.getheaders()), response.read())
        finally:
            connection.close()

    def _reply(self, answer):
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            if name.lower() not in HOP_BY_HOP:
                self.send_header(name, value)
        length = answer.header("content-length") if self.command == "HEAD" else None
        self.send_header("Content-Length", length or str(len(answer.body)))
        self.end_headers()
        if self.command != "HEAD":
            self.wfile.write(answer.body)

    def _reply_json(self, status, content, kind="application/x-amz-json-1.1"):
        headers = {"Content-Type": kind, "x-amzn-RequestId": str(uuid.uuid4())}
        self._reply(answers.Answer(status, headers, json.dumps(content).encode()))

    def _event_history(self, request):
        try:
            self._reply_json(200, self.desk.history.lookup(request.body, request.signature()[1]))
        except Refused as refused:
            self._reply_json(400, {"__type": refused.code, "message": str(refused)})

    def _control(self, request):
        name = request.url.path.rpartition("/")[2]
        if name == "write":
            return self._reply_json(200, {"records": self.desk.write(**json.loads(request.body))})
        if name == "denied":
            records = self.desk.journal.records()
            denied = [_denial(record) for record in records if answers.DENIED.search(_words(record))]
            return self._reply_json(200, denied)
        if name == "lost":
            return self._reply_json(200, self.desk.lost)
        return self._reply_json(404, {"message": f"no `{name}` here"})


def _words(record):
    return f"{record.get('errorCode')} {record.get('errorMessage')}"


def _denial(record):
    return {"source": record["eventSource"], "operation": record["eventName"], "message": record.get("errorMessage")}


def serve(server, port, account):
    """Serves on the loopback interface until it is stopped."""
    Handler.desk = Desk(server, account)
    ThreadingHTTPServer.daemon_threads = True
    ThreadingHTTPServer(("127.0.0.1", port), Handler).serve_forever()
