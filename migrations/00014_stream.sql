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

-- Webhooks: where what happens is told to programs, as far as their owners may see it.
CREATE TABLE webhooks (
    org_id        {{id}} NOT NULL,
    id            {{id}} NOT NULL,
    owner_id      {{id}} NOT NULL,
    name          TEXT   NOT NULL,
    url           TEXT   NOT NULL,
    types         TEXT   NOT NULL,     -- JSON array of strings; empty = all
    scopes        TEXT   NOT NULL,     -- of the key it was made with, JSON
    secret        TEXT   NOT NULL,     -- that deliveries are signed with, sealed
    active        BOOLEAN NOT NULL,
    reason        TEXT,                -- why the server has stopped it
    failing_since BIGINT,              -- when the first of the deliveries failed that have failed since
    from_txid     BIGINT NOT NULL,     -- place in the outbox behind which it is told
    from_seq      BIGINT NOT NULL,
    version       BIGINT NOT NULL DEFAULT 1,
    created_at    BIGINT NOT NULL,
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, owner_id) REFERENCES users (org_id, id)
);
CREATE INDEX webhooks_active ON webhooks (org_id) WHERE active;

-- How far in the outbox events have been handed to webhooks, in one row.
CREATE TABLE webhook_place (
    name {{id}} PRIMARY KEY,
    txid BIGINT NOT NULL,
    seq  BIGINT NOT NULL
);

CREATE TABLE webhook_deliveries (
    org_id      {{id}} NOT NULL,
    id          {{id}} NOT NULL,
    webhook_id  {{id}} NOT NULL,
    type        {{id}} NOT NULL,
    body        TEXT   NOT NULL,       -- as it is sent
    state       TEXT   NOT NULL,       -- PENDING, DELIVERED, FAILED
    attempts    BIGINT NOT NULL DEFAULT 0,
    status      BIGINT,                -- of the last answer
    error       TEXT,                  -- of the last attempt
    created_at  BIGINT NOT NULL,
    next_at     BIGINT,                -- of the next attempt
    finished_at BIGINT,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX webhook_deliveries_newest ON webhook_deliveries (org_id, webhook_id, created_at DESC, id DESC);
CREATE INDEX webhook_deliveries_finished ON webhook_deliveries (finished_at) WHERE finished_at IS NOT NULL;

-- Addresses at which programs write in a group chat, as whoever made them.
CREATE TABLE conversation_hooks (
    org_id          {{id}} NOT NULL,
    id              {{id}} NOT NULL,
    conversation_id {{id}} NOT NULL,
    name            TEXT   NOT NULL,
    hash            {{id}} NOT NULL,   -- hex SHA-256 of the secret in the address
    created_by      {{id}} NOT NULL,
    created_at      BIGINT NOT NULL,
    last_used_at    BIGINT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, created_by) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX conversation_hooks_hash_key ON conversation_hooks (hash);
CREATE INDEX conversation_hooks_conversation ON conversation_hooks (org_id, conversation_id);

-- What administrators did and what was denied, in a chain: each entry's hash covers the one
-- before it. Nothing is ever changed or deleted here.
CREATE TABLE audit_entries (
    org_id      {{id}} NOT NULL,
    seq         BIGINT NOT NULL,       -- from 1 without gaps
    at          BIGINT NOT NULL,
    user_id     {{id}} NOT NULL,
    token_id    {{id}} NOT NULL,
    operation   {{id}} NOT NULL,
    object_type {{id}} NOT NULL,       -- '' for collections, as the id
    object_id   {{id}} NOT NULL,
    outcome     {{id}} NOT NULL,       -- DONE, DENIED
    code        {{id}} NOT NULL,       -- why it was denied
    request_id  {{id}} NOT NULL,
    hash        {{id}} NOT NULL,       -- hex SHA-256 of this entry and the hash before it
    PRIMARY KEY (org_id, seq)
);

-- The end of each organization's chain: whoever adds to it waits for it here.
CREATE TABLE audit_heads (
    org_id {{id}} PRIMARY KEY,
    seq    BIGINT NOT NULL,
    hash   {{id}} NOT NULL
);

-- Administrators may do everything, what is new here included.
UPDATE security_groups SET capabilities = REPLACE(capabilities, ']', ',"webhooks:manage","audit:read"]') WHERE org_id <> '' AND builtin = 'administrators';

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
