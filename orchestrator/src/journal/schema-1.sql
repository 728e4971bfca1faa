-- Every run that looked at or changed machines, in the order in which they began.
CREATE TABLE runs (
    id          INTEGER PRIMARY KEY,
    name        TEXT NOT NULL UNIQUE,
    verb        TEXT NOT NULL,
    started_ms  INTEGER NOT NULL,
    takes_back  TEXT,
    finished_ms INTEGER,
    exit        INTEGER,
    changes     INTEGER NOT NULL DEFAULT 0
);

-- Events as one JSON document each, in the form of `--output json`.
CREATE TABLE events (
    run  INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    seq  INTEGER NOT NULL,
    body TEXT NOT NULL,
    PRIMARY KEY (run, seq)
) WITHOUT ROWID;

-- What was begun, and whether anybody knows how it ended.
CREATE TABLE effects (
    run     INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    number  INTEGER NOT NULL,
    step    TEXT NOT NULL,
    target  TEXT NOT NULL,
    settled INTEGER NOT NULL DEFAULT 0,
    -- Whether a rollback has brought its unit back since.
    taken_back INTEGER NOT NULL DEFAULT 0,
    -- What a later run found, as JSON: an image.
    found   TEXT,
    PRIMARY KEY (run, number)
) WITHOUT ROWID;
CREATE INDEX effects_in_doubt ON effects (target) WHERE settled = 0;

-- Contents by their SHA-256, compressed with zstd.
CREATE TABLE contents (
    digest TEXT PRIMARY KEY,
    size   INTEGER NOT NULL,
    -- When; what was kept a moment ago may not be referred to yet.
    kept_ms INTEGER NOT NULL,
    zstd   BLOB NOT NULL
) WITHOUT ROWID;

-- Which contents a run refers to; contents that no run refers to are removed with the last that did.
CREATE TABLE refers (
    run    INTEGER NOT NULL REFERENCES runs (id) ON DELETE CASCADE,
    digest TEXT NOT NULL,
    PRIMARY KEY (run, digest)
) WITHOUT ROWID;
CREATE INDEX refers_digest ON refers (digest);

-- Units that were changed, or stand on what was, and have not been verified since.
CREATE TABLE owed (
    step   TEXT NOT NULL,
    target TEXT NOT NULL,
    -- The name of the first run that owes it.
    since  TEXT NOT NULL,
    PRIMARY KEY (step, target)
) WITHOUT ROWID;
