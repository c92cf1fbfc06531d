-- Group chats, rooms and direct conversations, with their messages and meetings.

-- +goose Up

-- A conversation. What is private and not by request is known to its members alone, as direct
-- conversations are.
CREATE TABLE conversations (
    org_id      {{id}} NOT NULL REFERENCES organizations (id),
    id          {{id}} NOT NULL,
    kind        TEXT    NOT NULL,             -- CHAT_GROUP, ROOM, DIRECT
    title       TEXT    NOT NULL DEFAULT '',
    description TEXT    NOT NULL DEFAULT '',
    color       TEXT    NOT NULL,
    is_private  BOOLEAN NOT NULL,
    by_request  BOOLEAN NOT NULL,
    category_id {{id}},
    image_id    {{id}},
    people_key  {{id}},                       -- of DIRECT: a hash of whose it is
    last_seq    BIGINT  NOT NULL DEFAULT 0,   -- of its newest message
    active_at   BIGINT  NOT NULL,             -- when the newest message was sent, or it was made
    version     BIGINT  NOT NULL DEFAULT 1,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    created_by  {{id}} NOT NULL,
    updated_by  {{id}} NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX conversations_people_key ON conversations (org_id, people_key);
CREATE INDEX conversations_newest ON conversations (org_id, created_at DESC, id DESC);

-- Who is in a conversation and how far they have read. Messages up to read_seq are read; of those
-- after it, skipped do not count as unread: their own and deleted ones.
CREATE TABLE conversation_members (
    org_id          {{id}} NOT NULL,
    conversation_id {{id}} NOT NULL,
    user_id         {{id}} NOT NULL,
    is_admin        BOOLEAN NOT NULL DEFAULT FALSE,
    joined_at       BIGINT  NOT NULL,
    read_seq        BIGINT  NOT NULL,
    skipped         BIGINT  NOT NULL DEFAULT 0,
    muted           BOOLEAN NOT NULL DEFAULT FALSE,
    snoozed_until   BIGINT,
    PRIMARY KEY (org_id, conversation_id, user_id),
    FOREIGN KEY (org_id, conversation_id) REFERENCES conversations (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX conversation_members_user ON conversation_members (org_id, user_id, conversation_id);

-- Who has asked to join.
CREATE TABLE conversation_requests (
    org_id          {{id}} NOT NULL,
    conversation_id {{id}} NOT NULL,
    user_id         {{id}} NOT NULL,
    created_at      BIGINT NOT NULL,
    PRIMARY KEY (org_id, conversation_id, user_id),
    FOREIGN KEY (org_id, conversation_id) REFERENCES conversations (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);

-- A message. seq counts the messages of a conversation from 1 without gaps; what is deleted
-- keeps its row, empty.
CREATE TABLE messages (
    org_id          {{id}} NOT NULL,
    id              {{id}} NOT NULL,
    conversation_id {{id}} NOT NULL,
    seq             BIGINT NOT NULL,
    sender_id       {{id}} NOT NULL,
    text            TEXT   NOT NULL,
    extra           TEXT   NOT NULL,              -- JSON: the rest of the body
    reply_of        {{id}},
    replies_count   BIGINT NOT NULL DEFAULT 0,
    reactions       TEXT   NOT NULL DEFAULT '{}', -- JSON: counts by reaction
    edited_at       BIGINT,
    deleted_at      BIGINT,
    pinned_at       BIGINT,
    version         BIGINT NOT NULL DEFAULT 1,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    updated_by      {{id}} NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, conversation_id) REFERENCES conversations (org_id, id),
    FOREIGN KEY (org_id, sender_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX messages_seq ON messages (org_id, conversation_id, seq);
CREATE INDEX messages_sender ON messages (org_id, conversation_id, sender_id, seq);
CREATE INDEX messages_deleted ON messages (org_id, conversation_id, seq) WHERE deleted_at IS NOT NULL;
CREATE INDEX messages_replies ON messages (org_id, reply_of, seq) WHERE reply_of IS NOT NULL;
CREATE INDEX messages_pinned ON messages (org_id, conversation_id, pinned_at, id) WHERE pinned_at IS NOT NULL;

-- What messages said before they were edited or deleted.
CREATE TABLE message_texts (
    org_id     {{id}} NOT NULL,
    message_id {{id}} NOT NULL,
    version    BIGINT NOT NULL,          -- of the message that said so
    text       TEXT   NOT NULL,
    until      BIGINT NOT NULL,          -- when it was replaced
    by_id      {{id}} NOT NULL,          -- who replaced it
    PRIMARY KEY (org_id, message_id, version),
    FOREIGN KEY (org_id, message_id) REFERENCES messages (org_id, id)
);

CREATE TABLE message_reactions (
    org_id     {{id}} NOT NULL,
    message_id {{id}} NOT NULL,
    user_id    {{id}} NOT NULL,
    reaction   {{id}} NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, message_id, user_id, reaction),
    FOREIGN KEY (org_id, message_id) REFERENCES messages (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);

-- A meeting of a conversation, or of its people alone.
CREATE TABLE meetings (
    org_id          {{id}} NOT NULL REFERENCES organizations (id),
    id              {{id}} NOT NULL,
    call_id         {{id}} NOT NULL,
    conversation_id {{id}},
    title           TEXT   NOT NULL,
    starts_at       BIGINT NOT NULL,
    ends_at         BIGINT NOT NULL,
    duration        BIGINT NOT NULL,     -- minutes
    poster_id       {{id}},
    created_at      BIGINT NOT NULL,
    created_by      {{id}} NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, conversation_id) REFERENCES conversations (org_id, id),
    FOREIGN KEY (org_id, created_by) REFERENCES users (org_id, id)
);
CREATE INDEX meetings_conversation ON meetings (org_id, conversation_id, ends_at);

CREATE TABLE meeting_people (
    org_id     {{id}} NOT NULL,
    meeting_id {{id}} NOT NULL,
    user_id    {{id}} NOT NULL,
    place      BIGINT NOT NULL,          -- in the list
    PRIMARY KEY (org_id, meeting_id, user_id),
    FOREIGN KEY (org_id, meeting_id) REFERENCES meetings (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
