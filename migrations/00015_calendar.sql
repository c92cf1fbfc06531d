-- What guests answer to single occurrences of series; meetings of conversations become events.

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

-- The meetings that conversations held in tables of their own. Each is seen by who made it, those
-- invited, and those in its conversation.
INSERT INTO audiences (org_id, hash, permissions)
SELECT m.org_id, 'meeting:' || m.id, {{if sqlite}}json_object('public', json('false'), 'friends', json('false'), 'onlyMe', json('false'), 'team', json('false'),
    'users', json(COALESCE((SELECT json_group_array(p.user_id) FROM meeting_people p WHERE p.org_id = m.org_id AND p.meeting_id = m.id), '[]')),
    'groups', json(CASE WHEN c.id IS NULL OR c.kind = 'DIRECT' THEN '[]' ELSE json_array(c.id) END), 'locations', json('[]'), 'taggedUsers', json('[]'))
{{else}}json_build_object('public', FALSE, 'friends', FALSE, 'onlyMe', FALSE, 'team', FALSE,
    'users', COALESCE((SELECT json_agg(p.user_id) FROM meeting_people p WHERE p.org_id = m.org_id AND p.meeting_id = m.id), '[]'),
    'groups', CASE WHEN c.id IS NULL OR c.kind = 'DIRECT' THEN '[]'::json ELSE json_build_array(c.id) END, 'locations', '[]'::json, 'taggedUsers', '[]'::json)::text
{{end}}FROM meetings m LEFT JOIN conversations c ON c.org_id = m.org_id AND c.id = m.conversation_id;

INSERT INTO audience_clauses (org_id, kind, ref, audience_id)
SELECT m.org_id, 'user', m.created_by, a.id FROM meetings m JOIN audiences a ON a.org_id = m.org_id AND a.hash = 'meeting:' || m.id
UNION SELECT m.org_id, 'user', p.user_id, a.id FROM meetings m JOIN audiences a ON a.org_id = m.org_id AND a.hash = 'meeting:' || m.id
    JOIN meeting_people p ON p.org_id = m.org_id AND p.meeting_id = m.id
UNION SELECT m.org_id, 'group', c.id, a.id FROM meetings m JOIN audiences a ON a.org_id = m.org_id AND a.hash = 'meeting:' || m.id
    JOIN conversations c ON c.org_id = m.org_id AND c.id = m.conversation_id AND c.kind <> 'DIRECT'
UNION SELECT m.org_id, 'user', x.user_id, a.id FROM meetings m JOIN audiences a ON a.org_id = m.org_id AND a.hash = 'meeting:' || m.id
    JOIN conversations c ON c.org_id = m.org_id AND c.id = m.conversation_id AND c.kind = 'DIRECT'
    JOIN conversation_members x ON x.org_id = c.org_id AND x.conversation_id = c.id;

INSERT INTO events (org_id, id, author_id, audience_id, status, posted_at, text, extra, created_at, updated_at, updated_by)
SELECT m.org_id, m.id, m.created_by, a.id, 'PUBLISHED', m.created_at, '', {{if sqlite}}json_object('title', m.title, 'virtual', json('true'), 'type', 3, 'meeting', json('true'),
    'poster', COALESCE(m.poster_id, ''), 'conversationId', COALESCE(m.conversation_id, ''), 'callId', m.call_id, 'start', m.starts_at - m.starts_at % 1000,
    'end', m.ends_at + (1000 - m.ends_at % 1000) % 1000, 'zone', 'UTC', 'sequence', 0, 'secret', lower(hex(randomblob(20))))
{{else}}json_build_object('title', m.title, 'virtual', TRUE, 'type', 3, 'meeting', TRUE,
    'poster', COALESCE(m.poster_id, ''), 'conversationId', COALESCE(m.conversation_id, ''), 'callId', m.call_id, 'start', m.starts_at - m.starts_at % 1000,
    'end', m.ends_at + (1000 - m.ends_at % 1000) % 1000, 'zone', 'UTC', 'sequence', 0, 'secret', gen_random_uuid()::text || gen_random_uuid()::text)::text
{{end}}, m.created_at, m.created_at, m.created_by
FROM meetings m JOIN audiences a ON a.org_id = m.org_id AND a.hash = 'meeting:' || m.id;

-- original counts seconds from the year 1.
INSERT INTO event_occurrences (org_id, id, event_id, audience_id, span, starts_at, ends_at, original, moved, cancelled, changes, type, is_meeting, conversation_id)
SELECT m.org_id, m.id, m.id, a.id, CASE WHEN m.ends_at - m.starts_at <= 86398000 THEN 0 ELSE 1 END, m.starts_at - m.starts_at % 1000,
    m.ends_at + (1000 - m.ends_at % 1000) % 1000, m.starts_at / 1000 + 62135596800, FALSE, FALSE, '', 3, TRUE, m.conversation_id
FROM meetings m JOIN audiences a ON a.org_id = m.org_id AND a.hash = 'meeting:' || m.id;

INSERT INTO event_people (org_id, event_id, occurrence_id, user_id, place, invited_at, touched_at)
SELECT p.org_id, p.meeting_id, '', p.user_id, p.place, m.created_at, m.created_at FROM meeting_people p JOIN meetings m ON m.org_id = p.org_id AND m.id = p.meeting_id;

INSERT INTO content_counts (org_id, kind, audience_id, shard, n)
SELECT m.org_id, 'event', a.id, 0, 1 FROM meetings m JOIN audiences a ON a.org_id = m.org_id AND a.hash = 'meeting:' || m.id;

UPDATE media_uses SET kind = 'event' WHERE kind = 'meeting';

-- The index of events is made again when the server starts, with these.
DELETE FROM search_sources WHERE kind = 'event' AND EXISTS (SELECT 1 FROM meetings);

-- The tables stay for the release before this one, and are empty.
DELETE FROM meeting_people WHERE org_id IS NOT NULL;
DELETE FROM meetings WHERE org_id IS NOT NULL;

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
