package faq

import (
	"fmt"
	"slices"
	"strings"

	"github.com/workdrive/workdrive/internal/kernel/api"
	"github.com/workdrive/workdrive/internal/kernel/content"
	"github.com/workdrive/workdrive/internal/kernel/fault"
	"github.com/workdrive/workdrive/internal/kernel/ids"
	"github.com/workdrive/workdrive/internal/kernel/knowledge"
	"github.com/workdrive/workdrive/internal/kernel/message"
)

// Kind is what kernel/content needs to know of FAQs.
var Kind = content.Kind{
	Name: "faq", Plural: "faqs", Noun: "an FAQ", Table: "faqs", ModuleCode: 4, Owned: true, Categorized: true,
	Alias: `SELECT faq_id FROM faq_questions WHERE org_id = ? AND id = ?`,
}

// Limits, in questions and characters.
const (
	maxQuestions   = 200
	maxQuestion    = 1_000
	maxAnswer      = 20_000
	maxDescription = 5_000
)

// Body is what is stored of an FAQ beside its columns and questions.
type Body struct {
	knowledge.Body
}

// Refs implements content.Body.
func (b *Body) Refs() content.Refs { return content.Refs{} }

// Question is a question with its answer.
type Question struct {
	ID, FaqID                     string
	Place                         int64
	Question, Answer, Description string
}

// Words are what a client sends of a question; of one that is there, absent fields are left
// alone.
type Words struct {
	Question    api.Patch[string] `json:"question,omitempty" maxLength:"1000" doc:"The question"`
	Answer      api.Patch[string] `json:"answer,omitempty" maxLength:"20000" doc:"The answer"`
	Description api.Patch[string] `json:"description,omitempty" maxLength:"5000" doc:"More detail"`
}

// QA is a question that may be there already.
type QA struct {
	ID string `json:"id,omitempty" doc:"Id of the question, to change it"`
	Words
}

// Draft is what a client sends to make or change an FAQ; absent fields are left alone.
type Draft struct {
	knowledge.Draft
	QAs     []QA        `json:"qas,omitempty" nullable:"true" maxItems:"200" doc:"Questions: those with an id are changed, the others added"`
	Updated []QA        `json:"updatedQAs,omitempty" nullable:"true" maxItems:"200" doc:"Questions to change"`
	New     []Words     `json:"newQas,omitempty" nullable:"true" maxItems:"200" doc:"Questions to add"`
	Remove  api.Strings `json:"removeQuestionIds,omitempty" maxItems:"200" doc:"Ids of questions to remove"`
}

// questions reports that a draft changes any.
func (d Draft) questions() bool {
	return len(d.QAs)+len(d.Updated)+len(d.New)+len(d.Remove) > 0
}

// plan is what becomes of the questions of an FAQ.
type plan struct {
	changed, added []Question
	removed        []string
}

// plan works out what a draft does to questions, and reports what is wrong with it.
func (d Draft) plan(before []Question, bad *fault.Fields) plan {
	var p plan
	var changed []string
	known := map[string]Question{}
	last := int64(-1)
	for _, q := range before {
		known[q.ID], last = q, max(last, q.Place)
	}
	for _, id := range d.Remove {
		delete(known, id)
	}
	p.removed = d.Remove
	add := func(w Words, at string) {
		last++
		q := Question{ID: ids.New(), Place: last}
		w.apply(&q, at, bad)
		p.added = append(p.added, q)
	}
	change := func(sent QA, at string) {
		q, there := known[sent.ID]
		if !there {
			bad.Add(at+"/id", "faq.questionUnknown", "This is not the id of a question of this FAQ.")
			return
		}
		sent.apply(&q, at, bad)
		if known[q.ID] = q; !slices.Contains(changed, q.ID) { // one may be named twice
			changed = append(changed, q.ID)
		}
	}
	for i, sent := range d.QAs {
		if at := fmt.Sprintf("/qas/%d", i); sent.ID == "" {
			add(sent.Words, at)
		} else {
			change(sent, at)
		}
	}
	for i, sent := range d.Updated {
		change(sent, fmt.Sprintf("/updatedQAs/%d", i))
	}
	for i, sent := range d.New {
		add(sent, fmt.Sprintf("/newQas/%d", i))
	}
	for _, id := range changed {
		p.changed = append(p.changed, known[id])
	}
	switch n := len(known) + len(p.added); {
	case n == 0 && len(bad.List()) == 0:
		bad.Add("/qas", "faq.empty", "An FAQ needs a question. Delete the FAQ to remove the last one.")
	case n > maxQuestions:
		bad.Addf("/qas", "field.tooMany", "An FAQ has at most %d questions.", maxQuestions)
	}
	return p
}

func (sent Words) apply(q *Question, at string, bad *fault.Fields) {
	message.Set(sent.Question, &q.Question)
	message.Set(sent.Answer, &q.Answer)
	message.Set(sent.Description, &q.Description)
	if strings.TrimSpace(q.Question) == "" {
		bad.Add(at+"/question", "field.required", "A question is missing.")
	}
	if strings.TrimSpace(q.Answer) == "" {
		bad.Add(at+"/answer", "field.required", "A question needs an answer.")
	}
	message.TooLong(at+"/question", "question", q.Question, maxQuestion, bad)
	message.TooLong(at+"/answer", "answer", q.Answer, maxAnswer, bad)
	message.TooLong(at+"/description", "description", q.Description, maxDescription, bad)
}
