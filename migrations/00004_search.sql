-- The index that search reads.

-- +goose Up

-- What can be found of a published item or a person, and by which audience. Newer entries have
-- higher ids.
CREATE TABLE search_entries (
    id          {{serial}},
    org_id      {{id}} NOT NULL REFERENCES organizations (id),
    kind        {{id}} NOT NULL,
    item_id     {{id}} NOT NULL,
    audience_id BIGINT NOT NULL,
    at          BIGINT NOT NULL,       -- when it was published
    title       TEXT   NOT NULL,
    text        TEXT   NOT NULL{{if sqlite}}{{else}},
    words       tsvector NOT NULL      -- normalised by the program; the title's have weight A
{{end}}
);
CREATE UNIQUE INDEX search_entries_item ON search_entries (org_id, kind, item_id);

{{if sqlite}}
-- Of each entry, by its id: normalised words, and as words the audience ("a17") and kind ("kpost").
CREATE VIRTUAL TABLE search_words USING fts5 (title, text, scope, content = '', contentless_delete = 1, tokenize = 'ascii', prefix = '2');
{{else}}
CREATE INDEX search_entries_words ON search_entries USING gin (words);
{{end}}

-- Which kinds have been indexed from what was there before there was an index.
CREATE TABLE search_sources (
    kind    {{id}} PRIMARY KEY,
    done_at BIGINT NOT NULL
);

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
