"""SSH signatures of merge commits and tags, as git itself makes and checks them.

    sign = ssh_signer(key)  # an OpenSSH key without passphrase, or the public part of one in an agent

Anybody checks them with plain git: `git -c gpg.ssh.allowedSignersFile=FILE verify-commit SHA`.
"""

from __future__ import annotations

import subprocess
from pathlib import Path

from engine.releases.errors import SigningFailed
from engine.releases.repository import Signer

# What git asks ssh-keygen to sign for.
_NAMESPACE = "git"


def ssh_signer(key: Path) -> Signer:
    """Return a signer by the SSH key `key`; signing raises SigningFailed where the key cannot be used."""

    def sign(content: bytes) -> str:
        command = ["ssh-keygen", "-Y", "sign", "-n", _NAMESPACE, "-f", str(key)]
        try:
            done = subprocess.run(command, input=content, capture_output=True, check=False)
        except OSError as error:
            raise SigningFailed(f"ssh-keygen cannot be run: {error}") from error
        if done.returncode:
            told = done.stderr.decode(errors="replace").strip()
            raise SigningFailed(f"the key {key} cannot sign: {told}")
        return done.stdout.decode()

    return sign
