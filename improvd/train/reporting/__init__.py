"""What a training tells of itself afterwards: the report and the card."""
