-- What guests answer to single occurrences of series.

-- +goose Up

-- The answer of a guest to one occurrence; that to the whole event is in event_guests.
CREATE TABLE event_guest_answers (
    org_id        {{id}} NOT NULL,
    guest_id      {{id}} NOT NULL,
    occurrence_id {{id}} NOT NULL,
    answer        TEXT   NOT NULL,         -- GOING, NOT_GOING, MAYBE
    answered_at   BIGINT NOT NULL,
    PRIMARY KEY (org_id, guest_id, occurrence_id),
    FOREIGN KEY (org_id, guest_id) REFERENCES event_guests (org_id, id)
);
CREATE INDEX event_guest_answers_occurrence ON event_guest_answers (org_id, occurrence_id);

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
