"""`python -m everline.cli`: the same as `everline`, for processes that we start ourselves."""

from everline.cli import main

main()
