"""Straight trails of satellites and meteors."""

from gnomon.algorithms.streak.find import Streak, StreakOptions, find_streaks, streak_mask
from gnomon.algorithms.streak.mark import mark_streaks

__all__ = ["Streak", "StreakOptions", "find_streaks", "mark_streaks", "streak_mask"]
