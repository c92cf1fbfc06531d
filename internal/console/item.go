package console

import (
	"encoding/json"
	"net/http"
	"net/url"

	"github.com/a-h/templ"
)

// kinds of items have the same reactions, comments and bookmarks.
var itemKinds = []string{"posts", "news", "documents", "faqs", "events"}

// comments reads the newest comments of an item, at most 100.
func (v *visit) comments(kind, id string) ([]comment, meta, error) {
	var out struct {
		Comments []comment `json:"comments"`
		Meta     meta      `json:"meta"`
	}
	err := v.get(at("api", kind, id, "comments"), url.Values{"per_page": {"100"}}, &out)
	return out.Comments, out.Meta, err
}

// oneItem reads a post or a piece of news.
func (v *visit) oneItem(kind, id string) (i item, err error) {
	err = v.get(at("api", kind, id), nil, &i)
	i.kind = kind
	return i, err
}

func (c *Console) itemOf(kind string) handler {
	return func(v *visit) error {
		i, err := v.oneItem(kind, v.r.PathValue("id"))
		if err != nil {
			return err
		}
		list, m, err := v.comments(kind, i.ID)
		if err != nil {
			return err
		}
		return v.page(itemPage(i, talk{kind, i.ID, list, m.TotalResults}))
	}
}

// talk is the comments of an item.
type talk struct {
	kind, id string
	list     []comment
	total    int
}

// barOf is what people can do with an item of any kind, read anew.
func (v *visit) barOf(kind, id string) (i item, err error) {
	if kind == "events" {
		e, err := v.eventOf(id)
		return e.item(), err
	}
	err = v.get(at("api", kind, id), nil, &i)
	i.kind, i.ID = kind, id
	return i, err
}

// backToItem shows the bar of an item again, or its page to browsers without script.
func (v *visit) backToItem(kind, id string) error {
	if !v.isPart() {
		return v.to(at(kind, id))
	}
	i, err := v.barOf(kind, id)
	if err != nil {
		return err
	}
	return v.page(itemBar(i))
}

func (c *Console) reactTo(kind string) handler {
	return func(v *visit) error {
		if err := v.read(); err != nil {
			return err
		}
		id := v.r.PathValue("id")
		if err := v.call(v.putOrDelete(), at("api", kind, id, "reactions", v.text("reaction")), nil, nil); err != nil {
			return err
		}
		return v.backToItem(kind, id)
	}
}

func (v *visit) putOrDelete() string {
	if v.form.Get("remove") != "" {
		return http.MethodDelete
	}
	return http.MethodPut
}

func (c *Console) bookmark(kind string) handler {
	return func(v *visit) error {
		if err := v.read(); err != nil {
			return err
		}
		id := v.r.PathValue("id")
		if err := v.call(v.putOrDelete(), at("api", kind, id, "bookmark"), nil, nil); err != nil {
			return err
		}
		return v.backToItem(kind, id)
	}
}

func (c *Console) comment(kind string) handler {
	return func(v *visit) error {
		if err := v.read(); err != nil {
			return err
		}
		id := v.r.PathValue("id")
		if err := v.call(http.MethodPost, at("api", kind, id, "comments"), map[string]any{"text": v.text("text")}, nil); err != nil {
			return err
		}
		return v.to(at(kind, id) + "#comments")
	}
}

func (c *Console) acknowledge(kind string) handler {
	return func(v *visit) error {
		id := v.r.PathValue("id")
		var out struct {
			AcknowledgedAt string `json:"acknowledgedAt"`
		}
		if err := v.call(http.MethodPut, at("api", kind, id, "acknowledgement"), nil, &out); err != nil {
			return err
		}
		if v.isPart() {
			return v.page(acknowledgement(kind, id, out.AcknowledgedAt))
		}
		return v.to(at(kind, id))
	}
}

func (c *Console) deletePost(v *visit) error {
	if err := v.call(http.MethodDelete, at("api", "posts", v.r.PathValue("id")), nil, nil); err != nil {
		return err
	}
	return v.done("/", "The post is deleted.")
}

func (c *Console) news(v *visit) error {
	list, err := v.listed("news", url.Values{})
	if err != nil {
		return err
	}
	if v.isPart() {
		return v.page(moreItems(list))
	}
	return v.page(newsPage(list))
}

func (c *Console) newsForm(v *visit) error {
	p, err := v.picker()
	if err != nil {
		return err
	}
	return v.page(newNewsPage(writing{picker: p}, nil))
}

// writing is a piece of news, a document or an answer that is being written.
type writing struct {
	picker                                picker
	title, text, category, link, question string
	asks                                  bool
}

func (c *Console) createNews(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	w := writing{title: v.text("newsTitle"), text: v.form.Get("postText"), category: v.text("category"), asks: v.form.Get("asks") != ""}
	in := map[string]any{"newsTitle": w.title, "postText": v.text("postText"), "acknowledgementRequired": w.asks, "permissions": v.permissions()}
	if w.category != "" {
		in["category"] = w.category
	}
	err := v.call(http.MethodPost, "/api/news", in, nil)
	if err == nil {
		return v.done("/news", "The news is out.")
	}
	return v.again(err, &w, newNewsPage)
}

// again shows the form of something that is being written.
func (v *visit) again(err error, w *writing, page func(w writing, p *problem) templ.Component) error {
	var pickErr error
	if w.picker, pickErr = v.picker(); pickErr != nil {
		return pickErr
	}
	return v.formPage(err, func(p *problem) templ.Component { return page(*w, p) })
}

// uploadSlot asks for an upload. Script sends the file there (see docs/guides/uploads.md).
func (c *Console) uploadSlot(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	var slot any
	q := url.Values{"mime": {v.text("mime")}, "name": {v.text("name")}, "moduleCode": {v.text("module")}}
	if err := v.get("/api/media", q, &slot); err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "application/json")
	v.w.Header().Set("Cache-Control", "no-store")
	return json.NewEncoder(v.w).Encode(slot)
}
