-- Events, their occurrences, who comes to them, and calendars of others.

-- +goose Up

-- An event, once or a series: one of the kinds of content, with the columns of 00003.
CREATE TABLE events (
    org_id          {{id}} NOT NULL REFERENCES organizations (id),
    id              {{id}} NOT NULL,
    author_id       {{id}} NOT NULL,
    audience_id     BIGINT NOT NULL,
    status          TEXT   NOT NULL,   -- PUBLISHED, DRAFT, SCHEDULED
    posted_at       BIGINT NOT NULL,
    publish_at      BIGINT,            -- for SCHEDULED
    text            TEXT   NOT NULL,
    extra           TEXT   NOT NULL,   -- JSON: the rest of the body
    category_id     {{id}},
    edition         BIGINT NOT NULL DEFAULT 1,
    expires_at      BIGINT,
    granted_id      BIGINT,
    comments_count  BIGINT NOT NULL DEFAULT 0,
    reactions_count BIGINT NOT NULL DEFAULT 0,
    reactions       TEXT   NOT NULL DEFAULT '{}',
    version         BIGINT NOT NULL DEFAULT 1,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    updated_by      {{id}} NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, author_id) REFERENCES users (org_id, id)
);
CREATE INDEX events_recent ON events (org_id, audience_id, posted_at DESC, id DESC) WHERE status = 'PUBLISHED';
CREATE INDEX events_author ON events (org_id, author_id, posted_at DESC, id DESC);

-- Every occurrence of every event. Only those of audience 0 are listed for nobody: of drafts, and
-- those that were taken out of their series. span is the least class of lengths that an occurrence
-- fits: a window is found by starts from at most that long before it.
CREATE TABLE event_occurrences (
    org_id          {{id}}  NOT NULL,
    id              {{id}}  NOT NULL,
    event_id        {{id}}  NOT NULL,
    audience_id     BIGINT  NOT NULL,
    span            BIGINT  NOT NULL,
    starts_at       BIGINT  NOT NULL,
    ends_at         BIGINT  NOT NULL,
    original        BIGINT  NOT NULL,      -- its identity: where its series has it, on the wall (kernel/recurrence)
    moved           BOOLEAN NOT NULL,      -- it has times of its own
    cancelled       BOOLEAN NOT NULL,      -- it was taken out of the series
    changes         TEXT    NOT NULL,      -- JSON: what it says instead of its series; '' for nothing
    type            BIGINT  NOT NULL,      -- of the event
    is_meeting      BOOLEAN NOT NULL,      -- of the event
    conversation_id {{id}},                -- of the event
    going           BIGINT  NOT NULL DEFAULT 0,
    call_started_at BIGINT,                -- when the first person joined its call
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, event_id) REFERENCES events (org_id, id)
);
CREATE UNIQUE INDEX event_occurrences_event ON event_occurrences (org_id, event_id, original);
CREATE INDEX event_occurrences_when ON event_occurrences (org_id, audience_id, span, starts_at, id);
CREATE INDEX event_occurrences_conversation ON event_occurrences (org_id, conversation_id, starts_at, id) WHERE conversation_id IS NOT NULL;

-- Who was invited, answered, came. With occurrence_id '' it is about the whole event, otherwise
-- about one occurrence of it, which then counts.
CREATE TABLE event_people (
    org_id        {{id}} NOT NULL,
    event_id      {{id}} NOT NULL,
    occurrence_id {{id}} NOT NULL,
    user_id       {{id}} NOT NULL,
    place         BIGINT NOT NULL,         -- among the invited
    invited_at    BIGINT,
    answer        TEXT,                    -- GOING, NOT_GOING, MAYBE
    checked_in_at BIGINT,
    joined_at     BIGINT,                  -- the call, first
    touched_at    BIGINT NOT NULL,
    PRIMARY KEY (org_id, event_id, occurrence_id, user_id),
    FOREIGN KEY (org_id, event_id) REFERENCES events (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX event_people_user ON event_people (org_id, user_id, event_id, occurrence_id);
CREATE INDEX event_people_recent ON event_people (org_id, event_id, touched_at DESC, user_id);

-- Guests from outside.
CREATE TABLE event_guests (
    org_id      {{id}} NOT NULL,
    id          {{id}} NOT NULL,
    event_id    {{id}} NOT NULL,
    place       BIGINT NOT NULL,
    email       TEXT   NOT NULL,
    answer      TEXT,                      -- GOING, NOT_GOING, MAYBE
    answered_at BIGINT,
    mail        TEXT   NOT NULL,           -- NONE, WAITING, SENT, FAILED: their latest invitation
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, event_id) REFERENCES events (org_id, id)
);
CREATE UNIQUE INDEX event_guests_email ON event_guests (org_id, event_id, email);

-- Mails to guests that are to be sent.
CREATE TABLE event_mails (
    org_id     {{id}} NOT NULL REFERENCES organizations (id),
    id         {{id}} NOT NULL,
    guest_id   {{id}} NOT NULL,
    letter     TEXT   NOT NULL,            -- JSON
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX event_mails_guest ON event_mails (org_id, guest_id, created_at);

-- The secret address of a person's calendar.
CREATE TABLE event_feeds (
    org_id     {{id}} NOT NULL,
    user_id    {{id}} NOT NULL,
    token_hash {{id}} NOT NULL,            -- SHA-256
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX event_feeds_token ON event_feeds (token_hash);

-- Calendars of others that people subscribe to, each for themselves.
CREATE TABLE calendar_subscriptions (
    org_id        {{id}} NOT NULL,
    id            {{id}} NOT NULL,
    user_id       {{id}} NOT NULL,
    url           TEXT   NOT NULL,
    name          TEXT   NOT NULL,
    etag          TEXT   NOT NULL DEFAULT '',
    last_modified TEXT   NOT NULL DEFAULT '',
    due_at        BIGINT NOT NULL,         -- when it is to be fetched next
    failures      BIGINT NOT NULL DEFAULT 0,
    problem       TEXT   NOT NULL DEFAULT '',
    fetched_at    BIGINT,                  -- when it was last read or found unchanged
    covered_until BIGINT NOT NULL DEFAULT 0, -- how far its occurrences were read
    version       BIGINT NOT NULL DEFAULT 1,
    created_at    BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX calendar_subscriptions_user ON calendar_subscriptions (org_id, user_id, url);
CREATE INDEX calendar_subscriptions_due ON calendar_subscriptions (due_at);

-- What those calendars have.
CREATE TABLE external_events (
    org_id          {{id}}  NOT NULL,
    id              {{id}}  NOT NULL,
    subscription_id {{id}}  NOT NULL,
    user_id         {{id}}  NOT NULL,
    uid             TEXT    NOT NULL,
    original        BIGINT  NOT NULL,
    span            BIGINT  NOT NULL,
    starts_at       BIGINT  NOT NULL,
    ends_at         BIGINT  NOT NULL,
    all_day         BOOLEAN NOT NULL,
    title           TEXT    NOT NULL,
    description     TEXT    NOT NULL,
    location        TEXT    NOT NULL,
    url             TEXT    NOT NULL,
    created_at      BIGINT  NOT NULL,
    updated_at      BIGINT  NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, subscription_id) REFERENCES calendar_subscriptions (org_id, id)
);
CREATE INDEX external_events_subscription ON external_events (org_id, subscription_id);
CREATE INDEX external_events_when ON external_events (org_id, user_id, span, starts_at, id);

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
