// Package api holds what describes the API beside its code: the OpenAPI description derived
// from the operations (openapi.json), the printed examples of the reference (fixtures, one
// file per side of an operation), and the shapes of its answers (shapes.json).
package api

import (
	"embed"
	"io/fs"
)

//go:embed fixtures/*.json
var fixtures embed.FS

// Fixtures are the printed examples: <operation id>.request.json and .response.json.
var Fixtures = sub(fixtures, "fixtures")

func sub(f embed.FS, dir string) fs.FS {
	s, err := fs.Sub(f, dir)
	if err != nil {
		panic(err) // the directory is part of the program
	}
	return s
}
