"""Holds what happened against what was planned: is routing still paying?"""
