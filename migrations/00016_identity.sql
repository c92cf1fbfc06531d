-- People of other systems: who vouches for a session, the accounts at an OpenID Connect provider,
-- what SCIM clients call their resources, and the entries of an LDAP directory.

-- +goose Up

-- A session that an OpenID Connect provider vouched for ends when the provider says so.
ALTER TABLE sessions ADD COLUMN issuer {{id}};            -- NULL for a password
ALTER TABLE sessions ADD COLUMN subject {{id}};
ALTER TABLE sessions ADD COLUMN provider_session {{id}};  -- sid; NULL when the provider told none
CREATE INDEX sessions_issuer ON sessions (org_id, issuer, subject) WHERE issuer IS NOT NULL;

-- A person's account at a provider: what is compared, never the e-mail address.
CREATE TABLE identities (
    org_id     {{id}} NOT NULL,
    issuer     {{id}} NOT NULL,
    subject    {{id}} NOT NULL,
    user_id    {{id}} NOT NULL,
    created_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, issuer, subject),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX identities_user_key ON identities (org_id, issuer, user_id);

-- Logout tokens that were taken: none is taken twice.
CREATE TABLE logout_tokens (
    org_id     {{id}} NOT NULL REFERENCES organizations (id),
    issuer     {{id}} NOT NULL,
    token_id   {{id}} NOT NULL,           -- jti
    expires_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, issuer, token_id)
);
CREATE INDEX logout_tokens_expires ON logout_tokens (expires_at);

-- What a provisioning client (SCIM) calls a person or a security group.
CREATE TABLE scim_users (
    org_id        {{id}} NOT NULL,
    user_id       {{id}} NOT NULL,
    external_id   {{id}},
    user_name     TEXT   NOT NULL,        -- as sent; need not be the e-mail address
    user_name_key {{id}} NOT NULL,        -- lower case
    PRIMARY KEY (org_id, user_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX scim_users_external_key ON scim_users (org_id, external_id);
CREATE UNIQUE INDEX scim_users_name_key ON scim_users (org_id, user_name_key);
CREATE TABLE scim_groups (
    org_id      {{id}} NOT NULL,
    group_id    {{id}} NOT NULL,
    external_id {{id}} NOT NULL,
    PRIMARY KEY (org_id, group_id),
    FOREIGN KEY (org_id, group_id) REFERENCES security_groups (org_id, id) ON DELETE CASCADE
);
CREATE UNIQUE INDEX scim_groups_external_key ON scim_groups (org_id, external_id);

-- An entry of the organization's LDAP directory and the person made of it.
CREATE TABLE directory_entries (
    org_id     {{id}} NOT NULL,
    entry_id   {{id}} NOT NULL,           -- entryUUID, objectGUID or whatever never changes
    user_id    {{id}} NOT NULL,
    fingerprint {{id}} NOT NULL,          -- of what was taken over: an entry like it changes nothing
    seen_at    BIGINT NOT NULL,
    PRIMARY KEY (org_id, entry_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE UNIQUE INDEX directory_entries_user_key ON directory_entries (org_id, user_id);

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
