package user

import (
	"context"
	"time"

	"golang.org/x/text/language"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/locale"
	"github.com/workdrive/workdrive/internal/kernel/recurrence"
)

// checkPlace reports a time zone or a language that nobody knows; nil is none.
func checkPlace(f *fault.Fields, zone, tag *string) {
	if zone != nil && *zone != "" {
		if _, err := recurrence.Zone(*zone); err != nil {
			f.Add("/timeZone", "user.timeZoneUnknown", "This is not the name of a time zone, such as Europe/Berlin or UTC.")
		}
	}
	if tag != nil && *tag != "" {
		if _, err := language.Parse(*tag); err != nil {
			f.Add("/language", "user.languageUnknown", "This is not a language (BCP 47), such as de or pt-BR.")
		}
	}
}

// Zones tell in which time zones people are (due.Zones), and how they read (locale.Locales).
type Zones struct{}

// Of implements due.Zones, with one statement.
func (Zones) Of(ctx context.Context, q db.Queryer, orgID string, people []string) (map[string]*time.Location, error) {
	rows, err := q.Query(ctx, `SELECT u.id, u.time_zone FROM users u WHERE u.org_id = ? AND u.time_zone IS NOT NULL AND u.id {in}`, orgID, db.List(people))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	by := map[string]*time.Location{}
	for rows.Next() {
		var id, name string
		if err := rows.Scan(&id, &name); err != nil {
			return nil, err
		}
		if zone, err := recurrence.Zone(name); err == nil { // one that is not known any more is UTC
			by[id] = zone
		}
	}
	return by, rows.Err()
}

// Locale implements locale.Locales, with one statement.
func (Zones) Locale(ctx context.Context, q db.Queryer, orgID string, people []string) (map[string]locale.Locale, error) {
	rows, err := q.Query(ctx, `SELECT u.id, COALESCE(u.language, ''), COALESCE(u.time_zone, '') FROM users u WHERE u.org_id = ? AND u.id {in}`, orgID, db.List(people))
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	by := make(map[string]locale.Locale, len(people))
	for rows.Next() {
		var id, tag, zone string
		if err := rows.Scan(&id, &tag, &zone); err != nil {
			return nil, err
		}
		by[id] = locale.Of(tag, zone)
	}
	return by, rows.Err()
}
