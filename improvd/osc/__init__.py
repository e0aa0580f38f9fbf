"""OSC, Open Sound Control: a process beside the duet that is told and tells by UDP (docs/osc.md)."""
