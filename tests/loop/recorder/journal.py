"""The records of a run, in the order in which they were made."""

import datetime
import threading
import time


def iso(seconds):
    return datetime.datetime.fromtimestamp(int(seconds), datetime.timezone.utc).strftime("%Y-%m-%dT%H:%M:%SZ")


class Journal:
    def __init__(self):
        self._records, self._lock = [], threading.Lock()

    def add(self, record):
        with self._lock:
            self._records.append(record)

    def records(self):
        with self._lock:
            return list(self._records)


def now():
    return time.time()
