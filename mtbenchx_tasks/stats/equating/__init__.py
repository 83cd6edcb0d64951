"""What an old judge would have said of answers that only a new one rated: a line through models that both rated.

Records and arrays in, numbers out. All arrays may have further axes in front (many studies at once); of the axes named
here the last comes last: models, or models and items. METHODS.md, "Another judge's scale".
"""
