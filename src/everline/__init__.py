"""Everline."""
