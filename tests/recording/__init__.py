"""Tests of the recordings, file by file as they are in ``kick_proto/recording``."""
