"""Judges a configuration of Pacemaker, or a part of one, without a cluster."""
