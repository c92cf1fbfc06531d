-- Notifications: what people are told, where it was delivered, and how they want to hear of things.

-- +goose Up

ALTER TABLE users ADD COLUMN time_zone TEXT;   -- an IANA name; NULL is UTC
ALTER TABLE users ADD COLUMN language  TEXT;   -- BCP 47; NULL is English

-- How far somebody has read the outbox who must miss nothing (kernel/bus, Follow).
CREATE TABLE outbox_cursors (
    name {{id}} PRIMARY KEY,
    txid BIGINT NOT NULL,
    seq  BIGINT NOT NULL
);
INSERT INTO outbox_cursors (name, txid, seq) SELECT 'notifications', {{txid}}, COALESCE(MAX(seq), 0) FROM outbox; -- history notifies nobody

-- What somebody is told, once for all who are.
CREATE TABLE notifications (
    org_id       {{id}}  NOT NULL REFERENCES organizations (id),
    id           {{id}}  NOT NULL,
    kind         TEXT    NOT NULL,             -- announcement, mention, comment …
    title        TEXT    NOT NULL DEFAULT '',  -- '' is worded by kind and language
    text         TEXT    NOT NULL DEFAULT '',
    link         TEXT    NOT NULL DEFAULT '',
    actor_id     {{id}},                       -- whose act it was
    subject_kind {{id}}  NOT NULL DEFAULT '',  -- what it is about, which whoever is told must see
    subject_id   {{id}}  NOT NULL DEFAULT '',
    channels     TEXT    NOT NULL DEFAULT '',  -- asked for, comma-separated; '' leaves it to preferences
    urgent       BOOLEAN NOT NULL DEFAULT FALSE,
    sent_by      {{id}},                       -- who sent it by the API, NULL for what the platform tells
    accepted     BIGINT  NOT NULL DEFAULT 0,   -- how many people and addresses it was sent to
    created_at   BIGINT  NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX notifications_created ON notifications (created_at);

-- Whom a notification is still to be spread to: a list, or the members of an audience from after on.
CREATE TABLE notification_batches (
    org_id          {{id}} NOT NULL,
    notification_id {{id}} NOT NULL,
    place           BIGINT NOT NULL,
    people          TEXT   NOT NULL,            -- JSON array of ids
    addresses       TEXT   NOT NULL,            -- JSON array of mail addresses
    audience_id     BIGINT,
    after_id        {{id}} NOT NULL DEFAULT '',
    key             {{id}} NOT NULL DEFAULT '', -- see notification_told
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (org_id, notification_id, place),
    FOREIGN KEY (org_id, notification_id) REFERENCES notifications (org_id, id)
);
CREATE INDEX notification_batches_created ON notification_batches (created_at, org_id, notification_id, place);

-- Who was told of what: the same key tells nobody twice.
CREATE TABLE notification_told (
    org_id     {{id}} NOT NULL REFERENCES organizations (id),
    key        {{id}} NOT NULL,
    user_id    {{id}} NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, key, user_id)
);
CREATE INDEX notification_told_created ON notification_told (created_at);

-- What a person finds in their inbox. While an entry is unread, more of its kind about the same
-- thing (bundle) raises its number.
CREATE TABLE notification_inbox (
    org_id          {{id}} NOT NULL,
    user_id         {{id}} NOT NULL,
    id              {{id}} NOT NULL,
    notification_id {{id}} NOT NULL,            -- the latest
    bundle          {{id}} NOT NULL,
    number          BIGINT NOT NULL DEFAULT 1,
    at              BIGINT NOT NULL,            -- of the latest
    pushed_at       BIGINT NOT NULL,            -- when channels other than the inbox were last told
    quiet           BOOLEAN NOT NULL DEFAULT FALSE, -- the latest was told by no other channel
    read_at         BIGINT,
    PRIMARY KEY (org_id, user_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX notification_inbox_bundle ON notification_inbox (org_id, user_id, bundle) WHERE read_at IS NULL;
CREATE INDEX notification_inbox_recent ON notification_inbox (org_id, user_id, at DESC, id DESC);
CREATE INDEX notification_inbox_at ON notification_inbox (at);

-- One message to one person by one channel.
CREATE TABLE notification_deliveries (
    org_id          {{id}} NOT NULL,
    id              {{id}} NOT NULL,            -- also the key by which the other side tells attempts from messages
    notification_id {{id}} NOT NULL,
    channel         {{id}} NOT NULL,            -- EMAIL, SMS, PUSH, INAPP
    user_id         {{id}} NOT NULL DEFAULT '',
    address         {{id}} NOT NULL DEFAULT '', -- of somebody outside, in lower case
    device_id       {{id}} NOT NULL DEFAULT '',
    state           TEXT   NOT NULL,            -- queued, sending, delivered, failed, suppressed
    code            TEXT   NOT NULL DEFAULT '', -- why, "channel.reason"
    reason          TEXT   NOT NULL DEFAULT '', -- the same as a sentence
    attempts        BIGINT NOT NULL DEFAULT 0,
    due_at          BIGINT,                     -- when to try; while sending, when to give the worker up; NULL when it is over
    claim           {{id}} NOT NULL DEFAULT '', -- of the worker that sends it
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, notification_id) REFERENCES notifications (org_id, id)
);
CREATE UNIQUE INDEX notification_deliveries_once ON notification_deliveries (org_id, notification_id, channel, user_id, address, device_id);
CREATE INDEX notification_deliveries_list ON notification_deliveries (org_id, notification_id, id);
CREATE INDEX notification_deliveries_due ON notification_deliveries (channel, due_at, id) WHERE due_at IS NOT NULL;
CREATE INDEX notification_deliveries_updated ON notification_deliveries (updated_at) WHERE due_at IS NULL;

-- Browsers that take push messages.
CREATE TABLE notification_devices (
    org_id     {{id}} NOT NULL,
    id         {{id}} NOT NULL,
    user_id    {{id}} NOT NULL,
    name       TEXT   NOT NULL,
    hash       {{id}} NOT NULL,                 -- of the endpoint: a browser is one person's at a time
    endpoint   TEXT   NOT NULL,
    p256dh     TEXT   NOT NULL,
    auth       TEXT   NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX notification_devices_hash ON notification_devices (hash);
CREATE INDEX notification_devices_user ON notification_devices (org_id, user_id, id);

CREATE TABLE notification_preferences (
    org_id     {{id}} NOT NULL,
    user_id    {{id}} NOT NULL,
    value      TEXT   NOT NULL,                 -- JSON
    digest_at  BIGINT,                          -- when the next digest is due
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX notification_preferences_digest ON notification_preferences (digest_at) WHERE digest_at IS NOT NULL;

-- This server's own secrets: the keys of Web Push, and what links in mails are signed with.
CREATE TABLE notification_keys (
    name       {{id}} PRIMARY KEY,
    value      TEXT   NOT NULL,
    created_at BIGINT NOT NULL
);

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
