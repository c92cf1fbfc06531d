-- What is made of films, and how much people keep.

-- +goose Up

ALTER TABLE media ADD COLUMN duration BIGINT NOT NULL DEFAULT 0; -- of a film, ms; 0 = not known
ALTER TABLE media ADD COLUMN played TEXT NOT NULL DEFAULT '';    -- what browsers play: original or film.mp4; '' = not known
ALTER TABLE media ADD COLUMN stream TEXT NOT NULL DEFAULT '';    -- the playlist of its HLS stream; '' = there is none

-- Files of which nothing was made because this release was not there yet are done as films
-- are that had to wait for ffmpeg.
UPDATE media SET processing = 'SKIPPED' WHERE state = 'READY' AND processing = '' AND (
    mime LIKE 'video/%'
    OR mime IN ('image/jpeg', 'image/png', 'image/gif', 'image/webp') AND thumbnail = ''
    OR mime IN ('application/pdf', 'text/plain', 'application/vnd.openxmlformats-officedocument.wordprocessingml.document',
                'application/vnd.openxmlformats-officedocument.presentationml.presentation')
       AND NOT EXISTS (SELECT 1 FROM media_texts t WHERE t.org_id = media.org_id AND t.media_id = media.id));
CREATE INDEX media_skipped ON media (org_id, id) WHERE processing = 'SKIPPED';

-- What the files of a person have together, in bytes.
CREATE TABLE media_usage (
    org_id  {{id}}  NOT NULL,
    user_id {{id}}  NOT NULL,
    bytes   BIGINT NOT NULL,
    PRIMARY KEY (org_id, user_id)
);
INSERT INTO media_usage (org_id, user_id, bytes) SELECT org_id, owner_id, SUM(size) FROM media WHERE state = 'READY' GROUP BY org_id, owner_id;

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
