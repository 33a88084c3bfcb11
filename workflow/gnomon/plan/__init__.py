"""The plan of a campaign: what will be made, from what, at what cost, before anything is."""
