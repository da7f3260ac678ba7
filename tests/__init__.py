"""The tests of Everline."""
