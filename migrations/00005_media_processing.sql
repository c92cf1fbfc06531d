-- What is made of uploaded files.

-- +goose Up

ALTER TABLE media ADD COLUMN width BIGINT NOT NULL DEFAULT 0;      -- of a picture, as shown; 0 = not known
ALTER TABLE media ADD COLUMN height BIGINT NOT NULL DEFAULT 0;
ALTER TABLE media ADD COLUMN thumbnail TEXT NOT NULL DEFAULT '';   -- its media type; '' = there is none
ALTER TABLE media ADD COLUMN processing TEXT NOT NULL DEFAULT '';  -- PROCESSING while something is being made of it

-- The words of documents.
CREATE TABLE media_texts (
    org_id   {{id}} NOT NULL,
    media_id {{id}} NOT NULL,
    text     TEXT   NOT NULL,
    PRIMARY KEY (org_id, media_id),
    FOREIGN KEY (org_id, media_id) REFERENCES media (org_id, id)
);

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
