"""The command line: thin commands, imports on demand."""
