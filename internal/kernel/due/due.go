// Package due is by when people have to do something: at one time that is the same for
// everybody, or at the end of a day so many days after it was given to them, where they are.
//
// It reads and writes nothing.
package due

import (
	"context"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/db"
)

// Zones tell in which time zones people are.
type Zones interface {
	// Of gives the time zones of people; those who are not in the answer are in UTC.
	Of(ctx context.Context, q db.Queryer, orgID string, people []string) (map[string]*time.Location, error)
}

// Deadline is by when something is to be done: At, else the end of the day Days after it was
// given to somebody, else never.
type Deadline struct {
	At   *int64 // ms; the same for everybody
	Days int64  // 0 = no deadline
}

// For gives the deadline (ms) of what was given to somebody in a time zone at a time (ms); nil
// for none.
func (d Deadline) For(given int64, zone *time.Location) *int64 {
	if d.At != nil || d.Days == 0 {
		return d.At
	}
	year, month, day := time.UnixMilli(given).In(zone).Date()
	end := time.Date(year, month, day+int(d.Days)+1, 0, 0, 0, 0, zone).UnixMilli() - 1
	return &end
}

// Given is something that somebody was given at a time (ms).
type Given struct {
	UserID string
	At     int64
}

// To gives what everybody was given at the same time (ms).
func To(people []string, at int64) []Given {
	list := make([]Given, len(people))
	for i, id := range people {
		list[i] = Given{id, at}
	}
	return list
}

// Batch is people with the same deadline (ms), nil for none.
type Batch struct {
	At     *int64
	People []string
}

// Batches sorts people by their deadlines. zones may be nil: everybody is in UTC then.
func (d Deadline) Batches(ctx context.Context, q db.Queryer, zones Zones, orgID string, given []Given) ([]Batch, error) {
	var where map[string]*time.Location
	if d.At == nil && d.Days > 0 && zones != nil {
		people := make([]string, len(given))
		for i, g := range given {
			people[i] = g.UserID
		}
		var err error
		if where, err = zones.Of(ctx, q, orgID, people); err != nil {
			return nil, err
		}
	}
	var list []Batch
	place := map[int64]int{}
	for _, g := range given {
		zone := where[g.UserID]
		if zone == nil {
			zone = time.UTC
		}
		at, key := d.For(g.At, zone), int64(-1)
		if at != nil {
			key = *at
		}
		i, there := place[key]
		if !there {
			i = len(list)
			place[key] = i
			list = append(list, Batch{At: at})
		}
		list[i].People = append(list[i].People, g.UserID)
	}
	return list, nil
}

// Owed is by when (ms) somebody still has to do something.
type Owed struct {
	UserID string
	DueAt  int64
}
