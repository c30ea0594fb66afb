"""What a broker can reach next (再进一步): levels and incentives, and the least it would take."""

from payments_core.targets.model import Known, Target, next_targets
from payments_core.targets.queries import broker_facts

__all__ = ["Known", "Target", "broker_facts", "next_targets"]
