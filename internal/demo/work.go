package demo

import (
	"context"
	"time"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/module/conversation"
	"github.com/workdrive/workdrive/internal/module/course"
	"github.com/workdrive/workdrive/internal/module/task"
)

// newcomers take the course; they are the last in the reporting tree.
const newcomers = 8

// work is a course for newcomers, who are at different points of it, and some tasks.
func (s *stage) work() []act {
	people := s.members[len(s.members)-newcomers:]
	lead := s.members[leads-1].who // People
	var tasks []string
	give := func(ctx context.Context) error {
		c, err := s.app.Courses.Create(ctx, lead, course.Draft{
			Title: set("First weeks at Lumen"), Description: set("Where things are, how we stay safe, and who we are."),
			Sequential: set(true), DueDays: set(int64(30)), Status: set("publish"),
		})
		if err != nil {
			return err
		}
		for _, t := range lessons {
			made, err := s.app.Tasks.Create(ctx, lead, task.NewTask{
				Draft:    task.Draft{Title: set(t.title), Kind: set("Article"), Content: set(t.text), Time: set(t.minutes)},
				CourseID: c.ID,
			})
			if err != nil {
				return err
			}
			tasks = append(tasks, made.ID)
		}
		_, err = s.app.Courses.Assign(ctx, lead, c.ID, "", course.People{UserIDs: idsOf(people)})
		return err
	}
	take := func(ctx context.Context) error {
		for i, m := range people {
			for n, id := range tasks {
				if n < i%(len(tasks)+1) {
					if _, err := s.app.Tasks.Complete(ctx, m.who, id); err != nil {
						return err
					}
				}
			}
		}
		return nil
	}
	acts := []act{{s.now.Add(-20 * 24 * time.Hour), give}, {s.now.Add(-9 * 24 * time.Hour), take}}
	for i, t := range chores {
		acts = append(acts, act{s.now.Add(-time.Duration(6-i) * 24 * time.Hour), func(ctx context.Context) error {
			to := s.members[i*5 : i*5+12]
			made, err := s.app.Tasks.Create(ctx, s.members[i].who, task.NewTask{
				Draft:   task.Draft{Title: set(t.title), Kind: set("Article"), Content: set(t.text), Time: set(t.minutes), DueDays: set(int64(14))},
				UserIDs: idsOf(to),
			})
			for n, m := range to {
				if err == nil && n%3 == 1 {
					_, err = s.app.Tasks.Complete(ctx, m.who, made.ID)
				}
			}
			return err
		}})
	}
	return acts
}

// chats are group chats of all kinds, in which something was said every other day.
func (s *stage) chats() (acts []act) {
	for i, c := range chats {
		var id string
		var in []member
		acts = append(acts, act{s.early(i), func(ctx context.Context) error {
			in = s.crew(c.department)
			d := conversation.Draft{GroupType: c.kind, Title: c.title, Description: c.about, IsPrivate: c.private, ByRequest: c.request}
			for _, m := range in[1:] {
				d.Members = append(d.Members, conversation.Member{ID: m.who.UserID})
			}
			made, err := s.app.Conversations.Create(ctx, in[0].who, d)
			id = made.ID
			return err
		}})
		for n, at := range s.workingTimes(len(c.lines)) {
			acts = append(acts, act{at, func(ctx context.Context) error {
				who := in[0]
				if c.kind != "ROOM" { // where only admins write
					who = pick(s, in)
				}
				_, err := s.app.Conversations.Send(ctx, who.who, id, conversation.Note{Message: set(s.fill(c.lines[n], s.anybody()))})
				return err
			}})
		}
	}
	return acts
}

// crew are the people of a department, its lead first; 0 is everybody, the administrator first.
func (s *stage) crew(department int) (list []member) {
	for i, m := range s.members {
		if department == 0 || departmentOf(i) == department {
			list = append(list, m)
		}
	}
	return list
}

func idsOf(list []member) (ids api.Strings) {
	for _, m := range list {
		ids = append(ids, m.who.UserID)
	}
	return ids
}

type text struct {
	title, text string
	minutes     int64
}

var lessons = []text{
	{"Find your way around", "The library has what we know, the group chats have what we talk about, and your lead has the rest. Put a picture on your profile so that people recognize you.", 20},
	{"Staying safe", "Nobody climbs, dives or flies alone. Read Working at heights and Boats: before you cast off in the library, and ask whatever is not clear.", 40},
	{"Customers' data", "It belongs to whoever ordered it. Share by link, with an end date. When in doubt, do not, and ask.", 25},
	{"Meet three people", "Have a coffee with somebody of another department, three times. Write down what they wish you knew.", 90},
}

var chores = []text{
	{"Check your emergency contact", "Please look whether the number we would call is still right.", 5},
	{"Back up your field notebooks", "Scan what is not scanned yet, before the season begins.", 60},
	{"Tell us your shirt size", "For the fair. Answer in the group chat or to your lead.", 2},
}

var chats = []struct {
	department         int
	kind, title, about string
	private, request   bool
	lines              []string
}{
	{0, "ROOM", "Announcements", "What everybody should know. Only administrators write here.", false, false, []string{
		"The office in Bergen is closed on Friday afternoon.", "New badges are at the reception.", "Lunch talk on Thursday, as always.",
	}},
	{1, "CHAT_GROUP", "Field radio", "Who is where, and what the weather does there.", false, false, []string{
		"Arrived at {place}, ten knots from the west.", "Can somebody bring the long tripod?", "We have it in van two.", "Control points done, {n} of them.",
		"Who drives back tonight?", "I do, two seats free.", "Fog at {place}, we wait.", "Cleared up. Flying now.", "Batteries at forty percent, landing.", "Good flight, thank you {person}.",
	}},
	{2, "CHAT_GROUP", "Place names", "Spellings, sources, disputes.", true, true, []string{
		"The municipality says one word.", "The 1911 sheet says two.", "Then it is one word with a note.", "Does anybody read old Portuguese?", "{person} does.", "Settled: the river keeps its article.",
	}},
	{3, "CHAT_GROUP", "Help with plotters", "They are machines, and they know it.", false, true, []string{
		"Plotter two prints stripes again.", "Have you cleaned the heads?", "Twice.", "Then leave it alone, I am coming.", "It was a paper clip.", "It is always a paper clip.", "Tiles are rebuilt, {n} minutes this time.",
	}},
	{6, "CHAT_GROUP", "Month end", "Finance alone.", true, false, []string{
		"Who has the boat invoices?", "In the tray marked boats.", "There are {n} of them.", "Closed. Go home, everybody.",
	}},
}
