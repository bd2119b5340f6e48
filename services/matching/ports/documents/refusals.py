"""Why a file is not read. The names are those of the contract, without their prefix."""

from __future__ import annotations


class FileRefused(Exception):
    """A file that cannot be read, with a reason out of a closed set."""

    def __init__(self, reason: str, detail: str = "") -> None:
        super().__init__(reason, detail)
        self.reason = reason
        self.detail = detail


UNSUPPORTED = "CV_UNSUPPORTED"
UNREADABLE = "CV_UNREADABLE"
TOO_LARGE = "CV_TOO_LARGE"
LOCKED = "CV_LOCKED"
NO_TEXT = "CV_NO_TEXT"
TIMEOUT = "CV_TIMEOUT"
BUSY = "CV_BUSY"
