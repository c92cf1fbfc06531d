package app

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/bus"
	"github.com/workdrive/workdrive/internal/kernel/changes"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/db"
	"github.com/workdrive/workdrive/internal/kernel/egress"
	"github.com/workdrive/workdrive/internal/module/conversation"
	"github.com/workdrive/workdrive/internal/module/stream"
	"github.com/workdrive/workdrive/internal/module/webhook"
)

// The circles of kernel/changes.
const (
	inAudience     = "audience"     // whoever an audience admits; the id is its number
	inConversation = "conversation" // its members
	administering  = "conversation.admins"
)

// tellings says by whom each noun of events is seen. What is not here nobody is told. Messages are
// told to members, though everybody reads an open group chat: who wants to hear of it joins.
func tellings(contents *content.Content, audiences *audience.Audiences, conversations conversation.Seating) *changes.Changes {
	c := changes.New()
	c.Circle(inAudience, func(ctx context.Context, q db.Queryer, orgID string, ids, people []string) (map[string][]string, error) {
		return audiences.Admitted(ctx, q, orgID, ids, people)
	})
	c.Circle(inConversation, func(ctx context.Context, q db.Queryer, orgID string, ids, _ []string) (map[string][]string, error) {
		return conversations.Seats(ctx, q, orgID, ids)
	})
	c.Circle(administering, func(ctx context.Context, q db.Queryer, orgID string, ids, _ []string) (map[string][]string, error) {
		return conversations.AdminsOf(ctx, q, orgID, ids)
	})
	for _, k := range contents.Kinds() {
		c.Find(k.Name, func(ctx context.Context, q db.Queryer, orgID string, ids []string) (map[string]changes.Sight, error) {
			list, err := contents.Standings(ctx, q, orgID, k.Name, ids)
			sights := make(map[string]changes.Sight, len(list))
			for id, s := range list {
				sights[id] = standing(s.People, s.AudienceID)
			}
			return sights, err
		})
		c.Rule(k.Name, changes.Rule{Scope: k.Plural + ":read", Live: true, Logged: true, Tell: tellItem(k.Name)})
	}
	for noun, r := range map[string]changes.Rule{
		"comment":      {Scope: "comments:read", Live: true, Logged: true, Tell: tellOnItem},
		"reaction":     {Scope: "comments:read", Live: true, Logged: true, Tell: tellOnItem},
		"message":      {Scope: "messages:read", Live: true, Logged: true, Tell: tellMessage},
		"conversation": {Scope: "conversations:read", Live: true, Logged: true, Tell: tellConversation},
		"notification": {Scope: "notifications:read", Live: true, Tell: tellNotification},
		"presence":     {Scope: "users:read", Live: true, Tell: tellPresence},
		"typing":       {Scope: "messages:read", Live: true, Tell: func(bus.Logged, *changes.Change) changes.Sight { return changes.Sight{} }}, // never in the log
		"user":         {Scope: "users:read", Logged: true, Tell: tellDirectory},
		"department":   {Scope: "departments:read", Logged: true, Tell: tellDirectory},
		"location":     {Scope: "locations:read", Logged: true, Tell: tellDirectory},
		"category":     {Scope: "categories:read", Logged: true, Tell: tellDirectory},
		"organization": {Scope: "organizations:read", Logged: true, Tell: tellDirectory},
	} {
		c.Rule(noun, r)
	}
	return c
}

// telling makes what tells people and programs of what happens.
func (a *App) telling(ctx context.Context, m Modules, c *changes.Changes) (*stream.Service, *webhook.Service, error) {
	streams, err := stream.New(ctx, stream.Deps{
		DB: a.o.DB, Bus: a.bus, Clock: a.o.Clock, Log: a.o.Log, Changes: c,
		Keys: m.Tokens, Conversations: conversation.Seating{Service: m.Conversations}, Stopping: a.drain, Metrics: a.metrics,
	})
	if err != nil {
		return nil, nil, err
	}
	webhooks, err := webhook.New(ctx, webhook.Deps{
		DB: a.o.DB, Bus: a.bus, Jobs: a.jobs, Clock: a.o.Clock, Log: a.o.Log, Changes: c, Conversations: conversation.Seating{Service: m.Conversations},
		Client: egress.New(egress.Options{Version: a.o.Version, Allow: a.o.Server.EgressAllow, Ports: a.o.Server.EgressPorts, Timeout: webhookTimeout}),
		URL:    a.o.Server.Address(a.o.Server.Listen),
		Keys:   a.o.Keys,
	})
	return streams, webhooks, err
}

// webhookTimeout is how long a receiver may take to answer.
const webhookTimeout = 15 * time.Second

// read reads the data of an event. Of an event of another release a part may be missing.
func read[T any](e bus.Logged) (data T) {
	_ = json.Unmarshal(e.Data, &data) // then it is empty, and nobody is told more than that
	return data
}

func standing(people []string, audienceID int64) changes.Sight {
	s := changes.Sight{People: people}
	if audienceID > 0 {
		s.Circles = []changes.Object{{Kind: inAudience, ID: audience.ID(audienceID)}}
	}
	return s
}

// tellItem is for content. What is gone is told to whoever could see it, and nothing but its id.
func tellItem(kind string) func(bus.Logged, *changes.Change) changes.Sight {
	return func(e bus.Logged, c *changes.Change) changes.Sight {
		data := read[content.Told](e)
		switch verb := strings.TrimPrefix(e.Name, kind+"."); verb {
		case "deleted", "moderated":
			c.Type = kind + ".deleted"
			return standing([]string{data.AuthorID}, data.AudienceID)
		default:
			c.By, c.Status = data.ActorID, data.Status
			return changes.Sight{Object: changes.Object{Kind: kind, ID: e.Subject}}
		}
	}
}

func tellOnItem(e bus.Logged, c *changes.Change) changes.Sight {
	data := read[struct{ Kind, ItemID, ActorID, Reaction string }](e)
	c.Kind, c.ItemID, c.By, c.Reaction = data.Kind, data.ItemID, data.ActorID, data.Reaction
	return changes.Sight{Object: changes.Object{Kind: data.Kind, ID: data.ItemID}}
}

func seated(of string) changes.Sight {
	return changes.Sight{Circles: []changes.Object{{Kind: inConversation, ID: of}}}
}

func tellMessage(e bus.Logged, c *changes.Change) changes.Sight {
	data := read[struct {
		ConversationID, By string
		Seq                int64
	}](e)
	c.ConversationID, c.Seq, c.By = data.ConversationID, data.Seq, data.By
	return seated(data.ConversationID)
}

func tellConversation(e bus.Logged, c *changes.Change) changes.Sight {
	data := read[struct {
		By     string
		People []string
		Seq    int64
	}](e)
	c.ConversationID = e.Subject
	switch e.Name {
	case "conversation.deleted", "conversation.left":
		return changes.Sight{People: data.People}
	case "conversation.read": // how far others have read is theirs
		c.Seq, c.By = data.Seq, data.By
		return changes.Sight{People: []string{data.By}}
	case "conversation.requested":
		c.By = data.By
		return changes.Sight{Circles: []changes.Object{{Kind: administering, ID: e.Subject}}}
	}
	c.By = data.By
	return seated(e.Subject)
}

// tellNotification is for those whose inboxes have it.
func tellNotification(e bus.Logged, _ *changes.Change) changes.Sight {
	return changes.Sight{People: read[struct{ UserIDs []string }](e).UserIDs}
}

func tellPresence(e bus.Logged, c *changes.Change) changes.Sight {
	c.Online = read[struct{ Online *bool }](e).Online
	return changes.Sight{Everybody: true}
}

// tellDirectory is for what everybody of the organization may know of.
func tellDirectory(e bus.Logged, c *changes.Change) changes.Sight {
	if slices.Contains([]string{"user.followed", "user.unfollowed"}, e.Name) {
		return changes.Sight{}
	}
	c.By = read[struct{ By string }](e).By
	return changes.Sight{Everybody: true}
}
