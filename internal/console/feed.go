package console

import (
	"net/http"
	"net/url"

	"github.com/a-h/templ"
)

const perPage = "15"

// reactionKinds are the ones that pages offer; the API knows others, too, and they are shown.
var reactionKinds = []struct{ name, sign string }{
	{"like", "👍"}, {"love", "❤️"}, {"celebrate", "🎉"}, {"insightful", "💡"},
}

// sign is the picture of a reaction.
func sign(name string) string {
	for _, r := range reactionKinds {
		if r.name == name {
			return r.sign
		}
	}
	switch name {
	case "support":
		return "🤝"
	case "funny":
		return "😄"
	}
	return "•"
}

// items is a page of a feed.
type items struct {
	kind string
	list []item
	meta meta
}

// listed reads a page of posts or news.
func (v *visit) listed(kind string, q url.Values) (items, error) {
	q.Set("per_page", perPage)
	if cursor := v.query("cursor"); cursor != "" {
		q.Set("cursor", cursor)
	}
	var out struct {
		Posts []item `json:"posts"`
		News  []item `json:"news"`
		Meta  meta   `json:"meta"`
	}
	if err := v.get(at("api", kind), q, &out); err != nil {
		return items{}, err
	}
	i := items{kind, append(out.Posts, out.News...), out.Meta}
	for n := range i.list {
		i.list[n].kind = kind
	}
	return i, nil
}

func (c *Console) feed(v *visit) error {
	posts, err := v.listed("posts", url.Values{})
	if err != nil {
		return err
	}
	if v.isPart() {
		return v.page(moreItems(posts))
	}
	p, err := v.picker()
	if err != nil {
		return err
	}
	return v.page(feedPage(posts, composing{picker: p}, nil))
}

// composing is a post that is being written.
type composing struct {
	picker picker
	text   string
}

func (c *Console) createPost(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	in := map[string]any{"postText": v.text("postText"), "permissions": v.permissions()}
	err := v.call(http.MethodPost, "/api/posts", in, nil)
	if err == nil {
		return v.done("/", "Your post is out.")
	}
	return v.formPage(err, func(p *problem) templ.Component {
		posts, err := v.listed("posts", url.Values{})
		if err != nil {
			return problemPage(problemOf(err))
		}
		with, err := v.picker()
		if err != nil {
			return problemPage(problemOf(err))
		}
		return feedPage(posts, composing{with, v.form.Get("postText")}, p)
	})
}
