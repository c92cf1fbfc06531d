-- News, photos, videos, documents and FAQs: the kinds of content beside posts, with what they share.

-- +goose Up

-- What posts have of it is NULL.
ALTER TABLE posts ADD COLUMN category_id {{id}};
ALTER TABLE posts ADD COLUMN edition BIGINT NOT NULL DEFAULT 1; -- of what there is to read; acknowledgements are of one
ALTER TABLE posts ADD COLUMN expires_at BIGINT;      -- valid until
ALTER TABLE posts ADD COLUMN granted_id BIGINT;      -- the audience its permissions mean, while it has expired and another one sees it
{{range kinds}}
CREATE TABLE {{.}} (
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
    expires_at      BIGINT,            -- valid until
    granted_id      BIGINT,            -- the audience its permissions mean, while it has expired and another one sees it
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
CREATE INDEX {{.}}_recent ON {{.}} (org_id, audience_id, posted_at DESC, id DESC) WHERE status = 'PUBLISHED';
CREATE INDEX {{.}}_reacted ON {{.}} (org_id, audience_id, reactions_count DESC, posted_at DESC, id DESC) WHERE status = 'PUBLISHED';
CREATE INDEX {{.}}_commented ON {{.}} (org_id, audience_id, comments_count DESC, posted_at DESC, id DESC) WHERE status = 'PUBLISHED';
CREATE INDEX {{.}}_author ON {{.}} (org_id, author_id, posted_at DESC, id DESC);
CREATE INDEX {{.}}_category ON {{.}} (org_id, category_id, posted_at DESC, id DESC) WHERE category_id IS NOT NULL;
{{end}}
-- People an item names by a role: 'owner' of documents and FAQs, 'tagged' in photos.
CREATE TABLE content_people (
    org_id  {{id}} NOT NULL,
    kind    {{id}} NOT NULL,
    item_id {{id}} NOT NULL,
    role    {{id}} NOT NULL,
    user_id {{id}} NOT NULL,
    place   BIGINT NOT NULL,           -- in the list
    PRIMARY KEY (org_id, kind, item_id, role, user_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX content_people_user ON content_people (org_id, user_id, kind, role, item_id);

-- The questions of an FAQ.
CREATE TABLE faq_questions (
    org_id      {{id}} NOT NULL,
    id          {{id}} NOT NULL,
    faq_id      {{id}} NOT NULL,
    place       BIGINT NOT NULL,       -- in the FAQ
    question    TEXT   NOT NULL,
    answer      TEXT   NOT NULL,
    description TEXT   NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, faq_id) REFERENCES faqs (org_id, id)
);
CREATE INDEX faq_questions_faq ON faq_questions (org_id, faq_id, place);

-- Who has said that they have read an item, in which edition of it.
CREATE TABLE acknowledgements (
    org_id  {{id}} NOT NULL,
    kind    {{id}} NOT NULL,
    item_id {{id}} NOT NULL,
    user_id {{id}} NOT NULL,
    edition BIGINT NOT NULL,
    at      BIGINT NOT NULL,
    PRIMARY KEY (org_id, kind, item_id, edition, user_id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
