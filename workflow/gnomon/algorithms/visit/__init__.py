"""One detector of one visit: what belongs together because each part needs the others."""

from gnomon.algorithms.visit.characterise import Characterised, CharacteriseOptions, characterise

__all__ = ["CharacteriseOptions", "Characterised", "characterise"]
