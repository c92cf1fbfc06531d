package main

import (
	"cmp"
	"context"
	"encoding/json"
	"flag"
	"log/slog"
	"net/http"
	"regexp"
	"strconv"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/ids"
)

// floorPost is the floor's answer: as many bytes as the program's, of one join.
type floorPost struct {
	ID              string   `json:"id"`
	PostText        string   `json:"postText"`
	PostedAt        string   `json:"postedAt"`
	CommentsCount   int      `json:"commentsCount"`
	User            floorMan `json:"user"`
	Files           *string  `json:"files"`
	FileList        []string `json:"fileList"`
	LinkPreviews    *string  `json:"linkPreviews"`
	LinkPreviewList []string `json:"linkPreviewList"`
	Tags            []string `json:"tags"`
	Reactions       []string `json:"reactions"`
	Mentions        []string `json:"mentions"`
	TaggedUsers     []string `json:"taggedUsers"`
	Gif             *string  `json:"gif"`
	Links           []string `json:"links"`
	ReactionUsers   []string `json:"reactionUsers"`
	Location        *string  `json:"location"`
	Status          string   `json:"status"`
	PublishAt       *string  `json:"publishAt"`
	Permissions     *string  `json:"permissions"`
	MyReactions     []string `json:"myReactions"`
	BookmarkID      *string  `json:"bookmarkId"`
	CreatedAt       string   `json:"createdAt"`
	UpdatedAt       string   `json:"updatedAt"`
}

type floorMan struct {
	ID                     string  `json:"id"`
	FirstName              string  `json:"firstName"`
	LastName               string  `json:"lastName"`
	Picture                *string `json:"picture"`
	Cover                  *string `json:"cover"`
	Color                  string  `json:"color"`
	Online                 bool    `json:"online"`
	Availability           int     `json:"availability"`
	Designation            *string `json:"designation"`
	Department             *string `json:"department"`
	DepartmentData         *string `json:"departmentData"`
	LocationID             *string `json:"locationId"`
	AvailabilityStatusText *string `json:"availabilityStatusText"`
	Phone                  *string `json:"phone"`
	Email                  string  `json:"email"`
	Status                 string  `json:"status"`
	ExternalUserID         *string `json:"externalUserId"`
}

// serveFloor serves what no server on this engine can be faster than by much: GET /feed, one
// indexed join of ten rows as JSON; POST /insert, one row of a table like posts, under group commit.
func serveFloor(args []string) error {
	flags := flag.NewFlagSet("floor", flag.ExitOnError)
	url, org, listen := flags.String("url", "", ""), flags.String("org", "", ""), flags.String("listen", "", "")
	_ = flags.String("engine", "", "")
	if err := flags.Parse(args); err != nil {
		return err
	}
	d, err := db.Open(context.Background(), db.Options{URL: *url, Logger: slog.New(slog.DiscardHandler)})
	if err != nil {
		return err
	}
	if err := prepareFloor(d); err != nil {
		return err
	}
	f := &floor{db: d, org: *org}
	err = d.Reader(context.Background()).QueryRow(context.Background(),
		`SELECT c.audience_id, (SELECT MIN(id) FROM users u WHERE u.org_id = c.org_id) FROM audience_clauses c WHERE c.org_id = ? AND c.kind = 'org'`,
		*org).Scan(&f.everybody, &f.author)
	if err != nil {
		return err
	}
	mux := http.NewServeMux()
	mux.HandleFunc("GET /feed", f.feed)
	mux.HandleFunc("POST /insert", f.insert)
	return (&http.Server{Addr: *listen, Handler: mux, ReadHeaderTimeout: 5 * time.Second}).ListenAndServe()
}

// prepareFloor makes a table like posts, with all its indexes.
func prepareFloor(d *db.DB) error {
	ctx := context.Background()
	return d.Write(ctx, func(ctx context.Context, tx db.Tx) error {
		statements := []string{`CREATE TABLE IF NOT EXISTS floor_posts (LIKE posts INCLUDING ALL)`}
		if tx.Engine() == db.SQLite {
			var err error
			if statements, err = likePosts(ctx, tx); err != nil {
				return err
			}
		}
		for _, s := range statements {
			if _, err := tx.Exec(ctx, s); err != nil {
				return err
			}
		}
		return nil
	})
}

var postsName = regexp.MustCompile(`\bposts(_\w+)?\b`)

func likePosts(ctx context.Context, tx db.Tx) ([]string, error) {
	rows, err := tx.Query(ctx, `SELECT sql FROM sqlite_master WHERE tbl_name = 'posts' AND sql IS NOT NULL ORDER BY type DESC`)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []string
	for rows.Next() {
		var s string
		if err := rows.Scan(&s); err != nil {
			return nil, err
		}
		list = append(list, postsName.ReplaceAllString(s, "floor_$0"))
	}
	return list, rows.Err()
}

type floor struct {
	db        *db.DB
	org       string
	everybody int64  // the audience of what is for the whole organization
	author    string // of what is inserted
}

const feedSQL = `SELECT p.id, p.text, p.posted_at, p.comments_count, u.id, u.first_name, u.last_name, u.color, u.availability, u.designation,
	u.department_id, d.name, u.location_id, u.availability_text, u.phone, u.email, u.status, u.external_user_id
	FROM posts p JOIN users u ON u.org_id = p.org_id AND u.id = p.author_id
	LEFT JOIN departments d ON d.org_id = u.org_id AND d.id = u.department_id
	WHERE p.org_id = ? AND p.status = 'PUBLISHED' AND p.audience_id = ? ORDER BY p.posted_at DESC, p.id DESC LIMIT `

func (f *floor) feed(w http.ResponseWriter, r *http.Request) {
	limit := cmp.Or(r.URL.Query().Get("rows"), "10")
	rows, err := f.db.Reader(r.Context()).Query(r.Context(), feedSQL+limit, f.org, f.everybody)
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	defer rows.Close()
	var out struct {
		Posts []floorPost    `json:"posts"`
		Meta  map[string]int `json:"meta"`
	}
	out.Meta = map[string]int{"perPage": 10, "totalPages": 1, "totalResults": 10, "curPage": 1, "nextPage": 2}
	none := []string{}
	for rows.Next() {
		p := floorPost{
			FileList: none, LinkPreviewList: none, Tags: []string{"#bench"}, Reactions: none, Mentions: none, TaggedUsers: none, Links: none,
			ReactionUsers: none, Status: "PUBLISHED", MyReactions: none,
		}
		var at int64
		u := &p.User
		err := rows.Scan(&p.ID, &p.PostText, &at, &p.CommentsCount, &u.ID, &u.FirstName, &u.LastName, &u.Color, &u.Availability, &u.Designation,
			&u.Department, &u.DepartmentData, &u.LocationID, &u.AvailabilityStatusText, &u.Phone, &u.Email, &u.Status, &u.ExternalUserID)
		if err != nil {
			http.Error(w, err.Error(), http.StatusInternalServerError)
			return
		}
		p.PostedAt = time.UnixMilli(at).UTC().Format("2006-01-02T15:04:05.000Z")
		p.CreatedAt, p.UpdatedAt = p.PostedAt, p.PostedAt
		out.Posts = append(out.Posts, p)
	}
	if err := rows.Err(); err != nil || strconv.Itoa(len(out.Posts)) != limit {
		http.Error(w, "too few rows", http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	_ = json.NewEncoder(w).Encode(out)
}

func (f *floor) insert(w http.ResponseWriter, r *http.Request) {
	var in struct{ PostText string }
	if err := json.NewDecoder(r.Body).Decode(&in); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	id, now := ids.New(), time.Now().UnixMilli()
	err := f.db.Write(r.Context(), func(ctx context.Context, tx db.Tx) error {
		_, err := tx.Exec(ctx, `INSERT INTO floor_posts (org_id, id, author_id, audience_id, status, posted_at, text, extra, created_at, updated_at, updated_by)
			VALUES (?1, ?2, ?3, ?4, 'PUBLISHED', ?5, ?6, '{}', ?5, ?5, ?3)`, f.org, id, f.author, f.everybody, now, in.PostText)
		return err
	})
	if err != nil {
		http.Error(w, err.Error(), http.StatusInternalServerError)
		return
	}
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(http.StatusCreated)
	_ = json.NewEncoder(w).Encode(map[string]string{"id": id, "postText": in.PostText})
}
