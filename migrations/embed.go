// Package migrations holds the schema as numbered SQL files, one text for both engines.
// A released file is never changed; a release adds files, and only adds to the schema what
// the release before it can live with.
package migrations

import "embed"

// Files are the migrations.
//
//go:embed *.sql
var Files embed.FS
