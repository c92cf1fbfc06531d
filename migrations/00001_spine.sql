-- The directory, keys, categories, visibility, posts and the tables of the kernel.
--
-- One text for both engines: {{id}} is TEXT that compares byte by byte, {{serial}} a
-- 64-bit number the database hands out. Times are BIGINT milliseconds (UTC). org_id
-- leads every key and index of a table that belongs to an organization.

-- +goose Up

CREATE TABLE organizations (
    id            {{id}} PRIMARY KEY,
    parent_org_id {{id}} REFERENCES organizations (id),
    name          TEXT    NOT NULL,
    legal_name    TEXT,
    subdomain     {{id}}  NOT NULL,
    status        TEXT    NOT NULL,
    auth_method   TEXT    NOT NULL,
    websites      TEXT,              -- JSON array of strings
    address       TEXT,              -- JSON object
    email         TEXT,
    phone         TEXT,
    description   TEXT,
    industry      TEXT,
    version       BIGINT  NOT NULL DEFAULT 1,
    created_at    BIGINT  NOT NULL,
    updated_at    BIGINT,
    created_by    {{id}}
);
CREATE UNIQUE INDEX organizations_subdomain_key ON organizations (subdomain);

CREATE TABLE departments (
    org_id     {{id}}  NOT NULL REFERENCES organizations (id),
    id         {{id}}  NOT NULL,
    name       TEXT    NOT NULL,
    name_key   {{id}}  NOT NULL,     -- lower case, for look-up by name
    version    BIGINT  NOT NULL DEFAULT 1,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    created_by {{id}}  NOT NULL,
    updated_by {{id}}  NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX departments_name_key ON departments (org_id, name_key);

CREATE TABLE locations (
    org_id     {{id}}  NOT NULL REFERENCES organizations (id),
    id         {{id}}  NOT NULL,
    name       TEXT    NOT NULL,
    name_key   {{id}}  NOT NULL,
    version    BIGINT  NOT NULL DEFAULT 1,
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    created_by {{id}}  NOT NULL,
    updated_by {{id}}  NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX locations_name_key ON locations (org_id, name_key);

CREATE TABLE users (
    org_id              {{id}}  NOT NULL REFERENCES organizations (id),
    id                  {{id}}  NOT NULL,
    email               TEXT    NOT NULL,
    email_key           {{id}}  NOT NULL,  -- lower case, unique in the organization
    user_name           {{id}}  NOT NULL,  -- derived from the e-mail, unique in the organization
    external_user_id    {{id}},            -- the id an HR system knows the person by
    status              TEXT    NOT NULL,  -- PRE_INVITED, INVITED, ACTIVE, BLOCKED, ARCHIVE
    first_name          TEXT    NOT NULL,
    last_name           TEXT    NOT NULL,
    bio                 TEXT,
    phone               TEXT,
    designation         TEXT,
    department_id       {{id}},
    is_department_head  BOOLEAN NOT NULL DEFAULT FALSE,
    location_id         {{id}},
    reports_to          {{id}},
    color               TEXT    NOT NULL,
    is_expert           BOOLEAN NOT NULL DEFAULT FALSE,
    availability        BIGINT  NOT NULL DEFAULT 1,  -- 1 ACTIVE, 2 AWAY
    availability_text   TEXT,
    default_visibility  TEXT    NOT NULL DEFAULT 'public',
    skills              TEXT    NOT NULL DEFAULT '[]',  -- JSON array of strings
    password_hash       TEXT,              -- argon2id
    search_key          {{id}}  NOT NULL,  -- lower case "first last email user_name"
    sort_key            {{id}}  NOT NULL,  -- lower case "last first"
    version             BIGINT  NOT NULL DEFAULT 1,
    created_at          BIGINT  NOT NULL,
    updated_at          BIGINT  NOT NULL,
    created_by          {{id}}  NOT NULL,
    updated_by          {{id}}  NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, department_id) REFERENCES departments (org_id, id),
    FOREIGN KEY (org_id, location_id) REFERENCES locations (org_id, id),
    FOREIGN KEY (org_id, reports_to) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX users_email_key ON users (org_id, email_key);
CREATE UNIQUE INDEX users_user_name_key ON users (org_id, user_name);
CREATE UNIQUE INDEX users_external_key ON users (org_id, external_user_id);
CREATE INDEX users_sort ON users (org_id, sort_key, id);
CREATE INDEX users_department ON users (org_id, department_id, sort_key, id);
CREATE INDEX users_location ON users (org_id, location_id, sort_key, id);
CREATE INDEX users_reports_to ON users (org_id, reports_to, id);
CREATE INDEX users_status ON users (org_id, status, sort_key, id);

-- A person joins the teams of further supervisors.
CREATE TABLE user_teams (
    org_id        {{id}} NOT NULL,
    user_id       {{id}} NOT NULL,
    supervisor_id {{id}} NOT NULL,
    PRIMARY KEY (org_id, user_id, supervisor_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, supervisor_id) REFERENCES users (org_id, id)
);
CREATE INDEX user_teams_supervisor ON user_teams (org_id, supervisor_id, user_id);

-- Further locations of a person (addAdditionalLocations).
CREATE TABLE user_locations (
    org_id      {{id}} NOT NULL,
    user_id     {{id}} NOT NULL,
    location_id {{id}} NOT NULL,
    PRIMARY KEY (org_id, user_id, location_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, location_id) REFERENCES locations (org_id, id)
);
CREATE INDEX user_locations_location ON user_locations (org_id, location_id, user_id);

CREATE TABLE location_admins (
    org_id      {{id}} NOT NULL,
    location_id {{id}} NOT NULL,
    user_id     {{id}} NOT NULL,
    PRIMARY KEY (org_id, location_id, user_id),
    FOREIGN KEY (org_id, location_id) REFERENCES locations (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX location_admins_user ON location_admins (org_id, user_id, location_id);

CREATE TABLE follows (
    org_id      {{id}} NOT NULL,
    follower_id {{id}} NOT NULL,
    followed_id {{id}} NOT NULL,
    created_at  BIGINT NOT NULL,
    PRIMARY KEY (org_id, follower_id, followed_id),
    FOREIGN KEY (org_id, follower_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, followed_id) REFERENCES users (org_id, id)
);
CREATE INDEX follows_followed ON follows (org_id, followed_id, follower_id);

CREATE TABLE security_groups (
    org_id       {{id}}  NOT NULL REFERENCES organizations (id),
    id           {{id}}  NOT NULL,
    name         TEXT    NOT NULL,
    name_key     {{id}}  NOT NULL,
    builtin      TEXT,               -- 'administrators', 'members' or NULL
    capabilities TEXT    NOT NULL,   -- JSON array of strings
    version      BIGINT  NOT NULL DEFAULT 1,
    created_at   BIGINT  NOT NULL,
    updated_at   BIGINT  NOT NULL,
    created_by   {{id}}  NOT NULL,
    updated_by   {{id}}  NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX security_groups_name_key ON security_groups (org_id, name_key);
CREATE UNIQUE INDEX security_groups_builtin_key ON security_groups (org_id, builtin);

CREATE TABLE security_group_members (
    org_id   {{id}} NOT NULL,
    group_id {{id}} NOT NULL,
    user_id  {{id}} NOT NULL,
    PRIMARY KEY (org_id, group_id, user_id),
    FOREIGN KEY (org_id, group_id) REFERENCES security_groups (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX security_group_members_user ON security_group_members (org_id, user_id, group_id);

CREATE TABLE tokens (
    org_id       {{id}} NOT NULL,
    id           {{id}} NOT NULL,
    user_id      {{id}} NOT NULL,
    name         TEXT   NOT NULL,
    prefix       TEXT   NOT NULL,    -- the first characters, to recognise a key by
    hash         {{id}} NOT NULL,    -- hex SHA-256 of the whole key
    scopes       TEXT   NOT NULL DEFAULT '[]',  -- JSON array of strings; empty = everything
    created_at   BIGINT NOT NULL,
    created_by   {{id}} NOT NULL,
    expires_at   BIGINT,
    last_used_at BIGINT,
    revoked_at   BIGINT,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX tokens_hash_key ON tokens (hash);
CREATE INDEX tokens_user ON tokens (org_id, user_id, created_at);

CREATE TABLE settings (
    org_id     {{id}} NOT NULL REFERENCES organizations (id),
    name       {{id}} NOT NULL,      -- 'onboarding', 'offboarding'
    value      TEXT   NOT NULL,      -- JSON
    version    BIGINT NOT NULL DEFAULT 1,
    updated_at BIGINT NOT NULL,
    updated_by {{id}} NOT NULL,
    PRIMARY KEY (org_id, name)
);

CREATE TABLE categories (
    org_id      {{id}} NOT NULL REFERENCES organizations (id),
    id          {{id}} NOT NULL,
    module_code BIGINT NOT NULL,
    name        TEXT   NOT NULL,
    name_key    {{id}} NOT NULL,
    color       TEXT   NOT NULL,
    version     BIGINT NOT NULL DEFAULT 1,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    created_by  {{id}} NOT NULL,
    updated_by  {{id}} NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE UNIQUE INDEX categories_name_key ON categories (org_id, module_code, name_key);

-- Visibility: one row per distinct audience of an organization (interned), and the
-- clauses that admit a viewer to it.
CREATE TABLE audiences (
    id          {{serial}},
    org_id      {{id}} NOT NULL REFERENCES organizations (id),
    hash        {{id}} NOT NULL,     -- of the normalised permissions and, where it matters, the author
    permissions TEXT   NOT NULL      -- the normalised permissions object, JSON
);
CREATE UNIQUE INDEX audiences_hash_key ON audiences (org_id, hash);

CREATE TABLE audience_clauses (
    org_id      {{id}} NOT NULL REFERENCES organizations (id),
    kind        {{id}} NOT NULL,     -- 'org', 'user', 'group', 'location', 'team', 'friends'
    ref         {{id}} NOT NULL,     -- a user, group or location id; '' for 'org'
    audience_id BIGINT NOT NULL,
    PRIMARY KEY (org_id, kind, ref, audience_id)
);
CREATE INDEX audience_clauses_audience ON audience_clauses (org_id, audience_id);

-- How many published items of a kind an audience has, kept in the transaction that
-- changes it. PostgreSQL spreads one audience over several shards so that concurrent
-- writers do not wait for one row; the sum is exact.
CREATE TABLE content_counts (
    org_id      {{id}} NOT NULL REFERENCES organizations (id),
    kind        {{id}} NOT NULL,
    audience_id BIGINT NOT NULL,
    shard       BIGINT NOT NULL,
    n           BIGINT NOT NULL,
    PRIMARY KEY (org_id, kind, audience_id, shard)
);

CREATE TABLE posts (
    org_id          {{id}} NOT NULL REFERENCES organizations (id),
    id              {{id}} NOT NULL,
    author_id       {{id}} NOT NULL,
    audience_id     BIGINT NOT NULL,
    status          TEXT   NOT NULL,   -- PUBLISHED, DRAFT, SCHEDULED
    posted_at       BIGINT NOT NULL,
    publish_at      BIGINT,            -- for SCHEDULED
    text            TEXT   NOT NULL,
    extra           TEXT   NOT NULL,   -- JSON: tags, mentions, tagged users, links, gif, location
    comments_count  BIGINT NOT NULL DEFAULT 0,
    reactions_count BIGINT NOT NULL DEFAULT 0,
    reactions       TEXT   NOT NULL DEFAULT '{}',  -- JSON: counts by reaction, the latest reactors
    version         BIGINT NOT NULL DEFAULT 1,
    created_at      BIGINT NOT NULL,
    updated_at      BIGINT NOT NULL,
    updated_by      {{id}} NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, author_id) REFERENCES users (org_id, id)
);
CREATE INDEX posts_recent ON posts (org_id, audience_id, posted_at DESC, id DESC) WHERE status = 'PUBLISHED';
CREATE INDEX posts_reacted ON posts (org_id, audience_id, reactions_count DESC, posted_at DESC, id DESC) WHERE status = 'PUBLISHED';
CREATE INDEX posts_commented ON posts (org_id, audience_id, comments_count DESC, posted_at DESC, id DESC) WHERE status = 'PUBLISHED';
CREATE INDEX posts_author ON posts (org_id, author_id, posted_at DESC, id DESC);
CREATE INDEX posts_due ON posts (publish_at) WHERE status = 'SCHEDULED';

-- Comments, reactions and bookmarks belong to an item of any content kind.
CREATE TABLE comments (
    org_id     {{id}} NOT NULL REFERENCES organizations (id),
    id         {{id}} NOT NULL,
    kind       {{id}} NOT NULL,
    item_id    {{id}} NOT NULL,
    parent_id  {{id}},
    author_id  {{id}} NOT NULL,
    text       TEXT   NOT NULL,
    mentions   TEXT   NOT NULL DEFAULT '[]',
    version    BIGINT NOT NULL DEFAULT 1,
    created_at BIGINT NOT NULL,
    updated_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, author_id) REFERENCES users (org_id, id)
);
CREATE INDEX comments_item ON comments (org_id, kind, item_id, created_at, id);
CREATE INDEX comments_author ON comments (org_id, author_id, id);

CREATE TABLE reactions (
    org_id     {{id}} NOT NULL REFERENCES organizations (id),
    kind       {{id}} NOT NULL,
    item_id    {{id}} NOT NULL,
    user_id    {{id}} NOT NULL,
    reaction   {{id}} NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, kind, item_id, user_id, reaction),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX reactions_recent ON reactions (org_id, kind, item_id, created_at DESC, user_id);

CREATE TABLE bookmarks (
    org_id     {{id}} NOT NULL REFERENCES organizations (id),
    user_id    {{id}} NOT NULL,
    kind       {{id}} NOT NULL,
    item_id    {{id}} NOT NULL,
    id         {{id}} NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id, kind, item_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX bookmarks_item ON bookmarks (org_id, kind, item_id);
CREATE INDEX bookmarks_recent ON bookmarks (org_id, user_id, created_at DESC, id DESC);

-- The cards of links that were published, by linkpreview.Key.
CREATE TABLE link_previews (
    org_id      {{id}} NOT NULL REFERENCES organizations (id),
    key         {{id}} NOT NULL,
    state       TEXT   NOT NULL,     -- PENDING, READY, NONE
    link        TEXT   NOT NULL DEFAULT '',
    title       TEXT   NOT NULL DEFAULT '',
    description TEXT   NOT NULL DEFAULT '',
    image       TEXT   NOT NULL DEFAULT '',
    wanted_at   BIGINT NOT NULL,     -- when it was last asked for
    PRIMARY KEY (org_id, key)
);

-- Events, written in the transaction that causes them. seq orders them; txid (on
-- PostgreSQL) lets a reader skip rows of transactions that are still open.
CREATE TABLE outbox (
    seq        {{serial}},
    txid       BIGINT NOT NULL DEFAULT {{txid}},
    org_id     {{id}} NOT NULL,
    node       {{id}} NOT NULL,      -- the process that wrote it
    name       {{id}} NOT NULL,      -- 'user.archived', 'post.created' …
    subject    {{id}} NOT NULL,      -- id of the object
    data       TEXT   NOT NULL,      -- JSON
    created_at BIGINT NOT NULL
);
CREATE INDEX outbox_txid ON outbox (txid, seq) WHERE txid > 0;  -- stays empty on SQLite, where nobody reads by it

-- Answers to POST requests that carried an Idempotency-Key, kept for a day.
CREATE TABLE idempotency_keys (
    org_id       {{id}} NOT NULL REFERENCES organizations (id),
    user_id      {{id}} NOT NULL,
    key          {{id}} NOT NULL,
    request_hash {{id}} NOT NULL,
    status       BIGINT NOT NULL,
    headers      TEXT   NOT NULL,    -- JSON object
    body         TEXT   NOT NULL,
    created_at   BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id, key)
);
CREATE INDEX idempotency_keys_created ON idempotency_keys (created_at);

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
