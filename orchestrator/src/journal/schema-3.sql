-- How each target stands: what it is to have, how the last run left it, and what was seen of it since.
CREATE TABLE standings (
    target     TEXT PRIMARY KEY,
    -- A JSON list: the features that runs have brought, or were to bring. Nothing if it was only looked at.
    features   TEXT NOT NULL DEFAULT '[]',
    -- The last run: its name, when it ended, how long its units on this target took together, and why it failed there, if it did.
    run        TEXT,
    ended_ms   INTEGER,
    took_ms    INTEGER,
    failure    TEXT,
    -- When it was last known to be as wanted, by a run or by a look.
    good_ms    INTEGER,
    -- What the last look found, when that was, and since when every look has found the same.
    health     TEXT,
    looked_ms  INTEGER,
    since_ms   INTEGER
) WITHOUT ROWID;
