"""Local simulators of the providers: real HTTP on 127.0.0.1 over one shared world."""
