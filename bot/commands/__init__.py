"""The work of each command of the command line, one a module; imported only when the command is given."""
