"""What `perf stat` wrote, in its three forms: text for people, CSV (-x), and JSON (-j).

The forms are those of tools/perf/util/stat-display.c, seen with perf 6.1. Counts by interval, processor, socket or
control group are refused: they are no result of a run, and to add them up would be a guess at what was meant.
"""
