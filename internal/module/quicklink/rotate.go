package quicklink

import (
	"context"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// rotated is how many rows one transaction seals again.
const rotated = 200

// column is one that has sealed texts, and what they are sealed for.
type column struct {
	text string // the statement of its rows behind a place: organization, tile, person, text
	set  string
	of   func(tileID, userID string) string
}

var sealedColumns = []column{
	{
		`SELECT org_id, id, '', client_secret FROM sso_tiles WHERE client_secret <> '' AND SUBSTR(client_secret, 1, ?1) <> ?2
  AND (org_id, id, ?5) > (?3, ?4, ?5) ORDER BY org_id, id LIMIT ?6`,
		`UPDATE sso_tiles SET client_secret = ?1 WHERE org_id = ?2 AND id = ?3 AND client_secret = ?5 AND ?4 = ''`,
		func(tileID, _ string) string { return Tile{ID: tileID}.context() },
	},
	tokens("access"), tokens("refresh"),
}

func tokens(kind string) column {
	name := kind + "_token"
	return column{
		`SELECT org_id, tile_id, user_id, ` + name + ` FROM sso_tokens WHERE ` + name + ` <> '' AND SUBSTR(` + name + `, 1, ?1) <> ?2
  AND (org_id, tile_id, user_id) > (?3, ?4, ?5) ORDER BY org_id, tile_id, user_id LIMIT ?6`,
		`UPDATE sso_tokens SET ` + name + ` = ?1 WHERE org_id = ?2 AND tile_id = ?3 AND user_id = ?4 AND ` + name + ` = ?5`,
		func(tileID, userID string) string { return sealedFor(kind, tileID, userID) },
	}
}

// place is a row with a sealed text.
type place struct{ orgID, tileID, userID, text string }

// rotate seals with the first key what older ones have sealed. What cannot be opened is left.
func (s *Service) rotate(ctx context.Context) error {
	for _, c := range sealedColumns {
		var last place
		for more := true; more; {
			err := s.DB.Write(ctx, func(ctx context.Context, tx db.Tx) error {
				list, err := s.store.older(ctx, tx, c, s.Keys.Prefix(), last)
				if err != nil {
					return err
				}
				for _, p := range list {
					secret, _, err := s.Keys.Open(p.text, c.of(p.tileID, p.userID))
					if err != nil {
						continue
					}
					if err := s.store.reseal(ctx, tx, c, p, s.Keys.Seal(secret, c.of(p.tileID, p.userID))); err != nil {
						return err
					}
				}
				if more = len(list) == rotated; more {
					last = list[rotated-1]
				}
				return nil
			})
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// older gives rows, of all organizations, whose text another key than the first has sealed.
func (store) older(ctx context.Context, q db.Queryer, c column, prefix string, after place) ([]place, error) {
	rows, err := q.Query(ctx, c.text, len(prefix), prefix, after.orgID, after.tileID, after.userID, rotated)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []place
	for rows.Next() {
		var p place
		if err := rows.Scan(&p.orgID, &p.tileID, &p.userID, &p.text); err != nil {
			return nil, err
		}
		list = append(list, p)
	}
	return list, rows.Err()
}

// reseal replaces a text, unless somebody has meanwhile.
func (store) reseal(ctx context.Context, tx db.Tx, c column, p place, text string) error {
	_, err := tx.Exec(ctx, c.set, text, p.orgID, p.tileID, p.userID, p.text)
	return err
}
