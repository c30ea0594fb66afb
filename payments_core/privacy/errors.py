"""What can go wrong with sealed values.

Invalid
├── KeyFileInvalid     the key file cannot be read as keys
├── SealKeyUnknown     the value was sealed with a key this installation does not hold
└── SealBroken         the value was changed, or belongs to another field
"""

from __future__ import annotations

from payments_core.errors import Invalid


class KeyFileInvalid(Invalid):
    """The key file is missing or malformed."""

    code = "KEY_FILE_INVALID"
    chinese = "密钥文件缺失或格式不对"


class SealKeyUnknown(Invalid):
    """The value was sealed with a key that is not in the key file."""

    code = "SEAL_KEY_UNKNOWN"
    chinese = "密文所用的密钥不在密钥文件中"


class SealBroken(Invalid):
    """The sealed value was altered, or was sealed for another field."""

    code = "SEAL_BROKEN"
    chinese = "密文被改动，或属于另一字段"
