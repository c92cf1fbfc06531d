-- +goose Up
-- Pictures of people, and the logo of an organization. media_uses has them under the kinds user and
-- organization.
ALTER TABLE users ADD COLUMN picture_id {{id}};
ALTER TABLE users ADD COLUMN cover_id {{id}};
ALTER TABLE organizations ADD COLUMN logo_id {{id}};

-- +goose Down
-- Going back is done by restoring a backup: a downgrade would lose data.
SELECT 1;
