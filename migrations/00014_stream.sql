-- Who is online, webhooks in both directions, and the audit log.

-- +goose Up

-- People with a live connection within the last minute: the row is what online means. Whoever
-- holds the connection renews it; what was not renewed is deleted.
CREATE TABLE presence (
    org_id  {{id}} NOT NULL,
    user_id {{id}} NOT NULL,
    seen_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX presence_seen ON presence (seen_at);

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
