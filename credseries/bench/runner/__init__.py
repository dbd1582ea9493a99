"""Running a benchmark many times, under two kernels or trees in turns, so that the runs can be compared."""
