"""The tables of a study's database, votes.sqlite."""

TABLES = """
CREATE TABLE IF NOT EXISTS study (
    id INTEGER PRIMARY KEY CHECK (id = 1), digest TEXT NOT NULL, content TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS consent_text (version TEXT PRIMARY KEY, language TEXT NOT NULL, text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS annotator (
    id TEXT PRIMARY KEY, code_hash TEXT UNIQUE, consent_at REAL, consent_version TEXT REFERENCES consent_text (version),
    language TEXT);
CREATE TABLE IF NOT EXISTS assignment (
    id TEXT PRIMARY KEY, annotator TEXT NOT NULL REFERENCES annotator (id), question_id NOT NULL,
    pair INTEGER NOT NULL, turn INTEGER NOT NULL CHECK (turn >= 1), left_model TEXT NOT NULL,
    created REAL NOT NULL, shown REAL, expires REAL NOT NULL, UNIQUE (annotator, question_id, pair, turn));
CREATE TABLE IF NOT EXISTS vote (
    assignment TEXT PRIMARY KEY REFERENCES assignment (id), annotator TEXT NOT NULL REFERENCES annotator (id),
    question_id NOT NULL, pair INTEGER NOT NULL, turn INTEGER NOT NULL,
    choice TEXT NOT NULL CHECK (choice IN ('left', 'right', 'tie', 'both_bad', 'skip')), winner TEXT NOT NULL,
    ms INTEGER NOT NULL, created REAL NOT NULL, sparse_ties INTEGER NOT NULL,
    UNIQUE (annotator, question_id, pair, turn));
CREATE TABLE IF NOT EXISTS label (annotator TEXT PRIMARY KEY REFERENCES annotator (id), text TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS blocked (annotator TEXT PRIMARY KEY REFERENCES annotator (id));
CREATE TABLE IF NOT EXISTS session (id TEXT PRIMARY KEY, annotator TEXT NOT NULL REFERENCES annotator (id));
"""
"""A question's id is kept as it is, a number or a text: its column has no type. `session`: logins that were ended."""
