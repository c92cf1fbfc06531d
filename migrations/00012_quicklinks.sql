-- Tiles: quick links, and single sign-on through OAuth 2.

-- +goose Up

CREATE TABLE sso_tiles (
    org_id            {{id}}  NOT NULL REFERENCES organizations (id),
    id                {{id}}  NOT NULL,
    type              TEXT    NOT NULL,      -- QUICK_LINK, SSO
    name              TEXT    NOT NULL,
    authorization_uri TEXT    NOT NULL,
    token_uri         TEXT    NOT NULL,
    refresh_uri       TEXT    NOT NULL,
    login_url         TEXT    NOT NULL,
    link              TEXT    NOT NULL,
    client_id         TEXT    NOT NULL,
    client_secret     TEXT    NOT NULL,      -- sealed; '' for none
    scope             TEXT    NOT NULL,
    managed           BOOLEAN NOT NULL,      -- made at the level of administrators
    department_id     {{id}},
    location_id       {{id}},
    user_id           {{id}}  NOT NULL,      -- who made it; whose it is when it is of no other level
    place             BIGINT  NOT NULL,
    file_id           {{id}},
    version           BIGINT  NOT NULL DEFAULT 1,
    created_at        BIGINT  NOT NULL,
    updated_at        BIGINT  NOT NULL,
    updated_by        {{id}}  NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX sso_tiles_user ON sso_tiles (org_id, user_id, place, created_at, id);
CREATE INDEX sso_tiles_department ON sso_tiles (org_id, department_id, place, created_at, id) WHERE department_id IS NOT NULL;
CREATE INDEX sso_tiles_location ON sso_tiles (org_id, location_id, place, created_at, id) WHERE location_id IS NOT NULL;
CREATE INDEX sso_tiles_managed ON sso_tiles (org_id, place, created_at, id) WHERE managed;

-- Sign-ins that have begun: each may come back once, to the browser it began in.
CREATE TABLE sso_launches (
    state      {{id}} PRIMARY KEY,           -- SHA-256, base64url
    org_id     {{id}} NOT NULL,
    tile_id    {{id}} NOT NULL,
    user_id    {{id}} NOT NULL,
    version    BIGINT NOT NULL,              -- of the tile
    browser    {{id}} NOT NULL,              -- SHA-256 of what its cookie has
    verifier   TEXT   NOT NULL,              -- PKCE; sealed
    expires_at BIGINT NOT NULL,
    FOREIGN KEY (org_id, tile_id) REFERENCES sso_tiles (org_id, id)
);
CREATE INDEX sso_launches_tile ON sso_launches (org_id, tile_id);
CREATE INDEX sso_launches_expired ON sso_launches (expires_at);

-- What people got for signing in.
CREATE TABLE sso_tokens (
    org_id        {{id}} NOT NULL,
    tile_id       {{id}} NOT NULL,
    user_id       {{id}} NOT NULL,
    access_token  TEXT   NOT NULL,           -- sealed
    refresh_token TEXT   NOT NULL,           -- sealed; '' for none
    expires_at    BIGINT,                    -- of the access token; NULL: it does not say
    updated_at    BIGINT NOT NULL,
    PRIMARY KEY (org_id, tile_id, user_id),
    FOREIGN KEY (org_id, tile_id) REFERENCES sso_tiles (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX sso_tokens_user ON sso_tokens (org_id, user_id);

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
