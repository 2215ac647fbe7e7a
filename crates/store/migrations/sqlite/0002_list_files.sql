-- Lists at their real size live in files beside the database, one for each version; the rows keep what they are and the
-- hash that binds each to its file. Copies imported by an earlier version of this program are to be imported again:
-- until then they deny, as every list does whose file is missing.

ALTER TABLE list_versions ADD COLUMN file_sha256 TEXT;
ALTER TABLE list_versions ADD COLUMN file_bytes INTEGER;

CREATE TABLE list_areas_now (
    area    INTEGER NOT NULL,
    version INTEGER NOT NULL REFERENCES list_versions (version),
    covered INTEGER NOT NULL,
    PRIMARY KEY (area, version)
) STRICT, WITHOUT ROWID;
INSERT INTO list_areas_now (area, version, covered) SELECT area, version, covered FROM list_areas;
DROP TABLE list_areas;
ALTER TABLE list_areas_now RENAME TO list_areas;
CREATE INDEX list_areas_version ON list_areas (version, area);

DROP TABLE list_blocks;
