"""What is wrong, if anything: probes, and what they found in words."""
