-- Parsers that answered.
CREATE TABLE parser (
    id INTEGER PRIMARY KEY,
    name TEXT NOT NULL,
    version TEXT NOT NULL,
    digest TEXT NOT NULL,
    UNIQUE (digest, name, version)
);

-- Kinds of queries, as the newest parser of each name describes them: parameters, fields, natural keys, noisy fields. `view` is the view of
-- their rows.
CREATE TABLE kind (
    parser TEXT NOT NULL,
    name TEXT NOT NULL,
    view TEXT NOT NULL UNIQUE,
    description TEXT NOT NULL,
    PRIMARY KEY (parser, name)
) WITHOUT ROWID;

-- Runs. `end` is null while a run goes on, and after a crash.
CREATE TABLE run (
    id INTEGER PRIMARY KEY AUTOINCREMENT,
    started_at TEXT NOT NULL,
    ended_at TEXT,
    end TEXT CHECK (end IN ('complete', 'interrupted', 'unanswered')),
    program TEXT NOT NULL
);

-- Queries of runs. `end` is null while a query goes on; `state` is the one from which it continues. `series` is the key of the query without
-- what only bounds a feed, such as the day from which on reviews are wanted: queries of one series are compared with each other.
CREATE TABLE query (
    id INTEGER PRIMARY KEY,
    run INTEGER NOT NULL REFERENCES run ON DELETE CASCADE,
    key TEXT NOT NULL,
    series TEXT NOT NULL,
    kind TEXT NOT NULL,
    params TEXT NOT NULL,
    end TEXT CHECK (end IN ('answered', 'partial', 'failed')),
    failure TEXT,
    records INTEGER NOT NULL,
    parser INTEGER REFERENCES parser,
    asked_at TEXT NOT NULL,
    fields TEXT,
    row_limit INTEGER,
    state TEXT,
    repeated INTEGER NOT NULL DEFAULT 0,
    UNIQUE (run, key)
);
CREATE INDEX query_series ON query (series, run);

-- Records without their noisy fields and long values, each once.
CREATE TABLE record (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    key INTEGER,
    fields TEXT NOT NULL
);
CREATE INDEX record_key ON record (key);

-- Long values, each once.
CREATE TABLE text (
    id INTEGER PRIMARY KEY,
    hash BLOB NOT NULL UNIQUE,
    text TEXT NOT NULL
);

-- Long values of records: texts, or arrays and objects as JSON.
CREATE TABLE record_text (
    record INTEGER NOT NULL REFERENCES record ON DELETE CASCADE,
    field TEXT NOT NULL,
    text INTEGER NOT NULL REFERENCES text,
    is_json INTEGER NOT NULL,
    PRIMARY KEY (record, field)
) WITHOUT ROWID;
CREATE INDEX record_text_text ON record_text (text);

-- Rows of queries, with their records' noisy fields. `fetched_at` is in seconds since 1970.
CREATE TABLE row (
    query INTEGER NOT NULL REFERENCES query ON DELETE CASCADE,
    position INTEGER NOT NULL,
    record INTEGER NOT NULL REFERENCES record,
    noisy TEXT,
    fetched_at INTEGER,
    PRIMARY KEY (query, position)
) WITHOUT ROWID;
CREATE INDEX row_record ON row (record);
