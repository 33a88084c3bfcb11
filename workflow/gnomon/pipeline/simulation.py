"""The simulated survey as input of a campaign."""

STEPS = ()
