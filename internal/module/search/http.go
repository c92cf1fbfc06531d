package search

import (
	"context"
	"net/http"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/authz"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/person"
	"github.com/workdrive/workdrive/internal/kernel/search"
)

// Service is the search.
type Service struct {
	db        *db.DB
	audiences *audience.Audiences
	index     *search.Index
}

// New makes the service.
func New(d *db.DB, a *audience.Audiences, x *search.Index) *Service {
	s := &Service{db: d, audiences: a, index: x}
	x.Provide(search.Person, s.everybody)
	return s
}

// Register mounts the operation.
func (s *Service) Register(r *api.Router) {
	api.Register(r, api.Operation{
		ID: "search", Method: http.MethodGet, Path: "/api/search", Tag: "Search", Summary: "Search everything you may see",
		Description: "All words must be found, in title or text; words in quotation marks stand together; the last word may be a beginning unless a blank follows. " +
			"What is found by its title comes first, then the rest, the newest first.",
		Authz: authz.Rule{Scope: "search:read"},
		Example: api.Example{Response: `{"results":[{"type":"post","id":"019b7a2e-5c1f-7d30-9b51-0000000000aa","title":"","titleHtml":"","snippet":"The new map is out.",` +
			`"snippetHtml":"The new <mark>map</mark> is out.","at":"2026-11-24T09:30:00.000Z","user":null}],"meta":{"perPage":10,"totalPages":1,"totalResults":1,"curPage":1,"nextPage":0}}`},
	}, s.search)
}

type searchInput struct {
	api.Page
	Q     string      `query:"q" required:"true" maxLength:"500" doc:"What to look for"`
	Types api.Strings `query:"types" maxItems:"20" doc:"Only these: post, news, photo, video, document, faq, user; all unless given"`
}

// Hit is something found.
type Hit struct {
	Type        string       `json:"type" doc:"post, news, photo, video, document, faq or user"`
	ID          string       `json:"id" doc:"Id of the item or person"`
	Title       string       `json:"title" doc:"Title or name; empty for what has none"`
	TitleHTML   string       `json:"titleHtml" doc:"The title as HTML, with what was found in <mark>"`
	Snippet     string       `json:"snippet" doc:"The part of the text where it was found"`
	SnippetHTML string       `json:"snippetHtml" doc:"The part as HTML, with what was found in <mark>"`
	At          api.Time     `json:"at" doc:"When it was published"`
	User        *person.Card `json:"user" doc:"Of a person: their card"`
}

type searchOutput struct {
	Body struct {
		Results []Hit    `json:"results" doc:"What was found, best first"`
		Meta    api.Meta `json:"meta" doc:"Where the page stands"`
	}
}

func (s *Service) search(ctx context.Context, who authz.Actor, in *searchInput) (*searchOutput, error) {
	query, err := s.query(in)
	if err != nil {
		return nil, err
	}
	q := s.db.Reader(ctx)
	found, err := s.index.Find(ctx, q, who, query)
	if err != nil {
		return nil, err
	}
	var people []string
	for _, h := range found.Hits {
		if h.Kind == search.Person {
			people = append(people, h.ID)
		}
	}
	cards, err := person.ByIDs(ctx, q, who.OrgID, people)
	if err != nil {
		return nil, err
	}
	out := &searchOutput{}
	out.Body.Results = make([]Hit, len(found.Hits))
	for i, h := range found.Hits {
		title, snippet := query.Terms.Mark(h.Title), query.Terms.Mark(h.Text)
		out.Body.Results[i] = Hit{h.Kind, h.ID, title.Text, title.HTML, snippet.Text, snippet.HTML, api.At(h.At), nil}
		if c, ok := cards[h.ID]; ok {
			out.Body.Results[i].User = &c
		}
	}
	out.Body.Meta = in.Page.Meta(found.Total)
	if found.Next != nil {
		out.Body.Meta.NextCursor = ids.EncodeCursor(*found.Next)
	}
	return out, nil
}

func (s *Service) query(in *searchInput) (search.Query, error) {
	query := search.Query{Terms: search.Parse(in.Q), Offset: in.Page.Offset(), Limit: in.Page.Limit()}
	var bad fault.Fields
	if len(query.Terms) > search.MaxTerms {
		bad.Addf("?q", "search.tooMany", "At most %d words can be looked for at once.", search.MaxTerms)
	}
	known := s.index.Kinds()
	for _, sent := range in.Types {
		for kind := range strings.SplitSeq(sent, ",") {
			if kind = strings.TrimSpace(kind); !slices.Contains(known, kind) {
				bad.Addf("?types", "field.enum", "Must be some of: %s.", strings.Join(known, ", "))
				return query, bad.Err()
			}
			query.Kinds = append(query.Kinds, kind)
		}
	}
	if in.Cursor != "" {
		query.After, query.Offset = &search.Position{}, 0
		if err := in.Page.DecodeCursor(query.After); err != nil {
			return query, err
		}
	}
	return query, bad.Err()
}
