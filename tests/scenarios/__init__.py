"""Stories over months, told with the clock in hand; story.py is how they are told."""
