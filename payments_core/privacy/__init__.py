"""Personal data: sealed at rest, masked on the way out, hashed where only equality matters."""

from payments_core.privacy.errors import KeyFileInvalid, SealBroken, SealKeyUnknown
from payments_core.privacy.keys import create_key_file, read_sealer
from payments_core.privacy.masks import PII_KINDS, mask
from payments_core.privacy.sealing import Sealer

__all__ = [
    "PII_KINDS",
    "KeyFileInvalid",
    "SealBroken",
    "SealKeyUnknown",
    "Sealer",
    "create_key_file",
    "mask",
    "read_sealer",
]
