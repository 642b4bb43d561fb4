"""`python -m bot`: the command line, where the installed command is not on the path."""

from bot.cli import main

main()
