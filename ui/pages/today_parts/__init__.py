"""The panels of the page 今日."""
