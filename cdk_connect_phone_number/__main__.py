"""Runs ``connect-phone-numbers`` as ``python -m cdk_connect_phone_number``."""

from .cli.main import main

if __name__ == "__main__":
    main()
