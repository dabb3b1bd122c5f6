"""One file for each contender, with one function: ``run`` connects, begins, takes every frame, and ends."""
