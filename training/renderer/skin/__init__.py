"""Skin and its wrinkles."""
