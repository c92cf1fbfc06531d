-- Uploaded files, what uses them, and secrets of the server.

-- +goose Up

-- A file. Its bytes are in the file store; what they are is known once they have arrived.
CREATE TABLE media (
    org_id       {{id}} NOT NULL REFERENCES organizations (id),
    id           {{id}} NOT NULL,
    owner_id     {{id}} NOT NULL,
    module_code  BIGINT NOT NULL,
    name         TEXT   NOT NULL,
    declared     TEXT   NOT NULL,             -- the media type the client announced
    state        TEXT   NOT NULL,             -- PENDING, READY, REFUSED
    reason       TEXT   NOT NULL DEFAULT '',  -- of REFUSED
    mime         TEXT   NOT NULL DEFAULT '',  -- the media type the bytes are of
    size         BIGINT NOT NULL DEFAULT 0,
    etag         TEXT   NOT NULL DEFAULT '',  -- of the bytes that were looked at
    created_at   BIGINT NOT NULL,
    unused_since BIGINT,                      -- NULL while an item uses it
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, owner_id) REFERENCES users (org_id, id)
);
CREATE INDEX media_unused ON media (unused_since) WHERE unused_since IS NOT NULL;

-- The items of any content kind that use a file: whoever may see one of them may read it.
CREATE TABLE media_uses (
    org_id   {{id}} NOT NULL,
    media_id {{id}} NOT NULL,
    kind     {{id}} NOT NULL,
    item_id  {{id}} NOT NULL,
    PRIMARY KEY (org_id, media_id, kind, item_id),
    FOREIGN KEY (org_id, media_id) REFERENCES media (org_id, id)
);
CREATE INDEX media_uses_item ON media_uses (org_id, kind, item_id);

-- What all nodes must know and nobody else: made once, by whichever node starts first.
CREATE TABLE server_secrets (
    name  {{id}} PRIMARY KEY,        -- 'media.addresses'
    value TEXT NOT NULL
);

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
