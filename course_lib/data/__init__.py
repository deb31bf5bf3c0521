"""Small data sets as NumPy arrays, split and scaled once for everybody."""
