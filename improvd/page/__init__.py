"""The page: improvd's face in a browser, served by a process of its own beside the daemon.

The process is a client of the daemon's control socket and nothing more: the duet doesn't wait for it, and goes on when
it dies. ``assets`` is what the browser gets, as it is: plain modules, no build, nothing from outside.
"""
