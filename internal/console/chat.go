package console

import (
	"fmt"
	"hash/fnv"
	"net/http"
	"net/url"
	"strconv"

	"github.com/a-h/templ"
)

// chat is a conversation.
type chat struct {
	ID          string   `json:"id"`
	Title       string   `json:"title"`
	Description string   `json:"description"`
	Type        string   `json:"type"`
	IsPrivate   bool     `json:"isPrivate"`
	ByRequest   bool     `json:"byRequest"`
	IsMember    bool     `json:"isMember"`
	Requested   bool     `json:"requested"`
	MemberCount int      `json:"memberCount"`
	LastSeq     int      `json:"lastSeq"`
	Unread      int      `json:"newResponseCount"`
	ActiveAt    string   `json:"activeAt"`
	People      []person `json:"participants"`
}

// heading is the title, or who talks for a direct conversation.
func (c chat) heading(me string) string {
	if c.Title != "" {
		return c.Title
	}
	names := ""
	for _, p := range c.People {
		if p.ID == me {
			continue
		}
		if names != "" {
			names += ", "
		}
		names += p.name()
	}
	if names == "" {
		return "…"
	}
	return names
}

// chats are one's own conversations, and the groups one could join.
type chats struct {
	mine, others []chat
}

func (v *visit) chats() (list chats, err error) {
	var mine, all struct {
		Conversations []chat `json:"conversations"`
	}
	if err := v.get("/api/conversations", url.Values{"per_page": {"100"}}, &mine); err != nil {
		return list, err
	}
	if err := v.get("/api/group-chats", url.Values{"per_page": {"100"}}, &all); err != nil {
		return list, err
	}
	list.mine = mine.Conversations
	for _, c := range all.Conversations {
		if !c.IsMember {
			list.others = append(list.others, c)
		}
	}
	return list, nil
}

func (c *Console) chats(v *visit) error {
	list, err := v.chats()
	if err != nil {
		return err
	}
	return v.page(chatsPage(list, nil))
}

func (c *Console) createChat(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	in := map[string]any{"title": v.text("title"), "groupType": "CHAT_GROUP", "isPrivate": v.form.Get("kind") == "secret", "byRequest": v.form.Get("kind") == "request"}
	members := []any{}
	for _, id := range v.form["members"] {
		members = append(members, map[string]any{"id": id})
	}
	in["members"] = members
	var made chat
	err := v.call(http.MethodPost, "/api/group-chats", in, &made)
	if err == nil {
		return v.to(at("chats", made.ID))
	}
	list, listErr := v.chats()
	if listErr != nil {
		return listErr
	}
	return v.formPage(err, func(p *problem) templ.Component { return chatsPage(list, p) })
}

// directChat opens the conversation with somebody.
func (c *Console) directChat(v *visit) error {
	var made chat
	if err := v.call(http.MethodPost, "/api/conversations", map[string]any{"userIds": []string{v.r.PathValue("id")}}, &made); err != nil {
		return err
	}
	return v.to(at("chats", made.ID))
}

// history is a page of messages, oldest first.
type history struct {
	Messages []message `json:"messages"`
	Meta     meta      `json:"meta"`

	chat chat
}

func (v *visit) history(id, cursor string) (h history, err error) {
	q := url.Values{"per_page": {"50"}}
	if cursor != "" {
		q.Set("cursor", cursor)
	}
	err = v.get(at("api", id, "messages"), q, &h)
	return h, err
}

func (c *Console) chat(v *visit) error {
	id := v.r.PathValue("id")
	var one chat
	if err := v.get(at("api", "group-chats", id), nil, &one); err != nil {
		return err
	}
	var h history
	if one.IsMember || !one.IsPrivate {
		var err error
		if h, err = v.history(id, v.query("cursor")); err != nil {
			return err
		}
	}
	h.chat = one
	if seen := v.query("seen"); v.isPart() && seen == h.seen() {
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	if v.isPart() {
		return v.page(chatFresh(h))
	}
	return v.page(chatPage(h))
}

// seen stands for what a history shows, so that a browser is not sent what it has.
func (h history) seen() string {
	sum := fnv.New64a()
	for _, m := range h.Messages {
		_, _ = fmt.Fprintln(sum, m.ID, m.Text, m.IsDeleted, len(m.Files.Files)) // never fails
	}
	_, _ = fmt.Fprintln(sum, h.chat.Unread)
	return strconv.FormatUint(sum.Sum64(), 36)
}

// newest is the id of the last message.
func (h history) newest() string {
	if len(h.Messages) == 0 {
		return ""
	}
	return h.Messages[len(h.Messages)-1].ID
}

// read tells that a conversation was read up to a message.
func (c *Console) read(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	if err := v.call(http.MethodPut, at("api", "conversations", id, "read"), map[string]any{"messageId": v.text("messageId")}, nil); err != nil {
		return err
	}
	if v.isPart() {
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return v.to(at("chats", id))
}

func (c *Console) sendMessage(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	if err := v.call(http.MethodPost, at("api", id, "messages"), map[string]any{"message": v.text("message")}, nil); err != nil {
		return err
	}
	return v.to(at("chats", id))
}

// membership joins a group chat, asks to, or leaves it.
func (c *Console) membership(v *visit) error {
	if err := v.read(); err != nil {
		return err
	}
	id := v.r.PathValue("id")
	if err := v.call(v.putOrDelete(), at("api", "group-chats", id, "membership"), nil, nil); err != nil {
		return err
	}
	if v.form.Get("remove") != "" {
		return v.done("/chats", "You have left the group.")
	}
	return v.to(at("chats", id))
}
