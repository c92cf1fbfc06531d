-- Enforcement: templates of reminders, and what people owe under them.

-- +goose Up

CREATE TABLE enforcement_templates (
    org_id       {{id}} NOT NULL REFERENCES organizations (id),
    id           {{id}} NOT NULL,
    title        TEXT   NOT NULL,
    system_event TEXT   NOT NULL,
    type         TEXT   NOT NULL,
    sub_type     TEXT   NOT NULL,
    version      BIGINT NOT NULL DEFAULT 1,
    created_at   BIGINT NOT NULL,
    updated_at   BIGINT NOT NULL,
    created_by   {{id}} NOT NULL,
    updated_by   {{id}} NOT NULL,
    PRIMARY KEY (org_id, id)
);
CREATE INDEX enforcement_templates_recent ON enforcement_templates (org_id, created_at, id);

-- The reminders of a template, in the order they were given.
CREATE TABLE enforcement_reminders (
    org_id              {{id}} NOT NULL,
    template_id         {{id}} NOT NULL,
    place               BIGINT NOT NULL,
    medium              TEXT   NOT NULL,  -- email, push, text, restrict
    unit                TEXT   NOT NULL,  -- week, days, hours, minutes
    amount              BIGINT NOT NULL,
    offset_ms           BIGINT NOT NULL,  -- from the deadline: before it when negative
    ref_id              TEXT,
    content_template_id TEXT,
    PRIMARY KEY (org_id, template_id, place),
    FOREIGN KEY (org_id, template_id) REFERENCES enforcement_templates (org_id, id)
);

-- What somebody has not done yet that has a deadline and a template: one row each, with the time
-- of the next thing that happens about it.
CREATE TABLE enforcement_obligations (
    org_id        {{id}} NOT NULL,
    kind          {{id}} NOT NULL,        -- task, course
    item_id       {{id}} NOT NULL,
    user_id       {{id}} NOT NULL,
    template_id   {{id}} NOT NULL,
    due_at        BIGINT NOT NULL,
    next_at       BIGINT,                 -- NULL: nothing happens any more
    restrict_at   BIGINT,                 -- from when it restricts the person; NULL: never
    waived_at     BIGINT,                 -- an administrator has lifted that
    waived_by     {{id}},
    waived_reason TEXT,
    PRIMARY KEY (org_id, kind, item_id, user_id),
    FOREIGN KEY (org_id, template_id) REFERENCES enforcement_templates (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX enforcement_obligations_next ON enforcement_obligations (next_at, org_id, kind, item_id, user_id) WHERE next_at IS NOT NULL;
CREATE INDEX enforcement_obligations_restricts ON enforcement_obligations (org_id, user_id, restrict_at) WHERE restrict_at IS NOT NULL AND waived_at IS NULL;
CREATE INDEX enforcement_obligations_waived ON enforcement_obligations (org_id, user_id, waived_at) WHERE waived_at IS NOT NULL;
CREATE INDEX enforcement_obligations_template ON enforcement_obligations (org_id, template_id);

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
