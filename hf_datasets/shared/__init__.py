"""What every room stands on: errors, files, processes, languages, texts."""
