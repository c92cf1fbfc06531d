package media

import (
	"context"
	"iter"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

const auditPage = 1000

// Audit holds the files that rows name against a store and tells of those whose bytes are gone,
// or are not as many as they were, by their keys. It gives how many files there are. Rows and
// objects have the same order, so both are read once.
func Audit(ctx context.Context, q db.Queryer, store blob.Store, tell func(key string)) (n int, err error) {
	next, stop := iter.Pull2(store.List(ctx, ""))
	defer stop()
	var at blob.Info
	more := true
	var lastOrg, lastID string
	for {
		list, err := arrivedAfter(ctx, q, lastOrg, lastID)
		if err != nil {
			return n, err
		}
		for _, f := range list {
			for more && at.Key < f.key {
				if at, err, more = next(); err != nil {
					return n, err
				}
			}
			if n++; !more || at.Key != f.key || at.Size != f.size {
				tell(f.key)
			}
			lastOrg, lastID = f.orgID, f.id
		}
		if len(list) < auditPage {
			return n, nil
		}
	}
}

// keyed is a file that has arrived, as Audit needs it.
type keyed struct {
	orgID, id, key string
	size           int64
}

func arrivedAfter(ctx context.Context, q db.Queryer, orgID, id string) ([]keyed, error) {
	rows, err := q.Query(ctx, `SELECT org_id, id, size FROM media WHERE (org_id, id) > (?, ?) AND state = ? ORDER BY org_id, id LIMIT ?`, orgID, id, ready, auditPage)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []keyed
	for rows.Next() {
		var k keyed
		if err := rows.Scan(&k.orgID, &k.id, &k.size); err != nil {
			return nil, err
		}
		k.key = key(k.orgID, k.id)
		list = append(list, k)
	}
	return list, rows.Err()
}
