"""Runs a program and tells on file descriptor 3 what it and its processes used. `usage.py PROGRAM ARGUMENTS...`"""

import json
import os
import resource
import runpy
import sys

sys.argv = sys.argv[1:]
if __name__ == "__main__":
    runpy.run_path(sys.argv[0], run_name="__main__")
    own = resource.getrusage(resource.RUSAGE_SELF)
    others = resource.getrusage(resource.RUSAGE_CHILDREN)
    cpu = own.ru_utime + own.ru_stime + others.ru_utime + others.ru_stime
    # children run side by side; only the largest one's peak is known
    peak = own.ru_maxrss + (os.cpu_count() * others.ru_maxrss if others.ru_maxrss else 0)
    os.write(3, json.dumps({"peakBytes": peak * 1024, "cpuSeconds": cpu}).encode())
