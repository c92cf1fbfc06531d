package console

import (
	"net/http"
	"net/url"
)

// docs is a page of the list of documents.
type docs struct {
	Docs []doc `json:"docs"`
	Meta meta  `json:"meta"`

	search string
}

func (c *Console) documents(v *visit) error {
	d := docs{search: v.query("search")}
	q := url.Values{"per_page": {"25"}, "cur_page": {v.pageNumber()}}
	if d.search != "" {
		q.Set("search", d.search)
	}
	if err := v.get("/api/documents", q, &d); err != nil {
		return err
	}
	return v.page(documentsPage(d))
}

func (c *Console) document(v *visit) error {
	id := v.r.PathValue("id")
	var d doc
	if err := v.get(at("api", "documents", id), nil, &d); err != nil {
		return err
	}
	list, m, err := v.comments("documents", id)
	if err != nil {
		return err
	}
	return v.page(documentPage(d, talk{"documents", id, list, m.TotalResults}))
}

func (c *Console) documentForm(v *visit) error {
	p, err := v.picker()
	if err != nil {
		return err
	}
	return v.page(newDocumentPage(writing{picker: p}, nil))
}

func (c *Console) createDocument(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	w := writing{title: v.text("name"), category: v.text("category"), link: v.text("docUrl"), asks: v.form.Get("asks") != ""}
	in := map[string]any{"name": w.title, "acknowledgementRequired": w.asks, "permissions": v.permissions()}
	for name, value := range map[string]string{"category": w.category, "docUrl": w.link, "docId": v.text("docId")} {
		if value != "" {
			in[name] = value
		}
	}
	err := v.call(http.MethodPost, "/api/documents?publish=true", in, nil)
	if err == nil {
		return v.done("/documents", "The document is published.")
	}
	return v.again(err, &w, newDocumentPage)
}

// faqs is a page of the list of questions.
type faqs struct {
	Rows []question `json:"data"`
	Meta meta       `json:"meta"`
}

// faqs lists questions, or what a search finds among them.
func (c *Console) faqs(v *visit) error {
	var f faqs
	if err := v.get("/api/faqs", url.Values{"per_page": {"25"}, "cur_page": {v.pageNumber()}}, &f); err != nil {
		return err
	}
	return v.page(faqsPage(f))
}

func (c *Console) faq(v *visit) error {
	id := v.r.PathValue("id")
	var f faq
	if err := v.get(at("api", "faqs", id), nil, &f); err != nil {
		return err
	}
	list, m, err := v.comments("faqs", id)
	if err != nil {
		return err
	}
	return v.page(faqPage(f, talk{"faqs", id, list, m.TotalResults}))
}

func (c *Console) faqForm(v *visit) error {
	p, err := v.picker()
	if err != nil {
		return err
	}
	return v.page(newFaqPage(writing{picker: p}, nil))
}

func (c *Console) createFaq(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	w := writing{title: v.text("name"), category: v.text("category"), question: v.text("question"), text: v.form.Get("answer")}
	kb := map[string]any{"name": w.title}
	if w.category != "" {
		kb["category"] = w.category
	}
	in := map[string]any{
		"kb": kb, "qas": []any{map[string]any{"question": w.question, "answer": v.text("answer")}}, "permissions": v.permissions(),
	}
	err := v.call(http.MethodPost, "/api/faqs?publish=true", in, nil)
	if err == nil {
		return v.done("/faqs", "The answer is published.")
	}
	return v.again(err, &w, newFaqPage)
}

// results is what a search found.
type results struct {
	Results []found `json:"results"`
	Meta    meta    `json:"meta"`

	query, kind string
}

func (c *Console) search(v *visit) error {
	s := results{query: v.query("q"), kind: v.query("types")}
	if s.query != "" {
		q := url.Values{"q": {s.query}, "per_page": {"25"}, "cur_page": {v.pageNumber()}}
		if s.kind != "" {
			q.Set("types", s.kind)
		}
		if err := v.get("/api/search", q, &s); err != nil {
			return err
		}
	}
	return v.page(searchPage(s))
}

// page is where a hit is shown, "" when no page does.
func (f found) page() string {
	switch f.Type {
	case "user":
		return at("people", f.ID)
	case "post":
		return at("posts", f.ID)
	case "news":
		return at("news", f.ID)
	case "document":
		return at("documents", f.ID)
	case "faq":
		return at("faqs", f.ID)
	case "event":
		return at("events", f.ID)
	}
	return ""
}
