package app

import "maps"

// What the isolation matrix needs to know of streams, webhooks and the audit log.
func init() { //nolint:gochecknoinits // the maps are read by tests that run at the same time
	maps.Copy(queries, map[string]string{
		"openStream": "?once=true", // the matrix would listen for ever
	})
	maps.Copy(exceptions, map[string]func(c cell) int{
		"startTyping": ownOnly,
	})
}
