"""Faults played on a real cluster with somebody's own CIB, watched from outside, and judged."""
