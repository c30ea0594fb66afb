"""Channel adapters: the contract, and the simulator that stands in for the four channels."""

from payments_core.channels.adapter import (
    Channel,
    ChannelAdapter,
    ChannelOrder,
    ChannelRefund,
    Outcome,
    Reply,
)
from payments_core.channels.simulator import MAGIC, Fate, Simulator

__all__ = [
    "MAGIC",
    "Channel",
    "ChannelAdapter",
    "ChannelOrder",
    "ChannelRefund",
    "Fate",
    "Outcome",
    "Reply",
    "Simulator",
]
