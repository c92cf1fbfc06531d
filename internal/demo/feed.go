package demo

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/message"
	"github.com/workdrive/workdrive/internal/module/post"
	"github.com/workdrive/workdrive/internal/module/social"
)

const (
	postCount = 200
	drafts    = 3 // further posts that are not published
)

// act is something that happens at a time.
type act struct {
	at time.Time
	do func(ctx context.Context) error
}

// history lets everything happen that people do of their own, one after another.
func (s *stage) history(ctx context.Context) error {
	acts := slices.Concat(s.posts(), s.news(), s.library(), s.work(), s.chats(), s.calendar())
	slices.SortStableFunc(acts, func(a, b act) int { return a.at.Compare(b.at) })
	for _, a := range acts {
		s.advance(a.at)
		if err := a.do(ctx); err != nil {
			return err
		}
	}
	return nil
}

// posts are those of the history, and at its end some drafts and a post for tomorrow.
func (s *stage) posts() (acts []act) {
	for _, at := range s.workingTimes(postCount) {
		acts = append(acts, act{at, func(ctx context.Context) error {
			author := s.anybody()
			d := s.post(author)
			made, err := s.app.Posts.Create(ctx, s.members[author].who, d)
			if err == nil && d.Permissions.Value.Public {
				s.published = append(s.published, published{"post", made.ID, author, at})
			}
			return err
		}})
	}
	for i := range drafts + 1 {
		acts = append(acts, act{s.now, func(ctx context.Context) error {
			d := s.post(0)
			d.Status = set("DRAFT")
			if i == drafts {
				d.Status, d.PublishAt = set("SCHEDULED"), set(api.Time(s.now.Add(24*time.Hour)))
			}
			_, err := s.app.Posts.Create(ctx, s.admin, d)
			return err
		}})
	}
	return acts
}

// workingTimes spreads n times over the working days of the history, between 7 and 17 o'clock.
func (s *stage) workingTimes(n int) []time.Time {
	var times []time.Time
	for len(times) < n {
		day := s.began.Add(time.Duration(1+s.random.IntN(days)) * 24 * time.Hour)
		at := day.Add(7*time.Hour + time.Duration(s.random.Int64N(int64(10*time.Hour))))
		if weekday := day.Weekday(); weekday != time.Saturday && weekday != time.Sunday && at.Before(s.now.Add(-time.Hour)) {
			times = append(times, at)
		}
	}
	slices.SortFunc(times, time.Time.Compare)
	return times
}

func (s *stage) post(author int) post.Draft {
	subject := 0
	if s.chance(70) {
		subject = departmentOf(author)
	}
	topic := topics[subject]
	s.told[subject]++ // in turn, so that nobody repeats somebody soon
	somebody := s.anybody()
	text := s.fill(topic.texts[s.told[subject]%len(topic.texts)], somebody)
	if s.chance(60) {
		text += " " + pick(s, closings)
	}
	d := post.Draft{Draft: message.Draft{PostText: set(text)}, Publication: content.Publication{Permissions: set(s.audience())}}
	if s.chance(50) {
		d.Tags = set(api.Strings{topic.tag})
	}
	if strings.Contains(text, s.members[somebody].first) {
		d.Mention = set(api.Strings{s.members[somebody].who.UserID})
	}
	if s.chance(8) {
		d.Links = set(api.Strings{fmt.Sprintf("https://maps.%s/sheet/%d", domain, 100+s.random.IntN(800))})
	}
	if s.chance(6) {
		d.Location = set(message.Location{TextAddress: pick(s, landmarks)})
	}
	return d
}

// fill replaces {person}, {place} and {n}.
func (s *stage) fill(text string, somebody int) string {
	return strings.NewReplacer("{person}", s.members[somebody].first, "{place}", pick(s, landmarks), "{n}", fmt.Sprint(2+s.random.IntN(40))).Replace(text)
}

// audience mixes who posts are for: most are for everybody.
func (s *stage) audience() audience.Permissions {
	switch n := s.random.IntN(100); {
	case n < 68:
		return audience.Permissions{Public: true}
	case n < 80:
		return audience.Permissions{Team: true}
	case n < 87:
		return audience.Permissions{Friends: true}
	case n < 93:
		return audience.Permissions{Locations: api.Strings{s.locations[pick(s, locationNames)]}}
	case n < 97:
		return audience.Permissions{Groups: api.Strings{s.groups[pick(s, groups).Name]}}
	}
	return audience.Permissions{OnlyMe: true}
}

// talk lets people answer the posts and news everybody may see: comments, reactions, bookmarks.
func (s *stage) talk(ctx context.Context) error {
	var remarks []act
	for _, p := range s.published {
		on := social.On(p.kind, p.id)
		soon := func() time.Time { return p.at.Add(time.Duration(s.random.Int64N(int64(20 * time.Hour)))) }
		for range max(0, s.random.IntN(6)-3) {
			who, d := s.members[s.anybody()].who, social.Draft{Text: s.fill(pick(s, answers), p.author)}
			remarks = append(remarks, act{soon(), func(ctx context.Context) error {
				_, err := s.app.Social.Comment(ctx, who, on, d)
				return err
			}})
		}
		for range s.random.IntN(7) {
			who, reaction := s.members[s.anybody()].who, pick(s, reactions)
			remarks = append(remarks, act{soon(), func(ctx context.Context) error {
				_, err := s.app.Social.React(ctx, who, on, reaction, true)
				return err
			}})
		}
		if s.chance(15) {
			who := s.members[s.anybody()].who
			remarks = append(remarks, act{soon(), func(ctx context.Context) error {
				_, err := s.app.Social.Bookmark(ctx, who, on)
				return err
			}})
		}
	}
	slices.SortStableFunc(remarks, func(a, b act) int { return a.at.Compare(b.at) })
	for chunk := range slices.Chunk(remarks, workers) {
		s.advance(chunk[0].at)
		if err := each(len(chunk), func(i int) error { return chunk[i].do(ctx) }); err != nil {
			return err
		}
	}
	return nil
}
