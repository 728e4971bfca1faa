-- The events of a target in which nothing was changed, together: a run over thousands of converged containers has one
-- row for each, and not one for each event.
CREATE TABLE quiet (
    run    INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    -- That of the first event.
    seq    INTEGER NOT NULL,
    -- A JSON list of events, as each would be in `events`, compressed with zstd.
    bodies BLOB NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;

-- Runs that go on, or were cut off: few, and asked for at every claim.
CREATE INDEX runs_not_finished ON runs (id) WHERE finished_ms IS NULL;
