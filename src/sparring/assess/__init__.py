"""The bench for `assess`: columns, plan, run, judge, statistics, doubts."""
