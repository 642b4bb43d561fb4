"""The process: settings, wiring, engine, schedules, command line, sandbox."""
