-- Tasks and courses: what people are asked to do, by when, and how far they are.

-- +goose Up

CREATE TABLE courses (
    org_id      {{id}}  NOT NULL REFERENCES organizations (id),
    id          {{id}}  NOT NULL,
    author_id   {{id}}  NOT NULL,
    status      TEXT    NOT NULL,      -- draft, publish
    title       TEXT    NOT NULL,
    description TEXT    NOT NULL,
    categories  TEXT    NOT NULL,      -- JSON array of strings
    sequential  BOOLEAN NOT NULL,      -- a task is started when those before it are done
    due_days    BIGINT  NOT NULL,      -- from the assignment; 0 = no deadline
    due_at      BIGINT,                -- the same for everybody; beats due_days
    template_id {{id}},                -- the enforcement template that drives reminders
    archived_at BIGINT,
    version     BIGINT  NOT NULL DEFAULT 1,
    created_at  BIGINT  NOT NULL,
    updated_at  BIGINT  NOT NULL,
    updated_by  {{id}}  NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, author_id) REFERENCES users (org_id, id)
);
CREATE INDEX courses_author ON courses (org_id, author_id, created_at, id);
CREATE INDEX courses_recent ON courses (org_id, created_at, id);

-- Who is to take a course.
CREATE TABLE course_enrolments (
    org_id       {{id}} NOT NULL,
    course_id    {{id}} NOT NULL,
    user_id      {{id}} NOT NULL,
    assigned_by  {{id}} NOT NULL,
    assigned_at  BIGINT NOT NULL,
    due_at       BIGINT,
    completed_at BIGINT,               -- when all its tasks were done
    PRIMARY KEY (org_id, course_id, user_id),
    FOREIGN KEY (org_id, course_id) REFERENCES courses (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX course_enrolments_user ON course_enrolments (org_id, user_id, course_id);
CREATE INDEX course_enrolments_due ON course_enrolments (org_id, due_at, course_id, user_id) WHERE completed_at IS NULL AND due_at IS NOT NULL;

CREATE TABLE course_forms (
    org_id     {{id}}  NOT NULL,
    id         {{id}}  NOT NULL,
    course_id  {{id}}  NOT NULL,
    title      TEXT    NOT NULL,
    accepting  BOOLEAN NOT NULL,
    type       TEXT,
    schema     TEXT    NOT NULL,       -- JSON of a form builder
    created_at BIGINT  NOT NULL,
    updated_at BIGINT  NOT NULL,
    PRIMARY KEY (org_id, course_id),
    FOREIGN KEY (org_id, course_id) REFERENCES courses (org_id, id)
);

-- What people filled in, the latest of each.
CREATE TABLE course_submissions (
    org_id       {{id}} NOT NULL,
    course_id    {{id}} NOT NULL,
    user_id      {{id}} NOT NULL,
    answers      TEXT   NOT NULL,      -- JSON object
    submitted_at BIGINT NOT NULL,
    PRIMARY KEY (org_id, course_id, user_id),
    FOREIGN KEY (org_id, course_id) REFERENCES courses (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);

CREATE TABLE tasks (
    org_id      {{id}} NOT NULL REFERENCES organizations (id),
    id          {{id}} NOT NULL,
    author_id   {{id}} NOT NULL,       -- of a task in a course: whose the course is
    course_id   {{id}},                -- it is in, NULL for an independent task
    place       BIGINT NOT NULL,       -- in the course
    kind        TEXT   NOT NULL,       -- Article, Video, QuizLink, Document, TrainingCourse
    status      TEXT   NOT NULL,       -- draft, publish
    title       TEXT   NOT NULL,
    description TEXT   NOT NULL,
    content     TEXT   NOT NULL,
    minutes     BIGINT NOT NULL,       -- estimated effort
    link        TEXT   NOT NULL,
    due_days    BIGINT NOT NULL,       -- from the assignment; 0 = no deadline
    due_at      BIGINT,                -- the same for everybody; beats due_days
    document_id {{id}},
    video_id    {{id}},
    linked_id   {{id}},                -- the course to take
    template_id {{id}},                -- the enforcement template that drives reminders
    quiz_key    TEXT   NOT NULL,       -- signs the callbacks of its quiz
    archived_at BIGINT,                -- with its course
    version     BIGINT NOT NULL DEFAULT 1,
    created_at  BIGINT NOT NULL,
    updated_at  BIGINT NOT NULL,
    updated_by  {{id}} NOT NULL,
    PRIMARY KEY (org_id, id),
    FOREIGN KEY (org_id, author_id) REFERENCES users (org_id, id),
    FOREIGN KEY (org_id, course_id) REFERENCES courses (org_id, id),
    FOREIGN KEY (org_id, linked_id) REFERENCES courses (org_id, id)
);
CREATE INDEX tasks_author ON tasks (org_id, author_id, created_at, id);
CREATE INDEX tasks_recent ON tasks (org_id, created_at, id);
CREATE INDEX tasks_course ON tasks (org_id, course_id, place, id) WHERE course_id IS NOT NULL;
CREATE INDEX tasks_linked ON tasks (org_id, linked_id) WHERE linked_id IS NOT NULL;

CREATE TABLE task_assignments (
    org_id       {{id}} NOT NULL,
    task_id      {{id}} NOT NULL,
    user_id      {{id}} NOT NULL,
    state        TEXT   NOT NULL,      -- ASSIGNED, STARTED, COMPLETED
    assigned_by  {{id}} NOT NULL,
    assigned_at  BIGINT NOT NULL,
    due_at       BIGINT,
    started_at   BIGINT,
    completed_at BIGINT,
    PRIMARY KEY (org_id, task_id, user_id),
    FOREIGN KEY (org_id, task_id) REFERENCES tasks (org_id, id),
    FOREIGN KEY (org_id, user_id) REFERENCES users (org_id, id)
);
CREATE INDEX task_assignments_user ON task_assignments (org_id, user_id, task_id);
CREATE INDEX task_assignments_due ON task_assignments (org_id, due_at, task_id, user_id) WHERE completed_at IS NULL AND due_at IS NOT NULL;

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
