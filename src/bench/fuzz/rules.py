"""Computes the occurrences of recurrence rules with python-dateutil, for ./fuzz.

Reads one JSON object per line from standard input and answers each with one line. A first line with
"zones" compares the time zone data; each other one is a rule.

Where dateutil is known to differ from RFC 5545 (docs/testing.md, "Fuzzing"):
- WEEKLY with BYSETPOS: its first week begins at DTSTART, not at WKST, so positions in it are
  counted from there. 3.3.10: BYSETPOS selects within one interval. Here the rule begins at the
  week's start, and COUNT is applied to what is not before DTSTART.
- UNTIL: it compares naive local times. It is applied here, to instants, as section 3.3.10 says.
- A rule without an occurrence is searched up to the year 9999; here, up to seven years after DTSTART.
"""

import datetime as dates
import json
import sys
import types
from zoneinfo import ZoneInfo

import dateutil
from dateutil import rrule

UTC = dates.timezone.utc
WEEKDAYS = ["MO", "TU", "WE", "TH", "FR", "SA", "SU"]


class BoundedDates(types.ModuleType):
    """The module datetime for dateutil, with another last year."""

    MAXYEAR = 9999

    def __getattr__(self, name):
        return getattr(dates, name)


bounded = BoundedDates("datetime")
rrule.datetime = bounded


def instant(local, zone):
    """The instant of a local time: in a gap, with the offset before it; of two, the first."""
    return local.replace(tzinfo=zone, fold=0).astimezone(UTC)


def milliseconds(moment):
    return round((moment - dates.datetime(1970, 1, 1, tzinfo=UTC)).total_seconds() * 1000)


def until(parts, zone):
    """The first instant after UNTIL; None if there is none."""
    text = parts.get("UNTIL")
    if text is None:
        return None
    if len(text) == 8:
        day = dates.datetime.strptime(text, "%Y%m%d") + dates.timedelta(days=1)
        return instant(day, zone)
    moment = dates.datetime.strptime(text, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    return moment + dates.timedelta(milliseconds=1)


def occurrences(request):
    zone = ZoneInfo(request["zone"])
    start = dates.datetime.fromtimestamp(request["start"] / 1000, UTC)
    local = start.astimezone(zone).replace(tzinfo=None, fold=0)
    bounded.MAXYEAR = local.year + 7
    parts = dict(part.split("=", 1) for part in request["rule"].split(";"))
    end = until(parts, zone)
    count = int(parts.pop("COUNT", "0"))
    parts.pop("UNTIL", None)
    first = local
    if parts["FREQ"] == "WEEKLY" and "BYSETPOS" in parts:
        parts.setdefault("BYDAY", WEEKDAYS[local.weekday()])
        week_start = WEEKDAYS.index(parts.get("WKST", "MO"))
        first = local - dates.timedelta(days=(local.weekday() - week_start) % 7)
    text = ";".join(name + "=" + value for name, value in parts.items())
    bound = start + dates.timedelta(milliseconds=request["bound"])
    found = []
    for naive in rrule.rrulestr(text, dtstart=first):
        if naive < local:
            continue
        moment = start if naive.date() == local.date() else instant(naive, zone)
        if moment > bound or (end is not None and moment >= end):
            break
        found.append(milliseconds(moment))
        if len(found) == request["most"] or len(found) == count:
            break
    return found


def main():
    for line in sys.stdin:
        request = json.loads(line)
        try:
            if "epochs" in request:
                zone = ZoneInfo(request["zone"])
                answer = [
                    int(dates.datetime.fromtimestamp(at, zone).utcoffset().total_seconds())
                    for at in request["epochs"]
                ]
            elif "version" in request:
                answer = dateutil.__version__
            else:
                answer = occurrences(request)
            print(json.dumps({"answer": answer}), flush=True)
        except Exception as error:
            print(json.dumps({"error": repr(error)}), flush=True)


main()
