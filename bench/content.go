package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"mime/multipart"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/blob"
	"github.com/workdrive/workdrive/internal/kernel/db"
)

// contents makes of the posts as many items of other kinds, for the same audiences.
func (g *seeder) contents(ctx context.Context) error {
	const columns = `org_id, id, author_id, audience_id, status, posted_at, text, extra, created_at, updated_at, updated_by`
	statements := []string{
		`INSERT INTO media (org_id, id, owner_id, module_code, name, declared, state, mime, size, etag, width, height, thumbnail, created_at)
			SELECT org_id, id, author_id, 8, 'photo.png', 'image/png', 'READY', 'image/png', 48718, '"x"', 1600, 1200, 'image/png', created_at FROM posts WHERE org_id = ?`,
		`INSERT INTO media_uses (org_id, media_id, kind, item_id) SELECT org_id, id, 'photo', id FROM posts WHERE org_id = ?`,
	}
	for table, extra := range map[string]string{
		"photos": `'{"title":"A photo","file":"' || id || '"}'`, "news": `'{"title":"What is new at work"}'`,
		"documents": `'{"tags":["#bench"],"versions":[{"file":"' || id || '","at":1,"by":"' || author_id || '"}]}'`,
	} {
		statements = append(statements, `INSERT INTO `+table+` (`+columns+`) SELECT `+strings.Replace(columns, "extra", extra, 1)+` FROM posts WHERE org_id = ?`)
	}
	for _, kind := range []string{"photo", "news", "document"} {
		statements = append(statements, `INSERT INTO content_counts (org_id, kind, audience_id, shard, n)
			SELECT org_id, '`+kind+`', audience_id, shard, n FROM content_counts WHERE org_id = ? AND kind = 'post'`)
	}
	return g.db.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		for _, s := range statements {
			if _, err := tx.Exec(ctx, s, g.org.ID); err != nil {
				return err
			}
		}
		return nil
	})
}

// The scenarios on other kinds than posts.
const (
	photoPage    = "photo page of 28"
	newsPage     = "news page of 10"
	documentPage = "document page of 10"
	searchPage   = "search for two words, one of them in every item"
	uploadFile   = "upload of 1 MiB; floor: write and fsync of a file"
)

// contentScenarios measures pages of other kinds against the same join, search, and uploads.
func contentScenarios(ctx context.Context, s settings, r *report, t target, p pair) error {
	for _, c := range []struct{ scenario, path, bare string }{
		{photoPage, "/api/photos?per_page=28", "/feed?rows=28"},
		{newsPage, "/api/news?per_page=10", "/feed"},
		{documentPage, "/api/documents?per_page=10", "/feed"},
		{searchPage, "/api/search?q=number+4242", "/feed"},
	} {
		err := r.compare(ctx, s, row{t, c.scenario}, p.server.load(request{method: "GET", path: c.path, keys: p.seeded.keys}), p.floor.load(request{method: "GET", path: c.bare}))
		if err == nil {
			err = r.pace(ctx, s, p.server.pace(request{method: "GET", path: c.path, keys: p.seeded.keys}))
		}
		if err != nil {
			return err
		}
	}
	dir, err := os.MkdirTemp(t.dir, "files-")
	if err != nil {
		return err
	}
	return errors.Join(r.compare(ctx, s, row{t, uploadFile}, p.server.uploads(p.seeded.keys), copies(dir)), os.RemoveAll(dir))
}

// file is what is uploaded: 1 MiB that nothing can be made of.
var file = append([]byte("PK\x03\x04"), bytes.Repeat([]byte{0x5a}, 1<<20-4)...)

// turns makes a load of something that each client does again and again.
func turns(p *process, one func(ctx context.Context, client *http.Client) error) loader {
	return func(ctx context.Context, d time.Duration, clients int) (turn, error) {
		transport := &http.Transport{MaxIdleConnsPerHost: clients, MaxConnsPerHost: clients, DisableCompression: true}
		defer transport.CloseIdleConnections()
		client := &http.Client{Transport: transport, Timeout: 20 * time.Second}
		var mu sync.Mutex
		var all []time.Duration
		var failed []error
		began := time.Now()
		var wg sync.WaitGroup
		for range clients {
			wg.Go(func() {
				for time.Since(began) < d {
					sent := time.Now()
					err := one(ctx, client)
					mu.Lock()
					all, failed = append(all, time.Since(sent)), append(failed, err)
					mu.Unlock()
					if err != nil {
						return
					}
				}
			})
		}
		wg.Wait()
		done := outcome(all, time.Since(began))
		if p != nil {
			done.rss = p.rss()
		}
		return done, errors.Join(failed...)
	}
}

// uploads asks for uploads and sends them.
func (p *process) uploads(keys []string) loader {
	return turns(p, func(ctx context.Context, client *http.Client) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, p.base+"/api/media?mime=application/zip&name=a.zip&moduleCode=1", nil)
		if err != nil {
			return err
		}
		req.Header.Set("X-Api-Key", keys[rand.IntN(len(keys))])
		var slot struct{ SignedRequest blob.SignedPost }
		if err := answer(client, req, &slot); err != nil {
			return err
		}
		var form bytes.Buffer
		w := multipart.NewWriter(&form)
		for name, value := range slot.SignedRequest.Fields.All() {
			_ = w.WriteField(name, value) // to memory
		}
		part, err := w.CreateFormFile("file", "a.zip")
		if err != nil {
			return err
		}
		_, _ = part.Write(file)
		if err := w.Close(); err != nil {
			return err
		}
		if req, err = http.NewRequestWithContext(ctx, http.MethodPost, slot.SignedRequest.URL, &form); err != nil {
			return err
		}
		req.Header.Set("Content-Type", w.FormDataContentType())
		return answer(client, req, nil)
	})
}

func answer(client *http.Client, req *http.Request, into any) error {
	res, err := client.Do(req)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err == nil && res.StatusCode >= 300 {
		err = fmt.Errorf("%s %s: status %d: %.200s", req.Method, req.URL.Path, res.StatusCode, body)
	}
	if err == nil && into != nil {
		err = json.Unmarshal(body, into)
	}
	return err
}

// copies writes files as durably as the program does, and does nothing else.
func copies(dir string) loader {
	return turns(nil, func(context.Context, *http.Client) error {
		f, err := os.CreateTemp(dir, "file-")
		if err != nil {
			return err
		}
		_, err = f.Write(file)
		err = errors.Join(err, f.Sync(), f.Close(), os.Rename(f.Name(), filepath.Join(dir, filepath.Base(f.Name())+".done")))
		if err != nil {
			return err
		}
		d, err := os.Open(dir)
		if err != nil {
			return err
		}
		return errors.Join(d.Sync(), d.Close())
	})
}
