package demo

import (
	"context"
	"fmt"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/audience"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/knowledge"
	"github.com/workdrive/workdrive/internal/kernel/message"
	"github.com/workdrive/workdrive/internal/module/document"
	"github.com/workdrive/workdrive/internal/module/faq"
	"github.com/workdrive/workdrive/internal/module/news"
)

// everybody is who most of it is for.
func everybody() content.Publication {
	return content.Publication{Permissions: set(audience.Permissions{Public: true})}
}

// news are published by the leads. Some ask to be acknowledged, which two thirds have done.
func (s *stage) news() (acts []act) {
	for i, at := range s.workingTimes(len(newsItems)) {
		n := newsItems[i]
		acts = append(acts, act{at, func(ctx context.Context) error {
			author := i % (leads + 1)
			made, err := s.app.News.Create(ctx, s.members[author].who, news.Change(s.members[author].who, news.Draft{
				Draft: message.Draft{PostText: set(s.fill(n.text, s.anybody()))}, Publication: everybody(),
				NewsTitle: set(n.title), Category: set(n.category), Acknowledge: set(n.acknowledge),
			}))
			if err != nil {
				return err
			}
			id := made.Items[0].ID
			s.published = append(s.published, published{"news", id, author, at})
			for _, m := range s.members {
				if n.acknowledge && s.chance(66) {
					if _, _, err := s.app.Acknowledgements.Acknowledge(ctx, m.who, "news", id); err != nil {
						return err
					}
				}
			}
			return nil
		}})
	}
	return acts
}

// library is documents and FAQs, which were there early on.
func (s *stage) library() (acts []act) {
	publish := true
	for i, d := range documents {
		acts = append(acts, act{s.early(i), func(ctx context.Context) error {
			owner := s.members[1+i%leads].who
			_, err := s.app.Documents.Create(ctx, owner, s.app.Documents.Change(owner, document.Draft{
				Draft: knowledge.Draft{
					Fields:      knowledge.Fields{Name: set(d.name), Category: set(d.category), Tags: set(api.Strings{d.tag})},
					Publication: everybody(),
				},
				DocURL: set(fmt.Sprintf("https://library.%s/%s", domain, d.file)),
			}, &publish, true))
			return err
		}})
	}
	for i, f := range faqs {
		acts = append(acts, act{s.early(i), func(ctx context.Context) error {
			draft := faq.Draft{Draft: knowledge.Draft{Fields: knowledge.Fields{Name: set(f.name), Category: set(f.category)}, Publication: everybody()}}
			for _, qa := range f.answers {
				draft.New = append(draft.New, faq.Words{Question: set(qa[0]), Answer: set(qa[1])})
			}
			_, err := s.app.Faqs.Create(ctx, s.members[1+i%leads].who, draft, &publish)
			return err
		}})
	}
	return acts
}

// early is a time in the first days of the history.
func (s *stage) early(i int) time.Time {
	return s.began.Add(24*time.Hour + time.Duration(i)*37*time.Minute)
}

var newsItems = []struct {
	title, text, category string
	acknowledge           bool
}{
	{"Welcome to our new workplace", "From today on, this is where we talk, plan and keep what we know. The old wiki stays readable until the end of the year; nothing new goes there.", "Company", false},
	{"Working at heights: the rules have changed", "Nobody climbs alone any more, whatever the height. Harnesses are checked by a second person and the check is written down. Please read the instruction in the library and confirm here that you know it.", "Company", true},
	{"The harbour series goes to print", "After fourteen months the eleven sheets of the harbour series are with the printer. The first copies arrive in three weeks; {n} customers have ordered already.", "Customers", false},
	{"Our figures for the third quarter", "Orders are up by eleven percent, mostly from municipalities. We spent more on boats than planned and less on paper. The next survey season is fully booked.", "Company", false},
	{"A new office in Valparaíso", "The rooms on Cerro Alegre are ours from the first of the month. Six of us move in; visitors are welcome and should bring sensible shoes.", "Company", false},
	{"How we handle customers' data", "Survey data belongs to whoever ordered it. It stays on our machines, is shared by link with an end date, and is deleted two years after delivery. Please confirm that you have read the full text in the library.", "Company", true},
	{"The coastguard extends its contract", "For four more years we chart {place} and everything south of it. Thank you to everybody who answered their questions at impossible hours.", "Customers", false},
	{"Parental leave is now twenty weeks", "For every parent, in every office, from the first of next month. The People team has a page of answers.", "Company", false},
	{"Map of the year", "You voted: the winner is the winter edition of the hiking map, with {n} votes. It hangs in the stairwell in Bergen.", "Company", false},
	{"Maintenance on Saturday", "The plot server is replaced on Saturday between 8 and 14 o'clock UTC. Jobs that run then have to be started again.", "Company", false},
}

var documents = []struct{ name, category, tag, file string }{
	{"Style guide for topographic maps", "Style guides", "#maps", "style-guide-topographic.pdf"},
	{"Lettering and place names", "Style guides", "#maps", "lettering.pdf"},
	{"Colours for print and screen", "Style guides", "#maps", "colours.pdf"},
	{"Working at heights", "Safety", "#safety", "working-at-heights.pdf"},
	{"Boats: before you cast off", "Safety", "#safety", "boats.pdf"},
	{"Customers' data: what we keep and for how long", "Safety", "#privacy", "customer-data.pdf"},
	{"Travel and expenses", "Safety", "#people", "travel.pdf"},
}

var faqs = []struct {
	name, category string
	answers        [][2]string
}{
	{"Equipment and software", "Equipment", [][2]string{
		{"How do I borrow a GNSS receiver?", "Sign for it in the equipment room in Bergen or ask Field Survey. Two days at a time; longer with your lead's consent."},
		{"My plotter prints stripes. What now?", "Clean the heads from the menu, once. If the stripes stay, leave it alone and tell Engineering in the group chat Help with plotters."},
		{"Which projection do I use for the north?", "EPSG:3035 for anything that compares areas, the national grid for anything that leaves the house."},
		{"Where are the drone batteries charged?", "Only in the steel cabinet, never at a desk and never over night."},
	}},
	{"Working here", "Working here", [][2]string{
		{"How many days of leave do I have?", "Thirty, and the days between the years. Enter them before you book flights."},
		{"How do I hand in expenses?", "Photograph the receipt, fill in the form by the fifth of the following month. Finance pays with the next salary."},
		{"Can I work from abroad?", "Up to twenty days a year within the EEA. Ask the People team two weeks ahead, because of insurance."},
		{"Whom do I tell when I am ill?", "Your lead, before ten. From the fourth day on we need a note."},
	}},
	{"Customers and licences", "Working here", [][2]string{
		{"May a customer print our maps themselves?", "Within their organization, yes. For anything that is sold, Sales makes an offer."},
		{"What may I show at a fair?", "Anything that is published. Surveys in progress belong to whoever ordered them."},
	}},
}
