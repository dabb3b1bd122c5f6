"""What is written: text that is fit for a terminal, events as lines for people and for programs, and tables."""
