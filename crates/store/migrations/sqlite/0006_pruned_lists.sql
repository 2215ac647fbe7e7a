-- A version that binds nobody any more may lose its file: the row keeps what it was, and says since when the file is
-- gone on purpose. Each pruning has a row, so that the newest version and the newest pruning together say whether
-- anything changed.

ALTER TABLE list_versions ADD COLUMN pruned_at INTEGER;

CREATE TABLE list_prunings (
    pruning  INTEGER PRIMARY KEY,
    at       INTEGER NOT NULL,
    versions INTEGER NOT NULL,
    bytes    INTEGER NOT NULL
) STRICT;
