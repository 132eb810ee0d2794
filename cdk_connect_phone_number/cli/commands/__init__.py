"""The command's subcommands, one a module."""
