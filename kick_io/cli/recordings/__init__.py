"""What is done with recordings: shown again, compared, looked through for what is new, stripped of names."""
