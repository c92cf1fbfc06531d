-- Signing in: browser sessions, the links of invitations and resets, browsers that have signed
-- in before, and second factors. Nothing here opens a session by itself: cookies, links and
-- recovery codes are kept as hashes.

-- +goose Up

-- A browser that is signed in. What the cookie holds is known by its hash only.
CREATE TABLE sessions (
    org_id      {{id}} NOT NULL,
    id          {{id}} NOT NULL,
    user_id     {{id}} NOT NULL,
    hash        {{id}} NOT NULL,          -- hex SHA-256 of the cookie
    agent       TEXT   NOT NULL,          -- what the browser calls itself
    network     TEXT   NOT NULL,          -- where it signed in from: an IPv4 address or an IPv6 /64
    created_at  BIGINT NOT NULL,
    seen_at     BIGINT NOT NULL,          -- to within some minutes
    expires_at  BIGINT NOT NULL,          -- whatever happens
    verified_at BIGINT,                   -- NULL while the second factor is missing
    attempts    BIGINT NOT NULL DEFAULT 0,  -- wrong codes
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX sessions_hash_key ON sessions (hash);
CREATE INDEX sessions_user ON sessions (org_id, user_id, created_at);
CREATE INDEX sessions_expires ON sessions (expires_at);

-- A link by which a person sets a password, once. A newer one of a person replaces it.
CREATE TABLE sign_in_links (
    org_id     {{id}} NOT NULL,
    user_id    {{id}} NOT NULL,
    hash       {{id}} NOT NULL,           -- hex SHA-256 of what the link ends with
    invites    BOOLEAN NOT NULL,
    created_at BIGINT NOT NULL,
    expires_at BIGINT NOT NULL,
    created_by {{id}} NOT NULL,
    PRIMARY KEY (org_id, user_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX sign_in_links_hash_key ON sign_in_links (hash);

-- A browser that a person has signed in with. Strangers who guess at the account do not hold it up.
CREATE TABLE known_browsers (
    org_id     {{id}} NOT NULL,
    user_id    {{id}} NOT NULL,
    hash       {{id}} NOT NULL,           -- hex SHA-256 of its cookie
    seen_at    BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id, hash),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX known_browsers_seen ON known_browsers (seen_at);

-- Time-based one-time codes (RFC 6238). The shared secret is readable: checking a code needs it,
-- and a key kept beside it would protect nothing.
CREATE TABLE second_factors (
    org_id     {{id}} NOT NULL,
    user_id    {{id}} NOT NULL,
    secret     TEXT   NOT NULL,           -- base32
    created_at BIGINT NOT NULL,
    turned_on  BIGINT,                    -- when its first code was given; NULL until then
    last_step  BIGINT NOT NULL DEFAULT 0, -- of the last code that was taken: none is taken twice
    PRIMARY KEY (org_id, user_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);

-- Codes for whoever has lost the second factor, each good once.
CREATE TABLE recovery_codes (
    org_id  {{id}} NOT NULL,
    user_id {{id}} NOT NULL,
    hash    {{id}} NOT NULL,              -- hex SHA-256
    PRIMARY KEY (org_id, user_id, hash),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
