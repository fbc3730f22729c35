"""The day on which each source of prices is asked."""

TODAY = {"market": "2025-01-15", "sample": "2026-01-15"}
