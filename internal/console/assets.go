package console

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"net/http"
	"path"
	"strings"
)

//go:embed assets
var assetFiles embed.FS

// assets serves styles and scripts. Their addresses change with what they hold, so that browsers
// may keep them for good.
type assets struct {
	byPath map[string]asset
	paths  map[string]string // by name
}

type asset struct {
	kind          string
	body, gzipped []byte
}

// kinds does not ask the system, which may know others.
var kinds = map[string]string{
	".css": "text/css; charset=utf-8", ".js": "text/javascript; charset=utf-8", ".svg": "image/svg+xml",
}

func loadAssets() (*assets, error) {
	a := &assets{byPath: map[string]asset{}, paths: map[string]string{}}
	err := fs.WalkDir(assetFiles, "assets", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || strings.HasSuffix(name, "LICENSE") {
			return err
		}
		body, err := assetFiles.ReadFile(name)
		if err != nil {
			return err
		}
		var packed bytes.Buffer
		z, _ := gzip.NewWriterLevel(&packed, gzip.BestCompression) // the level is one
		if _, err := z.Write(body); err != nil {
			return err
		}
		if err := z.Close(); err != nil {
			return err
		}
		sum := sha256.Sum256(body)
		file := path.Base(name)
		at := "/assets/" + hex.EncodeToString(sum[:6]) + "/" + file
		a.byPath[at] = asset{kinds[path.Ext(file)], body, packed.Bytes()}
		a.paths[file] = at
		return nil
	})
	return a, err
}

// worker serves the service worker, whose address says which pages it is for: all.
func (a *assets) worker(w http.ResponseWriter, _ *http.Request) {
	found := a.byPath[a.paths["worker.js"]]
	w.Header().Set("Content-Type", found.kind)
	w.Header().Set("Cache-Control", "no-cache")
	w.Header().Set("Content-Security-Policy", "default-src 'none'; connect-src 'self'")
	_, _ = w.Write(found.body) // the browser may have gone
}

// ServeHTTP implements http.Handler.
func (a *assets) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	found, ok := a.byPath[r.URL.Path]
	if !ok {
		http.NotFound(w, r)
		return
	}
	h := w.Header()
	h.Set("Content-Type", found.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	h.Set("Vary", "Accept-Encoding")
	body := found.body
	if strings.Contains(r.Header.Get("Accept-Encoding"), "gzip") {
		h.Set("Content-Encoding", "gzip")
		body = found.gzipped
	}
	_, _ = w.Write(body) // the browser may have gone
}
