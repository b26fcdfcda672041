"""Instruments for money: dated, sourced price cards, the book that finds them, exact charges."""
