"""Figures of every recorded commit: kept in one small file, judged, drawn."""
