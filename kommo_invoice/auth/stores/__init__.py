"""Secret stores: the system's keyring, an encrypted file, and a plain file."""
