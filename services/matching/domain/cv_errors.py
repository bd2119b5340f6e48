"""Why a CV is not read, or not there."""

from services.kit.errors import Refused


class CvUnsupported(Refused):
    """A kind of file that is not read: an image, an old Word file, something else."""

    reason = "CV_UNSUPPORTED"


class CvUnreadable(Refused):
    """Broken, or not what it says it is."""

    reason = "CV_UNREADABLE"


class CvTooLarge(Refused):
    """More bytes, pages or memory than a CV may take."""

    reason = "CV_TOO_LARGE"


class CvLocked(Refused):
    """Wants a password."""

    reason = "CV_LOCKED"


class CvNoText(Refused):
    """No text that a reader would see: a scan, or everything is hidden."""

    reason = "CV_NO_TEXT"


class CvTimeout(Refused):
    """Reading it took too long."""

    reason = "CV_TIMEOUT"


class CvBusy(Refused):
    """Too many files are being read at this moment."""

    reason = "CV_BUSY"


class CvNotFound(Refused):
    """No CV has this id."""

    reason = "CV_NOT_FOUND"


_BY_REASON = {
    error.reason: error
    for error in (CvUnsupported, CvUnreadable, CvTooLarge, CvLocked, CvNoText, CvTimeout, CvBusy)
}


def cv_refused(reason: str, detail: str = "") -> Refused:
    """Return the error of a reason; an unknown reason is a file that cannot be read."""
    return _BY_REASON.get(reason, CvUnreadable)(detail=detail)
