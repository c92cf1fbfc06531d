package search

import (
	"context"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/search"
)

const personColumns = `u.org_id, u.id, u.first_name, u.last_name, u.designation, u.email, u.status, u.created_at`

// one is what of a person is in the index.
type one struct {
	search.Found
	archived bool
}

func scanPeople(rows db.Rows, err error) ([]one, error) {
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []one
	for rows.Next() {
		p := one{Found: search.Found{Entry: search.Entry{Kind: search.Person}}}
		var first, last, email, status string
		var designation *string
		if err := rows.Scan(&p.OrgID, &p.ID, &first, &last, &designation, &email, &status, &p.At); err != nil {
			return nil, err
		}
		p.Title, p.Text, p.archived = strings.TrimSpace(first+" "+last), email, status == "ARCHIVE"
		if designation != nil {
			p.Text = *designation + "\n" + email
		}
		list = append(list, p)
	}
	return list, rows.Err()
}

// PeopleChanged puts people into the index as they are now, and takes out those who are
// archived.
func (s *Service) PeopleChanged(ctx context.Context, tx db.Tx, orgID string, people []string) error {
	list, err := scanPeople(tx.Query(ctx, `SELECT `+personColumns+` FROM users u WHERE u.org_id = ? AND u.id {in}`, orgID, db.List(people)))
	if err != nil {
		return err
	}
	var entries []search.Entry
	var gone []string
	for _, p := range list {
		if p.archived {
			gone = append(gone, p.ID)
		} else {
			entries = append(entries, p.Entry)
		}
	}
	if len(gone) > 0 {
		if err := s.index.Remove(ctx, tx, orgID, search.Person, gone...); err != nil {
			return err
		}
	}
	return s.put(ctx, tx, orgID, entries)
}

// put gives people to everybody of their organization.
func (s *Service) put(ctx context.Context, tx db.Tx, orgID string, entries []search.Entry) error {
	if len(entries) == 0 {
		return nil
	}
	everybody, err := s.audiences.Intern(ctx, tx, orgID, "", audience.Permissions{Public: true})
	if err != nil {
		return err
	}
	for i := range entries {
		entries[i].AudienceID = everybody
	}
	return s.index.Put(ctx, tx, orgID, entries...)
}

// everybody is the source of the people for an index that has none of them yet.
func (s *Service) everybody(ctx context.Context, tx db.Tx, after search.Place, limit int) ([]search.Found, error) {
	list, err := scanPeople(tx.Query(ctx, `SELECT `+personColumns+` FROM users u WHERE u.status <> 'ARCHIVE' AND (u.org_id, u.id) > (?, ?)
		ORDER BY u.org_id, u.id LIMIT ? {forUpdate}`, after.OrgID, after.ID, limit))
	if err != nil {
		return nil, err
	}
	found := make([]search.Found, len(list))
	for i, p := range list {
		found[i] = p.Found
		if found[i].AudienceID, err = s.audiences.Intern(ctx, tx, p.OrgID, "", audience.Permissions{Public: true}); err != nil {
			return nil, err
		}
	}
	return found, nil
}
