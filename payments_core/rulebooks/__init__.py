"""Which release of the rules is active since when, and the numbers by which rows point at a rule line."""

from payments_core.rulebooks.errors import NoActiveRelease, ReleaseRejected, ReleaseUnknown
from payments_core.rulebooks.operations import CHANNEL, activate, publish, record_release
from payments_core.rulebooks.queries import Activation, ActiveRulebook, active, list_activations
from payments_core.rulebooks.refs import RuleRefKey, intern_refs

__all__ = [
    "CHANNEL",
    "Activation",
    "ActiveRulebook",
    "NoActiveRelease",
    "ReleaseRejected",
    "ReleaseUnknown",
    "RuleRefKey",
    "activate",
    "active",
    "intern_refs",
    "list_activations",
    "publish",
    "record_release",
]
