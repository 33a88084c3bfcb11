"""Straight trails of satellites and meteors."""

from gnomon.algorithms.streak.find import Streak, StreakOptions, find_streaks, mark_streaks, streak_mask

__all__ = ["Streak", "StreakOptions", "find_streaks", "mark_streaks", "streak_mask"]
