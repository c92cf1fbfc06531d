// Package restriction is from when an overdue obligation restricts a person, as a piece of SQL
// that authentication reads in its own statement: asking costs the unrestricted nothing.
//
// The rows are module enforcement's, which decides what a restricted person may still do. This
// package writes nothing.
package restriction

// Begins gives the time (ms) from which the person u of a statement is restricted, NULL for never.
const Begins = `(SELECT MIN(ob.restrict_at) FROM enforcement_obligations ob
	WHERE ob.org_id = u.org_id AND ob.user_id = u.id AND ob.restrict_at IS NOT NULL AND ob.waived_at IS NULL)`
